"""The event loop of the benchmark's own processes: uvloop where it exists."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

_new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
with suppress(ImportError):  # not on Windows
    import uvloop

    _new_loop = uvloop.new_event_loop


T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs ``main`` to its end on the fastest loop there is."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(main)
