"""The same without pytest's fixture: a gateway while a block runs."""

from pathlib import Path

import httpx
import pytest

from llmgate.testing import Missing, recorded_gateway
from tests.testing.test_plugin import tape

BODY = {"model": "gpt-test", "messages": [{"role": "user", "content": "say hi"}]}


def test_a_block_has_a_gateway_and_says_at_its_end_what_was_missing(tmp_path: Path) -> None:
    tape(tmp_path, "a", "say hi", "hello")
    with pytest.raises(Missing, match="no recording in") as caught:  # noqa: PT012 - its end
        with recorded_gateway(tmp_path) as gateway:
            url = f"{gateway.openai_base_url}/chat/completions"
            there = httpx.post(url, json=BODY, trust_env=False)
            httpx.post(url, json=BODY | {"n": 2}, trust_env=False)
            address = gateway.url

    assert there.status_code == 200
    assert "n: asked 2, recorded nothing" in str(caught.value)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_folder_that_is_not_there_answers_nothing(tmp_path: Path) -> None:
    with recorded_gateway(tmp_path / "none") as gateway:
        assert gateway.requests == []
        assert gateway.unused() == []
