"""How much of a coding session's bytes the store keeps on disk, and how soon a body is read.

The session is made up: every request repeats the one before it and adds an answer and a tool's
result of made-up words, and the marks of the prompt cache move along to the last messages.
"""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from llmgate.bench.report import Row, figure
from llmgate.exchange import Exchange
from llmgate.store.writer import Store

TURNS = 200
_WORDS_A_TURN = 400
_LETTERS = "etaoinshrdlucmfwypvbgk"
_MARK = {"cache_control": {"type": "ephemeral"}}


class Found(msgspec.Struct, frozen=True):
    """What came of it."""

    raw_bytes: int
    disk_bytes: int
    slowest_ms: float
    exact: bool


def measure_session(row: Row, turns: int = TURNS) -> Row:
    """The row with the share of the raw bytes; every body must come back as it was."""
    with tempfile.TemporaryDirectory(prefix="llmgate-bench-") as folder:
        found = asyncio.run(_measure(Path(folder) / "exchanges.sqlite", turns))
    return figure(
        row,
        100 * found.disk_bytes / found.raw_bytes,
        also=found.exact and found.slowest_ms < 50,
        raw_mb=found.raw_bytes / 1e6,
        disk_mb=found.disk_bytes / 1e6,
        slowest_read_ms=found.slowest_ms,
        note="" if found.exact else "a body did not come back as it was",
    )


async def _measure(path: Path, turns: int) -> Found:
    bodies = list(_session(turns))
    store = await Store.open(path, keep_days=0, keep_mb=0)
    for number, (request, answer) in enumerate(bodies):
        store.ended(_exchange(number, request, answer))
        await store.flush()
    await store.close()
    disk = sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    store = await Store.open(path, keep_days=0, keep_mb=0)
    slowest, exact = 0.0, True
    for number, (request, _) in enumerate(bodies):
        began = time.perf_counter()
        exact = await store.queries.body(f"turn-{number:04}", "request") == request and exact
        slowest = max(slowest, (time.perf_counter() - began) * 1000)
    await store.close()
    raw = sum(len(request) + len(answer) for request, answer in bodies)
    return Found(raw, disk, slowest, exact)


def _exchange(number: int, request: bytes, answer: bytes) -> Exchange:
    one = Exchange(
        id=f"turn-{number:04}",
        started_ms=1_800_000_000_000 + number,
        started_ns=0,
        method="POST",
        path="/v1/messages",
        query="",
        protocol="anthropic.messages",
    )
    one.request_body, one.state, one.status, one.done_us = request, "finished", 200, 1000
    one.chunk(answer, 500)
    return one


def _session(turns: int) -> Iterator[tuple[bytes, bytes]]:
    draw = random.Random(4)  # noqa: S311 - the same words every time
    tools = [{"name": _word(draw), "description": _text(draw, 200)} for _ in range(18)]
    system = [{"type": "text", "text": _text(draw, 900), **_MARK}]
    history: list[dict[str, Any]] = [_said("user", {"type": "text", "text": _text(draw, 60)})]
    for _ in range(turns):
        last = history[-1]["content"][0]
        messages = [*history[:-1], _said("user", last | _MARK)]
        body = {"model": "bench", "system": system, "tools": tools, "messages": messages}
        answer = {"type": "text", "text": _text(draw, 40)}
        yield json.dumps(body).encode(), b"data: %b\n\n" % json.dumps(answer).encode()
        result = {"type": "tool_result", "tool_use_id": _text(draw, 3).replace(" ", "")}
        history += [
            _said("assistant", answer),
            _said("user", result | {"content": _text(draw, draw.randint(1, 2 * _WORDS_A_TURN))}),
        ]


def _said(role: str, block: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": [block]}


def _text(draw: random.Random, words: int) -> str:
    return " ".join(_word(draw) for _ in range(words))


def _word(draw: random.Random) -> str:
    return "".join(draw.choices(_LETTERS, k=draw.randint(2, 9)))
