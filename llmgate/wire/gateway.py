"""The gateway's own state as the control API gives it: status, config, providers, routes, keys."""

from typing import Literal

import msgspec

from llmgate.wire.blocks import Basis
from llmgate.wire.limits import LimitsView

HealthState = Literal["up", "degraded", "down", "unknown", "disabled", "no_key", "draining"]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with a config: line and column count from 1, 0 is unknown."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""


class ConfigView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The running config: its version, where it lives, and the problem of a refused edit, if any.

    ``rejected_version`` is the number the refused edit would have had.
    """

    version: int
    file: str
    loaded_ms: int
    etag: str = ""
    text: str = ""  # the file as written, secrets are ${VAR}s or replaced
    rejected_text: str = ""  # the refused file, likewise; the lines of ``problems`` are its
    problems: list[Problem] = []
    rejected_version: int | None = None
    warnings: list[str] = []
    restart_needed: list[str] = []
    editable: bool = True  # False: there is no file yet; `POST config/file` writes one
    undo: int | None = None  # the revision an undo would go to
    redo: int | None = None


class Spend(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Money and tokens of a day (local time); ``unpriced`` exchanges are not in ``cost_usd``."""

    cost_usd: float = 0.0
    cost_basis: Basis = "reported"
    input_tokens: int = 0
    output_tokens: int = 0
    exchanges: int = 0
    unpriced: int = 0


class Recording(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the store is doing; ``problem`` is set while nothing can be recorded, ``damage`` once
    something was asked for that can no longer be read.
    """

    state: Literal["recording", "stopped", "off"] = "recording"
    problem: str = ""
    damage: str = ""
    kept: int = 0  # exchanges in the store
    size_bytes: int = 0
    queued: int = 0
    dropped_bodies: int = 0
    dropped_exchanges: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The header line: everything a glance should tell."""

    version: str
    address: str
    started_ms: int
    now_ms: int
    config_version: int
    config_problem: str = ""  # of a refused edit: file, line, reason
    rejected_version: int | None = None
    live: int = 0
    streaming: int = 0
    queued: int = 0  # wait for a limit's concurrency
    requests: int = 0  # since start
    errors: int = 0  # since start
    today: Spend = Spend()
    recording: Recording = Recording()
    keyless: bool = False  # loopback callers need no key
    demo: bool = False


class Quantiles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a recent window; ``None`` when nothing was measured."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    count: int = 0


class LastError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error a provider gave; ``exchange`` leads to the exchange, empty for a probe."""

    at_ms: int
    error_type: str
    message: str
    status: int | None = None
    exchange: str = ""


class Probe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last active check (the models list)."""

    at_ms: int
    ok: bool
    latency_ms: float | None = None
    status: int | None = None
    error: str = ""
    models: int | None = None


class ProviderView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A provider: what it is, how it is doing. Rates are over the last minute."""

    name: str
    kind: str
    base_url: str
    protocols: list[str]
    state: HealthState
    enabled: bool = True
    key_hint: str = ""  # name of the variable and last 4 digits, never the key
    in_flight: int = 0
    requests_per_minute: float = 0.0
    errors_per_minute: float = 0.0
    error_share: float = 0.0  # 0 to 1
    errors_by_type: dict[str, int] = {}
    ttfb: Quantiles = Quantiles()
    total: Quantiles = Quantiles()
    last_errors: list[LastError] = []
    last_ok_ms: int | None = None
    probe: Probe | None = None
    models: list[str] = []
    rate_limits: dict[str, str] = {}  # rate-limit headers last seen
    rate_limits_ms: int | None = None  # when they were seen
    draining: bool = False  # takes nothing new until it is resumed or the gateway restarts
    spark: list[float | None] = []  # p50 time to first byte, ms, of 10-second slots, newest last
    queued: int = 0
    limits: LimitsView | None = None


class TargetView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A target of a route; ``share`` is the configured share of the route's traffic, 0 to 1."""

    provider: str
    model: str = ""
    weight: int = 1
    share: float = 0.0
    observed_share: float | None = None  # of the route's requests in the last five minutes
    observed: int = 0  # how many of them
    fallback: bool = False


class RouteView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A route in the order routes are tried."""

    name: str
    match: dict[str, str]
    strategy: str
    targets: list[TargetView]
    enabled: bool = True
    observed: int = 0  # requests of the last five minutes
    streaming: str = "any"


class KeyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A caller's key, without the key."""

    name: str
    hint: str  # last 4 digits
    models: list[str]
    requests_per_second: float | None = None
    burst: int | None = None
    tokens_left: float | None = None  # of the bucket, now
    in_flight: int = 0
    refused: int = 0  # since start
    variable: str = ""  # the ${VARIABLE} the key is in; empty when in the file itself
    limits: LimitsView | None = None


class HealthDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /health/detailed``."""

    status: Literal["ok", "degraded"]
    version: str
    uptime_s: float
    config_version: int
    config_problem: str
    recording: Recording
    in_flight: int
    providers: list[ProviderView]
