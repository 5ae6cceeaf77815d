"""How fast an answer was written."""

from typing import Final

from llmgate.wire.exchanges import ExchangeSummary

_AT_ONCE_US: Final = 50_000


def tokens_per_s(summary: ExchangeSummary) -> float | None:
    """Output tokens over the time they took to arrive; None when that says nothing.

    An answer that arrived at once is measured by its whole time: the traffic list does the same.
    """
    if not summary.output_tokens or summary.total_us is None:
        return None
    whole = summary.total_us
    writing = whole - (summary.ttfb_us or 0) if summary.stream else whole
    if writing < _AT_ONCE_US:
        writing = whole
    return summary.output_tokens * 1_000_000 / writing if writing > 0 else None
