"""Feeding readers in tests: payloads framed as a provider would, whole and byte by byte."""

import json
from typing import Any

from llmgate.formats.catalog import reader_for
from llmgate.formats.reader import Ending
from llmgate.wire.blocks import (
    BlockEvent,
    Failed,
    Finished,
    Note,
    Started,
    Usage,
    UsageReported,
)
from llmgate.wire.exchanges import Protocol
from tests.conformance.checker import faults_in


class Read:
    """An answer that was read; the grammar has been checked, and that no cut changes it."""

    def __init__(self, protocol: Protocol, body: bytes, content_type: str) -> None:
        reader = reader_for(protocol, content_type)
        self.events: list[BlockEvent] = [*reader.feed(body), *reader.close()]
        self.ending: Ending = reader.ending()
        self.usage_raw = reader.usage_raw
        slow = reader_for(protocol, content_type)
        again = [event for i in range(len(body)) for event in slow.feed(body[i : i + 1])]
        assert [*again, *slow.close()] == self.events
        assert slow.ending() == self.ending
        assert faults_in(self.events) == []

    def all(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def blocks(self) -> list[BlockEvent]:
        """What is said, without start, finish, usage and notes."""
        aside = (Started, Finished, UsageReported, Note, Failed)
        return [event for event in self.events if not isinstance(event, aside)]

    @property
    def finish(self) -> str:
        """The finish reason, empty without one."""
        return next((event.reason for event in self.all(Finished)), "")

    @property
    def usage(self) -> Usage | None:
        """The last usage."""
        found = self.all(UsageReported)
        return found[-1].usage if found else None

    @property
    def state(self) -> str:
        """How it ended."""
        return self.ending.state


def stream(protocol: Protocol, *payloads: Any, done: bool = False, tail: bytes = b"") -> Read:
    """Reads payloads as server-sent events."""
    named = protocol in {"anthropic.messages", "openai.responses"}
    body = b"".join(_event(payload, named=named) for payload in payloads)
    return Read(protocol, body + (b"data: [DONE]\n\n" if done else b"") + tail, "text/event-stream")


def whole(protocol: Protocol, payload: Any) -> Read:
    """Reads a JSON body."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Read(protocol, body, "application/json")


def _event(payload: Any, *, named: bool) -> bytes:
    name = f"event: {payload['type']}\n" if named and "type" in payload else ""
    return f"{name}data: {json.dumps(payload)}\n\n".encode()
