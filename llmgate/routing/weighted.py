"""Smooth weighted round robin: exact shares, evenly spread, without dice.

Every pick adds to each eligible entry its weight; the highest is chosen and pays the sum back. Over
as many picks as the weights sum up to, each entry is chosen exactly as often as its weight. This is
the algorithm of nginx's upstream module.
"""

from collections.abc import Sequence


class Wheel:
    """The turning state of one route; ``names`` identify its entries across reloads."""

    __slots__ = ("_weights", "current", "names")

    def __init__(
        self, names: Sequence[str], weights: Sequence[int], previous: "Wheel | None" = None
    ) -> None:
        self.names = tuple(names)
        self._weights = tuple(weights)
        self.current = [0] * len(weights)
        if previous is not None:
            self._take_over(previous)

    def pick(self, eligible: Sequence[int]) -> int:
        """Turns once and returns the chosen of the eligible entries (at least one)."""
        current, weights = self.current, self._weights
        best, total = eligible[0], 0
        for entry in eligible:
            weight = weights[entry]
            total += weight
            current[entry] += weight
            if current[entry] > current[best]:
                best = entry
        current[best] -= total
        return best

    def _take_over(self, previous: "Wheel") -> None:
        """Continues where the previous wheel stood, for the entries that are still there."""
        before = dict(zip(previous.names, previous.current, strict=True))
        total = sum(self._weights)
        for entry, name in enumerate(self.names):
            self.current[entry] = max(-total, min(total, before.get(name, 0)))
        if self.names:  # the sum stays 0, or shares would drift
            heaviest = max(range(len(self._weights)), key=self._weights.__getitem__)
            self.current[heaviest] -= sum(self.current)
