"""The time as a batch is told it, so that a test can tell it another."""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now_s(self) -> float:
        """Seconds that only ever grow."""

    async def wait(self, news: asyncio.Event, until_s: float | None) -> None:
        """Returns when there is news, or at that moment."""


class SystemClock:
    """The real one."""

    def now_s(self) -> float:
        """Seconds since some moment."""
        return monotonic()

    async def wait(self, news: asyncio.Event, until_s: float | None) -> None:
        """Returns when there is news, or at that moment."""
        if until_s is None:
            await news.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self.now_s())):
                await news.wait()
