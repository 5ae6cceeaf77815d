"""Limits as the control API gives them: what is allowed, what is used, when there is room again."""

from typing import Literal

import msgspec

Scope = Literal["key", "provider", "model"]
LimitName = Literal[
    "requests_per_second",
    "requests_per_minute",
    "requests_per_hour",
    "requests_per_day",
    "tokens_per_minute",
    "tokens_per_day",
    "concurrency",
    "budget_usd_per_day",
    "budget_usd_per_month",
    "max_request_bytes",
]
Unit = Literal["requests", "tokens", "usd", "bytes"]


class LimitView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One limit, now. ``used`` includes what is reserved for requests in flight.

    ``resets_ms`` (epoch) is when the oldest of what is counted falls out of a sliding window, or
    when a budget's day or month ends (local time); None while nothing is counted. ``estimated``
    says that some of ``used`` is an estimate. ``refused`` counts since the start.
    """

    name: LimitName
    unit: Unit
    limit: float
    used: float = 0.0
    reserved: float = 0.0  # of ``used``: for requests in flight
    estimated: bool = False
    resets_ms: int | None = None
    warns_only: bool = False  # a budget with ``on_budget: warn``
    warn_at: float | None = None  # share of the limit, 0 to 1
    refused: int = 0


class LimitsView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The limits of a key, a provider or a model (pattern), by the name they have in the file."""

    scope: Scope
    name: str
    limits: list[LimitView] = []
    in_flight: int = 0
    queued: int = 0
    queue: int = 0  # how many may wait
    refused: int = 0  # since start
    last_refused_ms: int | None = None
    last_refused: str = ""  # the message
