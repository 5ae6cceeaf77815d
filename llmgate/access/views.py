"""Limits as the control API shows them."""

from collections.abc import Iterator

from llmgate.access.bucket import Bucket
from llmgate.access.budget import Budget, dollars
from llmgate.access.clock import Calendar
from llmgate.access.limiter import Limiter
from llmgate.access.window import Window
from llmgate.wire.limits import LimitsView, LimitView


def view(limiter: Limiter, now_s: float, wall_s: float, calendar: Calendar) -> LimitsView:
    """What a holder may use, what it has used, when there is room again."""
    limits, at_s = limiter.limits, limiter.last_refused_s
    return LimitsView(
        scope=limiter.scope,
        name=limiter.name,
        limits=list(_all(limiter, now_s, wall_s, calendar)),
        in_flight=limiter.in_flight,
        queued=len(limiter.queue),
        queue=0 if limits.concurrency is None else limits.queue,
        refused=limiter.refused,
        last_refused_ms=None if at_s is None else round(at_s * 1000),
        last_refused=limiter.last_refused,
    )


def _all(limiter: Limiter, now_s: float, wall_s: float, calendar: Calendar) -> Iterator[LimitView]:
    limits, by = limiter.limits, limiter.refused_by
    if (bucket := limiter.bucket) is not None:
        used = (1 - bucket.level_at(now_s) / bucket.size) * bucket.rate  # a burst, as a share
        yield LimitView(
            name="requests_per_second",
            unit="requests",
            limit=bucket.rate,
            used=round(max(0.0, used), 3),
            resets_ms=_filled_ms(bucket, now_s, wall_s),
            refused=by.get("requests_per_second", 0),
        )
    for window in (*limiter.windows, *limiter.token_windows):
        yield _window(window, now_s, wall_s, by.get(window.name, 0))
    if limits.concurrency is not None:
        yield LimitView(
            name="concurrency",
            unit="requests",
            limit=limits.concurrency,
            used=limiter.in_flight,
            reserved=limiter.in_flight,
            refused=by.get("concurrency", 0),
        )
    limiter.roll(wall_s, calendar)
    for budget in limiter.budgets:
        yield _budget(budget, by.get(budget.name, 0))
    if limits.max_request_bytes is not None:
        yield LimitView(
            name="max_request_bytes",
            unit="bytes",
            limit=limits.max_request_bytes,
            refused=by.get("max_request_bytes", 0),
        )


def _filled_ms(bucket: Bucket, now_s: float, wall_s: float) -> int | None:
    """When a whole burst has room again; None when it has."""
    missing = bucket.size - bucket.level_at(now_s)
    return round((wall_s + missing / bucket.rate) * 1000) if missing > 0 else None


def _window(window: Window, now_s: float, wall_s: float, refused: int) -> LimitView:
    window.expire(now_s)
    out_s = window.oldest_out_s()
    return LimitView(
        name=window.name,
        unit=window.unit,
        limit=window.limit,
        used=window.total,
        reserved=max(0, min(window.reserved, window.total)),
        estimated=window.total > 0 and window.estimated(now_s),
        resets_ms=None if out_s is None else round((wall_s + out_s - now_s) * 1000),
        refused=refused,
    )


def _budget(budget: Budget, refused: int) -> LimitView:
    used = budget.spent + budget.reserved
    return LimitView(
        name=budget.name,
        unit="usd",
        limit=dollars(budget.limit),
        used=dollars(used),
        reserved=dollars(budget.reserved),
        estimated=budget.reserved > 0 or budget.guessed,
        resets_ms=round(budget.end_s * 1000) if used else None,
        warns_only=budget.warns_only,
        warn_at=budget.warn_at,
        refused=refused,
    )
