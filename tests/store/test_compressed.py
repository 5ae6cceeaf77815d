"""What a provider compressed is kept unless a secret of ours is in it, or cannot be looked for."""

import gzip
from pathlib import Path

import pytest

from llmgate.config.credentials import Scrubber
from llmgate.store.writer import Store
from tests.store.making import begin, finish

SECRET = "a-configured-secret"


@pytest.mark.parametrize(
    ("encoding", "answer", "kept"),
    [
        ("gzip", gzip.compress(b'{"x": "nothing"}', mtime=0), True),
        ("gzip", gzip.compress(f'{{"x": "{SECRET}"}}'.encode(), mtime=0), False),
        ("gzip", b"no gzip at all", False),
        ("br", b"\x0b\x02\x80", False),
        ("identity", b'{"x": "nothing"}', True),
    ],
)
async def test_a_compressed_answer_that_hides_a_secret_is_not_kept(
    tmp_path: Path, encoding: str, answer: bytes, kept: bool
) -> None:
    store = await Store.open(tmp_path / "it.sqlite", scrubber=Scrubber([("openai", SECRET)]))
    one = finish(begin(1), answer[:9], answer[9:])
    one.received_headers = [("content-encoding", encoding)]
    store.begun(one)
    store.ended(one)
    await store.flush()

    detail = await store.queries.detail(one.id)
    assert detail is not None
    assert await store.queries.body(one.id, "answer") == (answer if kept else None)
    assert detail.response_kept is kept
    assert any("not kept" in hint for hint in detail.hints) is not kept
    await store.close()
