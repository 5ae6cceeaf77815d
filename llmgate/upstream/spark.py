"""A provider's time to first byte over the last five minutes, as a line of medians."""

from collections import deque
from typing import Final

SLOT_MS: Final = 10_000
SLOTS: Final = 30
_KEPT: Final = 256  # times of one slot


class Spark:
    """Medians of ten-second slots; told the time in epoch milliseconds."""

    __slots__ = ("_done", "_slot", "_times_us")

    def __init__(self) -> None:
        self._slot = 0
        self._times_us: deque[int] = deque(maxlen=_KEPT)
        self._done: deque[tuple[int, float]] = deque(maxlen=SLOTS)

    def add(self, now_ms: int, ttfb_us: int) -> None:
        """An answer's first byte took so long."""
        slot = now_ms // SLOT_MS
        if slot != self._slot:
            if self._times_us:
                self._done.append((self._slot, _median_ms(self._times_us)))
            self._slot = slot
            self._times_us.clear()
        self._times_us.append(ttfb_us)

    def line(self, now_ms: int) -> list[float | None]:
        """One median for each slot, newest last; None where nothing was measured; empty when
        nothing was in all of them.
        """
        now = now_ms // SLOT_MS
        known = dict(self._done)
        if self._times_us:
            known[self._slot] = _median_ms(self._times_us)
        line = [known.get(slot) for slot in range(now - SLOTS + 1, now + 1)]
        return line if any(median is not None for median in line) else []


def _median_ms(times_us: deque[int]) -> float:
    return sorted(times_us)[len(times_us) // 2] / 1000
