"""One clock for all calls: silence, keep-alives, callers that left, progress for viewers.

A timer, a task or a timeout per chunk costs more than carrying the chunk. Four times a second the
minder looks at every live call instead; calls that are over before it looks never pay for it.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter_ns

import msgspec

from llmgate.errors import UpstreamTimeout
from llmgate.relay.call import Call

_NS = 1_000_000_000


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When the minder looks and acts, in seconds."""

    tick_s: float = 0.25
    early_head_s: float = 45  # some agents give up at 60 s without a head (DESIGN, section 7)
    keep_alive_s: float = 15


class Minder:
    """Looks after every live call."""

    def __init__(self, on_progress: Callable[[Call], None], pace: Pace | None = None) -> None:
        self._on_progress = on_progress
        self._pace = pace or Pace()
        self._calls: dict[str, Call] = {}
        self._beat = 0

    @property
    def calls(self) -> dict[str, Call]:
        """The live calls by exchange id."""
        return self._calls

    def add(self, call: Call) -> None:
        """Begins to look after a call; from now on it may be interrupted."""
        call.active = True
        self._calls[call.exchange.id] = call

    def remove(self, call: Call) -> None:
        """The call is over."""
        call.active = False
        self._calls.pop(call.exchange.id, None)

    async def run(self) -> None:
        """Ticks until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self._pace.tick_s)
                self.tick(group, perf_counter_ns())

    def tick(self, group: asyncio.TaskGroup, now: int) -> None:
        """Looks at every call once; what takes a while goes on in ``group``."""
        self._beat += 1
        for call in list(self._calls.values()):
            self._look(group, call, now)

    def _look(self, group: asyncio.TaskGroup, call: Call, now: int) -> None:
        if not call.watched:
            call.watched = True
            group.create_task(call.watch_caller())
        if call.waiting_since_ns:
            silent_s = (now - call.waiting_since_ns) / _NS
            self._judge_silence(group, call, silent_s, now)
        if self._beat % 2 == 0 and call.meter is not None and call.exchange.state == "streaming":
            call.meter.catch_up()
            call.meter.trim()
            self._on_progress(call)

    def _judge_silence(
        self, group: asyncio.TaskGroup, call: Call, silent_s: float, now: int
    ) -> None:
        streaming = call.exchange.state == "streaming"
        limit_s = call.timeout.idle_s if streaming else call.timeout.first_byte_s
        if silent_s >= limit_s:
            call.interrupt(_too_silent(call, limit_s, streaming=streaming))
        elif not call.exchange.stream or call.caller.patient:
            return
        elif not call.caller.head_sent and silent_s >= self._pace.early_head_s:
            call.wrote_ns = now
            group.create_task(call.open_early())
        elif call.caller.head_sent and _quiet_s(call, now) >= self._pace.keep_alive_s:
            call.wrote_ns = now
            group.create_task(call.keep_alive())


def _quiet_s(call: Call, now: int) -> float:
    return (now - max(call.wrote_ns, call.waiting_since_ns)) / _NS


def _too_silent(call: Call, limit_s: float, *, streaming: bool) -> UpstreamTimeout:
    who = f"provider '{call.exchange.provider}'"
    if streaming:
        return UpstreamTimeout(f"{who} sent nothing more for {limit_s:g} s", phase="idle")
    return UpstreamTimeout(f"{who} sent nothing for {limit_s:g} s", phase="first_byte")
