"""How long a replay takes that keeps the recorded gaps: hours, where the recorded day had them."""

from collections.abc import Sequence
from typing import Protocol

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec


class Due(Protocol):
    """A sending and its moment."""

    @property
    def source(self) -> int:
        """Its row."""

    @property
    def due_ms(self) -> int:
        """Since the start."""


def takes_s(spec: ReplaySpec, rows: Sequence[ExchangeSummary], jobs: Sequence[Due]) -> float | None:
    """From the first sending to the last answer, if each takes as long as the recorded one did;
    None where nothing is waited for.
    """
    if spec.timing == "fast" or not jobs:
        return None
    first_ms = min(job.due_ms for job in jobs)
    ends = (job.due_ms - first_ms + (rows[job.source].total_us or 0) / 1000 for job in jobs)
    return max(ends) / 1000


def note(spec: ReplaySpec, seconds: float) -> str:
    """The same for people."""
    if spec.speed == 1:
        return f"in the recorded time it takes about {span(seconds)}"
    return f"at {spec.speed:g} times the recorded speed it takes about {span(seconds)}"


def span(seconds: float) -> str:
    """12 s, 35 min, 2 h 5 min, 3 d 4 h."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 1 else "1 s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
