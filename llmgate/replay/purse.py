"""The money of one replay, in billionths of a dollar: spent, set aside for what is on its way.

Nothing is begun that would take both together over the limit. What an answer cost in the end may
be more than was foreseen; then nothing more is begun.
"""


class Purse:
    """Without a limit everything fits."""

    def __init__(self, limit: int | None, spent: int = 0) -> None:
        self._limit = limit
        self.spent = spent
        self.reserved = 0

    def fits(self, amount: int) -> bool:
        """Whether this much may be set aside."""
        return self._limit is None or self.spent + self.reserved + amount <= self._limit

    def reserve(self, amount: int) -> None:
        """Sets aside what a request will probably cost."""
        self.reserved += amount

    def settle(self, reserved: int, cost: int | None) -> None:
        """It has cost so much; None: nobody says, so what was set aside counts."""
        self.reserved -= reserved
        self.spent += reserved if cost is None else cost
