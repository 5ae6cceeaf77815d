"""Work that takes long, done aside: requests that the gateway carries go first.

Two threads at most, so that many comparisons asked for at once wait for each other. While they
work, the interpreter goes back to the event loop after half a millisecond instead of five.
"""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

T = TypeVar("T")

_SWITCH_S: Final = 0.000_5
_threads: Final = ThreadPoolExecutor(2, "aside")


class _Pace:
    """How long a thread may keep the interpreter, while any works aside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working = 0
        self._usual_s = 0.0

    @contextmanager
    def quick(self) -> Iterator[None]:
        """Changes hands quickly while the block runs."""
        with self._lock:
            if not self._working:
                self._usual_s = sys.getswitchinterval()
                sys.setswitchinterval(min(_SWITCH_S, self._usual_s))
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
                if not self._working:
                    sys.setswitchinterval(self._usual_s)


quick: Final = _Pace().quick
"""For a thread of one's own that works beside the event loop; the one owner of the interval."""


async def aside(work: Callable[[], T]) -> T:
    """Does it in a thread; what it raises is raised here."""
    return await asyncio.get_running_loop().run_in_executor(_threads, lambda: _quickly(work))


def _quickly(work: Callable[[], T]) -> T:
    with quick():
        return work()
