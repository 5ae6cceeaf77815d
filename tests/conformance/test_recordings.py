"""Every capture becomes a recording and is served from it: the same bytes, the same chunks.

All of them go through one gateway: from a provider that answers with the captured bytes in odd
pieces into the store, out of it as a file, and from that file to a caller again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from llmgate.recording.checking import check
from llmgate.recording.derive import derived_of
from llmgate.recording.format import Recording, read
from llmgate.recording.rules import Rules
from tests.conformance.captures import Capture, captures, needs_captures
from tests.recording.exchanging import PATHS, Stage, answer, pieces, stage
from tests.support.answers import Answer
from tests.support.upstream import Request

T = TypeVar("T")

pytestmark = needs_captures

CAPTURES = list(captures())
SIZES = ((61, 7, 300, 1), (1000, 13), (4096,), (3,))


def cut(number: int) -> list[bytes]:
    """The answer of a capture in pieces, many of them cut inside an event or a character."""
    body = CAPTURES[number].body
    return pieces(body, SIZES[number % len(SIZES)] if len(body) < 20_000 else (997, 64, 5000))


def question(number: int) -> bytes:
    """A request that no other capture has."""
    capture = CAPTURES[number]
    text = f"capture {number}: {capture.file}"
    asked: dict[str, object] = {"model": "m", "stream": capture.stream}
    if capture.protocol == "openai.responses":
        asked["input"] = text
    elif capture.protocol == "openai.completions":
        asked["prompt"] = text
    else:
        asked |= {"max_tokens": 100, "messages": [{"role": "user", "content": text}]}
    return json.dumps(asked).encode()


def script(request: Request) -> Answer:
    """Answers with the capture that the request names."""
    number = int(request.raw_body.split(b"capture ")[1].split(b":")[0])
    capture = CAPTURES[number]
    return answer(cut(number), events=capture.stream, status=capture.status)


async def travel(scene: Stage, number: int) -> tuple[bytes, bytes]:
    """Asks, exports, and gives the file and what the caller saw."""
    capture = CAPTURES[number]
    exchange, seen = await scene.ask("live", PATHS[capture.protocol], question(number))
    return await scene.export(exchange), seen


def what(capture: Capture, wrong: str) -> str:
    return f"{capture.file}: {wrong}"


def faults(
    capture: Capture, first: bytes, again: Recording, seen: bytes, later: bytes
) -> list[str]:
    """What differs between the recording, its serving, and the capture."""
    recording = read(first)
    derived = derived_of(recording)
    checks = {
        "the caller saw other bytes than were captured": seen[: len(capture.body)] == capture.body,
        "the caller saw more than was captured": recording.how == "reset" or later == capture.body,
        "the recording holds other bytes": b"".join(recording.chunks) == capture.body,
        "served, the caller saw other bytes": later == seen,
        "served, the chunks were cut elsewhere": again.chunks == recording.chunks,
        "the text differs": again.text == recording.text == derived.text,
        "the tool calls differ": again.tool_calls == recording.tool_calls,
        "the usage differs": again.usage == recording.usage == derived.usage,
        "the finish differs": again.finish == recording.finish,
        "it ended otherwise": (again.how, again.status) == (recording.how, recording.status),
        "the error differs": again.error == recording.error,
        "the request differs": (again.id, again.body) == (recording.id, recording.body),
    }
    found = [what(capture, wrong) for wrong, right in checks.items() if not right]
    return found + [str(it) for it in check(first, capture.file, Rules()) if it.level == "error"]


@pytest.mark.timeout(240)
async def test_every_capture_is_recorded_and_served_byte_for_byte(tmp_path: Path) -> None:
    numbers = range(len(CAPTURES))
    async with stage(tmp_path / "first", script) as scene:
        firsts = await in_groups(numbers, lambda number: travel(scene, number))

    files = [data for data, _ in firsts]
    async with stage(tmp_path / "second", script, files=files) as scene:

        async def served(number: int) -> tuple[Recording, bytes]:
            capture = CAPTURES[number]
            exchange, seen = await scene.ask("kept", PATHS[capture.protocol], question(number))
            return await scene.recording(exchange), seen

        seconds = await in_groups(numbers, served)

    wrong = [
        fault
        for capture, (data, seen), (again, later) in zip(CAPTURES, firsts, seconds, strict=True)
        for fault in faults(capture, data, again, seen, later)
    ]
    assert wrong == []
    assert len(firsts) > 100


async def in_groups(numbers: range, work: Callable[[int], Awaitable[T]]) -> list[T]:
    """The results of some work, eight pieces of it at a time."""
    done: list[T] = []
    for start in range(0, len(numbers), 8):
        group = numbers[start : start + 8]
        done += await asyncio.gather(*map(work, group))
    return done


def test_every_capture_has_a_request_of_its_own() -> None:
    assert len({question(number) for number in range(len(CAPTURES))}) == len(CAPTURES)
    assert {capture.protocol for capture in CAPTURES} <= PATHS.keys()
    assert msgspec.json.decode(question(0))
