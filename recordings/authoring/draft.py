"""A recording in the making: the dice, the clock and the framing that all protocols share.

Everything is drawn from a dice seeded with the file name, so the same source makes the same files.
"""

import json
import random
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llmgate.recording.derive import derive
from llmgate.recording.format import Recording
from llmgate.recording.lines import Counts, How, ToolCall
from llmgate.wire.exchanges import Protocol

Json = dict[str, object]

NOTE = (
    "Written by hand for llmgate. It shows no real person's traffic and no real provider's answer."
)
CREATED = 1_768_208_400  # 2026-01-12, a Monday morning
T0 = "2026-01-12T09:00:00.000Z"
SSE = ("content-type", "text/event-stream; charset=utf-8")
JSON = ("content-type", "application/json")


class Dice:
    """The chance of one recording."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same files every time

    def word(self, length: int, letters: str = string.ascii_letters + string.digits) -> str:
        """Draws an identifier."""
        return "".join(self._random.choice(letters) for _ in range(length))

    def hex(self, length: int) -> str:
        """Draws hexadecimal digits."""
        return self.word(length, "0123456789abcdef")

    def between(self, low: int, high: int) -> int:
        """Draws a whole number, both ends included."""
        return self._random.randint(low, high)

    def bell(self, low: int, high: int) -> int:
        """Draws a whole number, those in the middle more often; the same on every machine."""
        return sum(self._random.randint(low, high) for _ in range(3)) // 3

    def groups(self, pieces: Sequence[str], most: int) -> Iterator[str]:
        """Joins neighbouring pieces, up to ``most`` at a time."""
        at = 0
        while at < len(pieces):
            size = self.between(1, most)
            yield "".join(pieces[at : at + size])
            at += size


def compact(value: object) -> str:
    """Gives JSON as providers write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sse(value: object, event: str = "") -> bytes:
    """Frames one server-sent event."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {value if isinstance(value, str) else compact(value)}\n\n".encode()


def tokens(text: str) -> list[str]:
    """Cuts a text about where a tokenizer would."""
    return re.findall(r" ?[^\W\d_]{1,8}| ?\d{1,3}|\n+| ?[^\w\s]+|\s+|\w", text)


def join(events: Sequence[bytes], *sizes: int) -> list[bytes]:
    """Puts neighbouring events into one wire chunk: as many as ``sizes`` say, in turn."""
    chunks: list[bytes] = []
    at = 0
    while at < len(events):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(b"".join(events[at : at + size]))
        at += size
    return chunks


@dataclass
class Pace:
    """How fast an answer comes: milliseconds to the first chunk, then from chunk to chunk."""

    first: int
    low: int = 15
    high: int = 38
    stall: int = 0  # once, somewhere after the middle
    last: int = 4  # from the last chunk to the end of the connection

    def moments(self, dice: Dice, count: int) -> list[int]:
        """Gives the microseconds before each of ``count`` chunks."""
        us = [dice.bell(self.low * 1000, self.high * 1000) for _ in range(count)]
        us[0] = self.first * 1000 + dice.between(0, 999)
        if self.stall:
            us[count * 3 // 5] += self.stall * 1000
        for at in range(7, count, 11):  # two reads of one packet
            us[at] = dice.between(40, 160)
        return us


@dataclass
class Said:
    """What an answer says, however it is framed."""

    text: str = ""
    finish: str = ""
    usage: Counts = field(default_factory=Counts)
    calls: tuple[ToolCall, ...] = ()


@dataclass
class Draft:
    """What an author says of a recording; ``finished`` makes it one."""

    file: str
    title: str
    dialect: Protocol
    path: str
    body: Json
    chunks: list[bytes]
    pace: Pace
    headers: list[tuple[str, str]]
    tags: tuple[str, ...] = ()
    said: Said = field(default_factory=Said)
    status: int = 200
    how: How = "eof"
    error: str | None = None
    request_headers: tuple[tuple[str, str], ...] = (JSON,)

    def finished(self) -> Recording:
        """Gives the recording; what the author says must be what the gateway's readers find."""
        derived = derive(self.dialect, self.status, tuple(self.headers), self.chunks)
        assert self.said.text in {"", derived.text}, self.file
        assert self.said.calls == derived.tool_calls, self.file
        us = self.pace.moments(Dice(self.file + " pace"), len(self.chunks))
        model = self.body.get("model")
        return Recording(
            title=self.title,
            tags=self.tags,
            by="llmgate",
            made_up=True,
            note=NOTE,
            dialect=self.dialect,
            stream=self.body.get("stream") is True,
            method="POST",
            path=self.path,
            request_headers=self.request_headers,
            body=compact(self.body).encode(),
            model=model if isinstance(model, str) else "",
            status=self.status,
            response_headers=tuple(self.headers),
            chunks=self.chunks,
            us=us,
            how=self.how,
            finish=derived.finish,
            usage=derived.usage,
            text=derived.text,
            tool_calls=derived.tool_calls,
            error=self.error,
            t0=T0,
            connect_us=Dice(self.file + " connect").between(18_000, 42_000),
            ttft_us=us[0],
            total_us=sum(us) + self.pace.last * 1000,
        )


def call(call_id: str, name: str, arguments: Json) -> ToolCall:
    """Gives a tool call."""
    return ToolCall(call_id, name, compact(arguments))


def given(tool_call: ToolCall) -> Json:
    """Gives the arguments of a call as an object."""
    arguments: Json = json.loads(tool_call.arguments)
    return arguments
