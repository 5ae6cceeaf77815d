"""Why no recording answers is told without secrets, also without the half of one."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.configs import CHAT
from tests.recording.test_sound import recording
from tests.support.inside import inside

OWN = "PrOvIdErKeY0123456789abcdefghijklmnop"
SHAPED = "sk-ant-api03-Qm7xR2vT9kLpW4sZ8nB3Qm7xR2vT9kLpW4sZ8nB3"


def asked(text: str) -> dict[str, Any]:
    return {**CHAT, "messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize("secret", [OWN, SHAPED])
@pytest.mark.parametrize("before", [0, 20, 40, 60, 64])
async def test_a_miss_is_explained_without_the_secrets_of_the_request(
    tmp_path: Path, secret: str, before: int
) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    there = recording(body__json=asked("y" * before + f" {secret}"))
    (folder / "a.llmrec.jsonl").write_bytes(there)
    config = (
        f"providers:\n  tape: {{kind: recording, recordings: {folder}, mode: none}}\n"
        f"  up: {{kind: openai, base_url: http://127.0.0.1:9/v1, headers: {{x-a: {OWN}}}}}\n"
    )
    said = "x" * before + "-" + secret
    body = asked(said) | {"model": "tape/gpt-test", "stop": f"-{secret}", secret: 1}
    async with inside(config, tmp_path) as gateway, httpx.AsyncClient() as client:
        answer = await client.post(f"{gateway.url}/v1/chat/completions", json=body)
        row = await gateway.admin.get("/admin/v1/exchanges")
    log = (tmp_path / "llmgate.log").read_text()

    assert answer.status_code == 404
    assert "differs" in answer.json()["error"]["message"]
    for text in (answer.text, row.text, log):
        assert secret[:12] not in text.replace("{{key:anthropic}}", "")
