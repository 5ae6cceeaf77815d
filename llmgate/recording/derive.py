"""What an answer's bytes say, read by the gateway's own readers: text, tool calls, usage, ending.

A recording stores this so that `grep` and `git diff` need no parser; `llmgate record check` reads
the bytes again and compares.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from llmgate.formats import catalog
from llmgate.recording.canonical import parse
from llmgate.recording.lines import Counts, How, ToolCall
from llmgate.recording.recording import Headers, Recording
from llmgate.wire.blocks import (
    BlockDelta,
    BlockEvent,
    BlockStarted,
    Failed,
    Finished,
    UsageReported,
)
from llmgate.wire.exchanges import Protocol

State = Literal["finished", "failed", "cut"]

PROPER: Final[frozenset[How]] = frozenset({"eof", "error_event", "length"})
"""Ends of the answer at which the connection ended as it should."""


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """What was said; ``finish`` is the provider's own word, ``error`` its message.

    ``ending`` and ``how`` are what the bytes alone tell: a connection that broke is not in them.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    usage: Counts = Counts()
    error: str | None = None
    ending: State = "finished"
    how: How = "eof"


def derive(dialect: Protocol, status: int, headers: Headers, chunks: Sequence[bytes]) -> Derived:
    """Reads an answer that is not compressed (any more); never raises on any bytes."""
    content_type = next((value for name, value in headers if name == "content-type"), "")
    events, ending = _read(dialect, content_type, chunks)
    error = next((event.message for event in events if isinstance(event, Failed)), None)
    if status >= 400:
        error = catalog.upstream_message(b"".join(chunks), content_type)
    finished = next((event for event in reversed(events) if isinstance(event, Finished)), None)
    if dialect == "anthropic.count_tokens":  # the reader says the number in words, for people
        return Derived(usage=Counts(in_=_counted(chunks)), error=error, ending=ending)
    return Derived(
        text=catalog.answer_text(events),
        tool_calls=_calls(events),
        finish="" if finished is None else finished.raw or finished.reason,
        usage=_usage(events),
        error=error,
        ending=ending,
        how=_how(finished, failed=ending == "failed" and status < 400, events=_framed(chunks)),
    )


def derived_of(recording: Recording) -> Derived:
    """Reads a recording's answer."""
    return derive(recording.dialect, recording.status, recording.response_headers, recording.chunks)


def _counted(chunks: Sequence[bytes]) -> int | None:
    body = parse(b"".join(chunks))
    count = body.get("input_tokens") if isinstance(body, dict) else None
    return count if type(count) is int else None


def events_of(recording: Recording) -> list[BlockEvent]:
    """What a recording's answer says, event by event."""
    content_type = dict(recording.response_headers).get("content-type", "")
    return _read(recording.dialect, content_type, recording.chunks)[0]


def _read(
    dialect: Protocol, content_type: str, chunks: Sequence[bytes]
) -> tuple[list[BlockEvent], State]:
    reader = catalog.reader_for(dialect, content_type)
    events: list[BlockEvent] = []
    for chunk in chunks:
        events += reader.feed(chunk)
    events += reader.close()
    return events, reader.ending().state


def _how(finished: Finished | None, *, failed: bool, events: bool) -> How:
    if failed:
        return "error_event" if events else "eof"
    return "length" if finished is not None and finished.reason == "length" else "eof"


def _framed(chunks: Sequence[bytes]) -> bool:
    """Whether the answer is a stream of events: its first byte begins no JSON and no HTML."""
    first = next((stripped for chunk in chunks if (stripped := chunk.lstrip())), b"")
    return bool(first) and first[:1] not in {b"{", b"[", b"<"}


def _calls(events: Sequence[BlockEvent]) -> tuple[ToolCall, ...]:
    """The tool calls in their order, their arguments as they were written."""
    calls: dict[int, tuple[BlockStarted, list[str]]] = {}
    for event in events:
        match event:
            case BlockStarted(kind="tool_call"):
                calls[event.index] = (event, [])
            case BlockDelta(kind="json") if event.index in calls:
                calls[event.index][1].append(event.text)
            case _:
                pass
    return tuple(ToolCall(it.id, it.name, "".join(texts)) for it, texts in calls.values())


def _usage(events: Sequence[BlockEvent]) -> Counts:
    for event in reversed(events):
        if isinstance(event, UsageReported):
            usage = event.usage
            return Counts(
                in_=usage.input_tokens,
                out=usage.output_tokens,
                cached=usage.cache_read_tokens,
                written=usage.cache_write_tokens,
                reasoning=usage.reasoning_tokens,
            )
    return Counts()
