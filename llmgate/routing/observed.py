"""What routes really did in the last five minutes: requests sent, by route, provider and model.

Told the time; counted in slots of ten seconds. Callers choose the names of models, so a slot holds
a bounded number of names: those over it are counted with the empty model.
"""

from collections import Counter, deque
from typing import Final

SLOT_S: Final = 10
SLOTS: Final = 30
MOST_NAMES: Final = 512

Sent = tuple[str, str, str]
"""Route, provider, and the model the provider was asked for."""


class Observed:
    """Counts of the requests that routes sent."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: deque[tuple[int, dict[Sent, int]]] = deque(maxlen=SLOTS)

    def sent(self, route: str, provider: str, model: str, now_s: float) -> None:
        """A request was sent; without a route there is nothing to compare it with."""
        if not route:
            return
        slot = int(now_s) // SLOT_S
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append((slot, {}))
        counts = self._slots[-1][1]
        name = (route, provider, model)
        if name not in counts and len(counts) >= MOST_NAMES:
            name = (route, provider, "")
        counts[name] = counts.get(name, 0) + 1

    def counts(self, now_s: float) -> Counter[Sent]:
        """How many of each were sent in the last five minutes."""
        first = int(now_s) // SLOT_S - SLOTS
        found: Counter[Sent] = Counter()
        for slot, counts in self._slots:
            if slot > first:
                found.update(counts)
        return found
