"""What the control API reads is bounded: sizes, depths, counts, odd bytes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.configs import openai
from tests.support.inside import Inside, inside

ANY = {"if-match": "*", "content-type": "application/json"}
DEEP = b'{"edits":[{"op":"set","path":["log"],"value":' + b"[" * 90_000 + b"]" * 90_000 + b"}]}"
MANY = json.dumps({"edits": [{"op": "remove", "path": ["log"]}] * 501}).encode()
PATH = json.dumps({"edits": [{"op": "remove", "path": ["x"] * 100_000}]}).encode()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(openai("http://127.0.0.1:9"), tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("PATCH", "config", b"x" * 2_600_000, 413, ""),
        ("POST", "config/validate", b"x" * 2_600_000, 413, ""),
        ("PUT", "providers/up", b"x" * 1_100_000, 413, ""),
        ("POST", "routes/explain", b"x" * 1_100_000, 413, ""),
        ("PATCH", "config", DEEP, 400, "nested too deep"),
        ("PATCH", "providers/up", b'{"a":' * 90_000, 400, ""),
        ("PATCH", "providers/up", b'{"a":' * 400 + b"1" + b"}" * 400, 422, ""),
        ("POST", "config/validate", MANY, 400, "up to 500 edits"),
        ("POST", "config/validate", PATH, 200, '"ok":false'),
        ("PATCH", "config", b"", 400, ""),
        ("PATCH", "config", b"\xff\xfe", 400, ""),
        ("PATCH", "config", b'{"text": "\xff"}', 400, ""),
        ("PATCH", "config", b'{"text": "\\ud800"}', 400, ""),
        ("PATCH", "config", b'{"edits": [{"op": "explode", "path": []}]}', 400, "op"),
        ("PATCH", "config", b'{"edits": 5}', 400, "edits"),
        ("PATCH", "config", b"[]", 400, ""),
        ("POST", "config/validate", b'{"text": "a\\u0000b"}', 200, "control characters"),
        ("POST", "routes/explain", b'{"model": "' + b"x" * 500_000 + b'"}', 200, "up to 512"),
        ("POST", "keys", b'{"name": "\\u001b[31m", "settings": {}}', 422, ""),
        ("PUT", "providers/up", b'{"kind": 1e999}', 400, "out of range"),
    ],
)
async def test_a_body_that_is_no_edit_is_refused_in_few_words(
    gateway: Inside, method: str, path: str, body: bytes, status: int, words: str
) -> None:
    answer = await gateway.admin.request(method, f"/admin/v1/{path}", content=body, headers=ANY)

    assert answer.status_code == status, answer.text[:500]
    assert words in answer.text
    assert len(answer.text) < 20_000
    assert "\x1b" not in answer.text
