"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")
_Ready = list[tuple[selectors.SelectorKey, int]]


class _Jumping(selectors.DefaultSelector):
    """Passes the time that it is told to wait, without waiting."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> _Ready:
        self.passed += timeout or 0.0
        return super().select(0 if timeout is not None else 5)


_running: list[_Jumping] = []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        _running[:] = [self._jumping]
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.passed


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Runs a coroutine in no time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


def now() -> float:
    """Gives the seconds that have passed on the running loop's clock."""
    return asyncio.get_running_loop().time() - 1000.0


def pass_time(seconds: float) -> None:
    """Lets time pass as work that holds the loop up would; also from another thread."""
    _running[-1].passed += seconds
