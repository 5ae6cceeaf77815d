"""The time as a batch is told it, so that a test can tell it another."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic


class Clock:
    """The real one."""

    def __init__(self, now_s: Callable[[], float] = monotonic) -> None:
        self.now_s = now_s

    async def wait(self, news: asyncio.Event, until_s: float | None) -> None:
        """Returns when there is news, or at that moment."""
        if until_s is None:
            await news.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until_s - self.now_s())):
                await news.wait()
