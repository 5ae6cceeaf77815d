"""The shape of config.yaml: frozen Structs, unknown fields refused (DESIGN, section 5).

Every duration has its unit in its name. A field that a later version will serve is refused until it
is served, so that no setting is ever silently without effect.
"""

from typing import Literal

import msgspec


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sections of the file: immutable, strict."""


class Server(_Section, frozen=True, kw_only=True):
    """Where the gateway listens and what it lets in."""

    host: str = "127.0.0.1"
    port: int = 8484
    cors_origins: list[str] = []
    allowed_hosts: list[str] = []
    max_body_mb: float = 64
    model_prefix: str = ""


class Timeout(_Section, frozen=True, kw_only=True):
    """Patience with a provider, in seconds."""

    connect_s: float = 5
    first_byte_s: float = 120
    idle_s: float = 60


class Tls(_Section, frozen=True, kw_only=True):
    """How a provider's certificate is checked; ``ca_bundle``: a PEM file added to the system's."""

    verify: bool = True
    ca_bundle: str | None = None


class Limits(_Section, frozen=True, kw_only=True):
    """What a key, a provider or a model may use; None is no limit.

    Minutes, hours and days slide (the last 24 hours, not since midnight); a budget's day and month
    are those of the calendar, local time. Requests over ``concurrency`` wait: up to ``queue`` of
    them, up to ``queue_wait_s`` seconds. ``on_budget: warn`` lets requests through and says so;
    ``warn_at`` is the share of a budget at which it is said first.
    """

    requests_per_second: float | None = None
    burst: int | None = None
    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrency: int | None = None
    queue: int = 16
    queue_wait_s: float = 30
    budget_usd_per_day: float | None = None
    budget_usd_per_month: float | None = None
    on_budget: Literal["stop", "warn"] = "stop"
    warn_at: float = 0.8
    max_request_bytes: int | None = None


class ProviderConfig(_Section, frozen=True, kw_only=True):
    """A provider: a row of the catalog (``kind``) and what differs from it.

    ``models`` renames: exact, glob or /regex/ of the name asked for -> the provider's name.
    For kind ``recording``, ``recordings`` is the folder and ``speed`` scales the recorded times (0:
    no waits). Without ``mode`` the nearest recording answers; with one only the very request is
    answered, but for ``volatile`` paths of its body, and what is missing is refused (``none``) or
    asked of ``source``, another provider, and recorded (``once``: only into an empty folder,
    ``new_episodes``, ``all``: always). ``ordered`` uses each recording once, in turn.
    """

    kind: str
    base_url: str | None = None
    api_key: str | None = None
    api_keys: list[str] = []
    protocols: list[str] = []
    headers: dict[str, str] = {}
    models: dict[str, str] = {}
    timeout: Timeout = Timeout()
    tls: Tls = Tls()
    enabled: bool = True
    limits: Limits = Limits()
    recordings: str | None = None
    speed: float = 1.0
    mode: Literal["none", "once", "new_episodes", "all"] | None = None
    source: str | None = None
    volatile: list[str] = []
    ordered: bool = False


class Match(_Section, frozen=True, kw_only=True):
    """Which requests a route takes: everything given must match; literals, globs or /regex/."""

    model: str | list[str] | None = None
    path: str | list[str] | None = None
    key: str | list[str] | None = None
    header: dict[str, str] = {}


class Target(_Section, frozen=True, kw_only=True):
    """Where a route can send: ``model`` replaces the name asked for."""

    provider: str
    weight: int = 1
    model: str | None = None


class RouteConfig(_Section, frozen=True, kw_only=True):
    """A rule: first match wins; one that is not ``enabled`` is passed over."""

    match: Match = Match()
    strategy: Literal["weighted", "priority"] = "weighted"
    targets: list[Target]
    streaming: Literal["any", "only", "never"] = "any"
    enabled: bool = True


class KeyConfig(_Section, frozen=True, kw_only=True):
    """A caller's key; one that is not ``enabled`` is refused."""

    key: str
    models: list[str] = msgspec.field(default_factory=lambda: ["*"])
    limits: Limits = Limits()
    enabled: bool = True


class HealthConfig(_Section, frozen=True, kw_only=True):
    """Active probes: every ``every_s`` seconds, 0 turns them off."""

    every_s: float = 30


class RecordingConfig(_Section, frozen=True, kw_only=True):
    """What is kept and for how long. ``redact`` are regular expressions blanked in bodies."""

    bodies: Literal["full", "metadata", "off"] = "full"
    keep_days: float = 14
    keep_mb: float = 1024
    redact: list[str] = []


class Price(_Section, frozen=True, kw_only=True):
    """US dollars per million tokens."""

    input_per_mtok: float
    output_per_mtok: float
    cache_read_per_mtok: float | None = None
    cache_write_per_mtok: float | None = None


class LogConfig(_Section, frozen=True, kw_only=True):
    """The gateway's own log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: str | None = None
    rotate_mb: float = 10
    keep: int = 5
    json: bool = True


class Config(_Section, frozen=True, kw_only=True):
    """The whole file."""

    server: Server = Server()
    providers: dict[str, ProviderConfig] = {}
    routes: dict[str, RouteConfig] = {}
    keys: dict[str, KeyConfig] = {}
    limits: dict[str, Limits] = {}  # by model: a name, a glob or /regex/, as asked or as sent
    health: HealthConfig = HealthConfig()
    recording: RecordingConfig = RecordingConfig()
    prices: dict[str, Price] = {}
    log: LogConfig = LogConfig()
