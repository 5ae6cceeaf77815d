"""What came of a replay so far, in numbers."""

from collections.abc import Iterable

from llmgate.access.budget import billionths
from llmgate.compare.answered import given_up
from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE, ExchangeSummary


class Tally:
    """Counts results; what they cost also where they must be sent again."""

    def __init__(self, rows: Iterable[ExchangeSummary] = (), *, done: int = 0) -> None:
        """``done`` is how many had ended, also of those that are no longer kept."""
        self.done = 0
        self.failed = 0
        self.unpriced = 0
        self.usd: float | None = None
        self.basis: Basis = "unknown"
        for row in rows:
            self.add(row)
        self.done = max(done, self.done)

    def add(self, row: ExchangeSummary) -> None:
        """Takes in one that is over."""
        if ended(row):
            self.done += 1
            self.failed += row.state != "finished"
        if row.cost_usd is not None:
            self.usd = (self.usd or 0.0) + row.cost_usd
            estimated = row.cost_basis == "estimated" or self.basis == "estimated"
            self.basis = "estimated" if estimated else "reported"
        elif row.state == "finished" or row.output_tokens:
            self.unpriced += 1

    def refuse(self) -> None:
        """Counts one that could not be sent after all."""
        self.done += 1
        self.failed += 1


def ended(row: ExchangeSummary) -> bool:
    """It need not be sent again: it was answered, well or badly."""
    return row.state not in LIVE and not given_up(row)


def charged(row: ExchangeSummary) -> int | None:
    """What it cost, in billionths; None when nobody knows though something may be charged."""
    if row.cost_usd is not None:
        return billionths(row.cost_usd)
    nothing = row.state == "failed" and not row.output_tokens
    return 0 if nothing or row.ttfb_us is None else None
