"""Calls whose caller is a list of messages."""

import asyncio
from collections.abc import Sequence

from llmgate.config.model import Config, Timeout
from llmgate.config.snapshot import Snapshot
from llmgate.exchange import Exchange
from llmgate.relay.call import Call
from llmgate.relay.caller import Caller, Message
from llmgate.wire.exchanges import Protocol

SECOND = 1_000_000_000


def exchange(
    protocol: Protocol = "openai.chat", *, body: bytes = b"", stream: bool = True
) -> Exchange:
    """An exchange that has begun."""
    one = Exchange(
        id="x1",
        started_ms=1_800_000_000_000,
        started_ns=0,
        method="POST",
        path="/v1/chat/completions",
        query="",
        protocol=protocol,
    )
    one.request_body, one.stream, one.provider = body, stream, "up"
    return one


class Line:
    """The calling side: what it sends is scripted, what it gets is kept; it may read slowly."""

    def __init__(
        self, messages: Sequence[Message] = (), headers: Sequence[tuple[bytes, bytes]] = ()
    ):
        self.got: list[Message] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.left = asyncio.Event()
        self._messages = list(messages)
        scope = {"headers": list(headers), "query_string": b"", "path": "/", "method": "POST"}
        self.caller = Caller(scope, self._receive, self._send)

    @property
    def body(self) -> bytes:
        """The bytes it got."""
        return b"".join(message.get("body", b"") for message in self.got)

    @property
    def statuses(self) -> list[int]:
        """The heads it got."""
        return [m["status"] for m in self.got if m["type"] == "http.response.start"]

    async def _receive(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await self.reads.wait()
        self.got.append(message)


def call(one: Exchange, line: Line, **timeout: float) -> Call:
    """A call that the running task carries."""
    made = Call(one, line.caller, Snapshot(version=1, config=Config()))
    made.timeout = Timeout(**timeout)
    return made
