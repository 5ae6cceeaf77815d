"""Refusals in words and headers: which limit, how much is left, when there is room again."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from llmgate.access.budget import Budget, dollars, told_usd
from llmgate.access.limiter import Demand, Limiter
from llmgate.access.window import Window
from llmgate.errors import BudgetSpent, LimitReached, QueueFull, RequestTooLarge
from llmgate.wire.limits import LimitName, Unit

Refusal = LimitReached | RequestTooLarge

_HARDLY: Final = 0.001  # half a microsecond more than a second is told as a second
_BUSY_S: Final = 1.0  # nobody knows when a running request ends: ask again soon


class Short(msgspec.Struct, frozen=True):
    """A limit without room: ``wait_s`` is how long, None that waiting does not help."""

    limiter: Limiter
    limit: LimitName
    wait_s: float | None
    text: str
    unit: Unit
    most: float
    left: int = 0

    @property
    def told(self) -> str:
        """Whose limit it is, and how it is full."""
        return f"{self.limiter.who} {self.text}"


def shorts(limiter: Limiter, now_s: float, wall_s: float, demand: Demand) -> Iterator[Short]:
    """Every limit of a holder that has no room for the request, but for concurrency."""
    most = limiter.limits.max_request_bytes
    if most is not None and demand.size > most:
        text = f"takes requests of up to {most:,} bytes, this one has {demand.size:,}"
        yield Short(limiter, "max_request_bytes", None, text, "bytes", most)
    if not demand.counts:
        return
    if (bucket := limiter.bucket) is not None and not bucket.fits(now_s):
        text = f"is over its limit of {bucket.rate:g} requests per second (burst {bucket.size})"
        wait_s = bucket.wait_s(now_s)
        yield Short(limiter, "requests_per_second", wait_s, text, "requests", bucket.rate)
    yield from _of_windows(limiter, now_s, demand.tokens)
    for budget in limiter.budgets:
        if not budget.fits(demand.billionths):
            yield _of_budget(limiter, budget, demand.billionths, wall_s)


def _of_windows(limiter: Limiter, now_s: float, tokens: int) -> Iterator[Short]:
    for window in limiter.windows:
        if not window.fits(now_s, 1):
            yield _of_window(limiter, window, window.wait_s(now_s, 1), "")
    for window in limiter.token_windows:
        if not window.fits(now_s, tokens):
            left = max(0, window.limit - window.total)
            why = f" ({left:,} left, this request is estimated at {tokens:,})"
            yield _of_window(limiter, window, window.wait_s(now_s, tokens), why)


def _of_window(limiter: Limiter, window: Window, wait_s: float, why: str) -> Short:
    per = window.name.rpartition("_")[2]
    text = f"is over its limit of {window.limit:,} {window.unit} per {per}{why}"
    left = max(0, window.limit - window.total)
    return Short(limiter, window.name, wait_s, text, window.unit, window.limit, left)


def _of_budget(limiter: Limiter, budget: Budget, amount: int, wall_s: float) -> Short:
    left = max(0, budget.limit - budget.spent - budget.reserved)
    text = f"has spent its budget of {budget.told}"
    if left:
        text = (
            f"has {told_usd(left)} left of its budget of {budget.told},"
            f" this request is estimated at {told_usd(amount)}"
        )
    wait_s = budget.end_s - wall_s if budget.limit else None
    return Short(limiter, budget.name, wait_s, text, "usd", dollars(budget.limit))


def refusal(found: list[Short], wall_s: float, *, messages: bool) -> Refusal:
    """The error of the limit that has room last; it is counted as refused there."""
    worst = max(found, key=_wait_s)
    limiter, label = worst.limiter, f"{worst.limiter.label}: {worst.limit}"
    if worst.limit == "max_request_bytes":
        message = worst.told
        limiter.refuse(worst.limit, message, wall_s)
        return RequestTooLarge(message, limit=label)
    wait = "" if worst.wait_s is None else f": wait {told_s(worst.wait_s)}"
    message = f"{worst.told}{wait}"
    limiter.refuse(worst.limit, message, wall_s)
    kind = BudgetSpent if worst.unit == "usd" else LimitReached
    headers = left_headers(worst, wall_s, messages=messages)
    return kind(message, retry_after_s=worst.wait_s, limit=label, headers=headers)


def queue_full(limiter: Limiter, wall_s: float, *, waited: bool) -> QueueFull:
    """The error of a full queue, or of a wait that was too long; counted as refused."""
    limits = limiter.limits
    why = f"{len(limiter.queue)} wait (queue {limits.queue})"
    if waited:
        why = f"it was not this one's turn within {limits.queue_wait_s:g} s (queue_wait_s)"
    message = f"{busy(limiter)} and {why}: try again when some have ended"
    limiter.refuse("concurrency", message, wall_s)
    return QueueFull(message, retry_after_s=_BUSY_S, limit=f"{limiter.label}: concurrency")


def busy(limiter: Limiter) -> str:
    """That all slots are taken, in words."""
    running, most = limiter.in_flight, limiter.limits.concurrency
    return f"{limiter.who} has {running} of at most {most} requests running (concurrency)"


def left_headers(short: Short, wall_s: float, *, messages: bool) -> tuple[tuple[str, str], ...]:
    """What is left, in OpenAI's words or, for callers of ``messages``, in Anthropic's."""
    if short.unit not in {"requests", "tokens"} or short.wait_s is None:
        return ()
    most, left, unit = f"{short.most:g}", str(short.left), short.unit
    if short.most == int(short.most):
        most = str(int(short.most))
    if messages:
        at = datetime.fromtimestamp(math.ceil(wall_s + short.wait_s), UTC)
        values = (
            ("limit", most),
            ("remaining", left),
            ("reset", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        )
        return tuple((f"anthropic-ratelimit-{unit}-{name}", value) for name, value in values)
    values = (("limit", most), ("remaining", left), ("reset", _duration(short.wait_s)))
    return tuple((f"x-ratelimit-{name}-{unit}", value) for name, value in values)


def told_s(seconds: float) -> str:
    """A wait in words, hardly too short."""
    if seconds < 1:
        return f"{math.ceil(seconds * 100 - _HARDLY) / 100:.2f} s"
    whole = math.ceil(seconds - _HARDLY)
    if whole < 120:
        return f"{whole} s"
    minutes = -(-whole // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _duration(seconds: float) -> str:
    """As OpenAI writes it: 250ms, 12s, 6m0s, 5h10m0s."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000 - _HARDLY)}ms"
    minutes, rest = divmod(math.ceil(seconds - _HARDLY), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _wait_s(short: Short) -> float:
    return math.inf if short.wait_s is None else short.wait_s
