"""One call on its way: what the relay and the minder both need to know of it."""

import asyncio
from time import perf_counter_ns

from llmgate.access.admission import Grant
from llmgate.config.model import Timeout
from llmgate.config.snapshot import Snapshot
from llmgate.exchange import Exchange
from llmgate.relay.caller import Caller, CallerGone
from llmgate.relay.meter import Meter

_EARLY_HEAD = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
BODILESS = frozenset({204, 304})


class Call:
    """Joins an exchange, its caller, the task that carries it and the patience it has.

    ``waiting_since_ns`` is when the relay began to wait for the provider, 0 while it does not: a
    caller that reads slowly must not look like a silent provider.
    """

    __slots__ = (
        "active",
        "caller",
        "chars",
        "exchange",
        "grant",
        "meter",
        "most_output",
        "opened_early",
        "reason",
        "snapshot",
        "task",
        "timeout",
        "waiting_since_ns",
        "watched",
        "wrote_ns",
    )

    def __init__(self, exchange: Exchange, caller: Caller, snapshot: Snapshot) -> None:
        self.exchange = exchange
        self.caller = caller
        self.snapshot = snapshot
        self.task: asyncio.Task[object] | None = asyncio.current_task()
        self.timeout = Timeout()
        self.grant: Grant | None = None  # what was reserved of limits
        self.chars: int | None = None  # of the request's text, once somebody has asked
        self.most_output: int | None = None  # tokens, as the caller bounds its answer
        self.meter: Meter | None = None
        self.reason: Exception | None = None
        self.active = False  # may be interrupted
        self.watched = False  # somebody waits for the caller to leave
        self.opened_early = False
        self.waiting_since_ns = 0
        self.wrote_ns = 0

    def now_us(self) -> int:
        """Microseconds since the exchange began."""
        return (perf_counter_ns() - self.exchange.started_ns) // 1000

    @property
    def may_add(self) -> bool:
        """The head of the answer leaves room for bytes of ours: it promised no length."""
        exchange = self.exchange
        promised = any(name == "content-length" for name, _ in exchange.response_headers)
        return exchange.status not in BODILESS and not promised

    def interrupt(self, reason: Exception) -> None:
        """Stops the carrying task where it waits; it raises ``reason``. The first one counts."""
        if self.active and self.reason is None and self.task is not None:
            self.reason = reason
            self.task.cancel()

    def take_interruption(self) -> Exception | None:
        """After a ``CancelledError``: our own reason, or None when somebody else cancelled the
        task.
        """
        self.active = False
        if self.reason is None or self.task is None:
            return None
        self.task.uncancel()
        return self.reason

    async def open_early(self) -> None:
        """Sends the head of a stream whose provider is still silent."""
        if self.active and not self.caller.head_sent:
            self.opened_early = True
            self.exchange.hints.append("the head was sent before the provider answered")
            await self.caller.head(200, _EARLY_HEAD)

    async def keep_alive(self) -> None:
        """Writes a bare blank line, which every client bears, if an event is not half sent."""
        if self.meter is not None:
            self.meter.catch_up()
            if not self.meter.between_events:
                return
        if not self.may_add:
            return
        if self.active and self.waiting_since_ns:
            await self.caller.chunk(b"\n")

    async def watch_caller(self) -> None:
        """Interrupts when the caller leaves; the minder runs it for calls that take a while."""
        await self.caller.gone()
        self.interrupt(CallerGone("the caller closed the connection"))
