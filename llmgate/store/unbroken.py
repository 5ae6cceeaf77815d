"""Work that is finished once it has begun: its transaction ends before a cancellation goes on.

A statement goes on in the connection's thread when whoever awaited it is cancelled. Nobody could
say then whether the transaction took place, and it would be written, and counted, once more.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Awaits ``work`` to its end; a cancellation is raised after it."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen: the cancellation is what the caller hears of
        raise
