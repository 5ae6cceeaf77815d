"""Checks of what a ``limits:`` mapping says, wherever it stands."""

from typing import Final

from llmgate.config.model import Limits
from llmgate.config.problems import Path, Problems

_RANGES: Final[tuple[tuple[str, float, float], ...]] = (
    ("requests_per_second", 0.001, 1e6),
    ("burst", 1, 1e6),
    ("requests_per_minute", 1, 1e9),
    ("requests_per_hour", 1, 1e9),
    ("requests_per_day", 1, 1e9),
    ("tokens_per_minute", 1, 1e12),
    ("tokens_per_day", 1, 1e12),
    ("concurrency", 1, 1e5),
    ("queue", 0, 1e4),
    ("queue_wait_s", 0, 3600),
    ("budget_usd_per_day", 0, 1e9),
    ("budget_usd_per_month", 0, 1e9),
    ("warn_at", 0.01, 1),
    ("max_request_bytes", 1, 1e12),
)


def limits_of(limits: Limits, path: Path, problems: Problems) -> None:
    """Every figure in its range, and none without the one it belongs to."""
    for field, least, most in _RANGES:
        value = getattr(limits, field)
        if value is not None and not least <= value <= most:
            problems.add(f"{field} must be from {least:.12g} to {most:.12g}", (*path, field))
    if limits.burst is not None and limits.requests_per_second is None:
        problems.add("burst needs requests_per_second beside it", (*path, "burst"))
