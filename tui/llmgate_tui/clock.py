"""The time, as the screen needs it; tests bring their own."""

import time


class Clock:
    """Wall time in epoch milliseconds and its local spelling."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def local(self, at_ms: int) -> time.struct_time:
        """The local calendar time of a moment."""
        return time.localtime(at_ms / 1000)

    def time_of_day(self, at_ms: int) -> str:
        """12:04:31."""
        return time.strftime("%H:%M:%S", self.local(at_ms))

    def moment(self, at_ms: int) -> str:
        """12:04:31 today, ``20 Nov`` on any other day: eight cells or fewer."""
        then, now = self.local(at_ms), self.local(self.now_ms())
        if then[:3] == now[:3]:
            return time.strftime("%H:%M:%S", then)
        return time.strftime("%d %b", then)
