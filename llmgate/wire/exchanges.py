"""Exchanges as the control API gives them: a row of the list, the detail, chunks, live deltas."""

from typing import Literal

import msgspec

from llmgate.wire.blocks import Basis, BlockEvent

State = Literal["queued", "waiting", "streaming", "finished", "failed", "cut", "cancelled"]
"""The first three are live (``queued``: a concurrency limit is full); the rest are endings."""

LIVE: frozenset[str] = frozenset({"queued", "waiting", "streaming"})

Protocol = Literal[
    "openai.chat",
    "openai.completions",
    "openai.responses",
    "openai.embeddings",
    "openai.models",
    "openai.raw",
    "anthropic.messages",
    "anthropic.count_tokens",
    "gemini",
    "ollama",
    "raw",
]
Side = Literal["caller", "upstream"]


class ExchangeSummary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One row of the traffic list. Times are microseconds since ``started_ms`` (epoch ms).

    ``None`` is unknown (shown as ``-``), never 0. ``usage_basis`` and ``cost_basis`` say where the
    numbers come from; a cost computed from reported tokens and a known price is ``reported`` with
    ``price_source`` naming the price list. ``output_tokens`` of a live exchange is an estimate.
    """

    id: str
    started_ms: int
    state: State
    method: str
    path: str
    protocol: Protocol
    status: int | None = None
    stream: bool = False
    transport: str = ""  # sse, json, ndjson, raw
    client: str = ""
    key: str = ""
    session: str = ""
    route: str = ""
    provider: str = ""
    model: str = ""  # as asked
    served: str = ""  # as sent upstream
    attempts: int = 0
    ttfb_us: int | None = None
    total_us: int | None = None
    own_us: int | None = None  # the gateway's own share of total_us
    request_bytes: int = 0
    response_bytes: int = 0
    chunks: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    usage_basis: Basis = "unknown"
    cost_usd: float | None = None
    cost_basis: Basis = "unknown"
    price_source: str = ""  # provider, config, table
    finish: str = ""
    tool_calls: int = 0
    error_type: str = ""
    error: str = ""
    repeat: int = 0  # how many equal requests came just before: a runaway shows
    limited_by: str = ""  # the limit of ours that refused or held it: "key ide: requests_per_day"
    queued_us: int | None = None  # how long it waited for a limit's concurrency
    parent: str = ""  # the exchange this one sends again
    replay: str = ""  # the replay it belongs to, or `import`
    replay_target: int | None = None  # the number of its target in the replay, from 0
    marked: bool = False  # kept whatever the caps say
    tags: str = ""  # words with commas between them
    note: str = ""
    exported: bool = False  # a recording was made of it: kept, too


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try at one provider; ``weight`` and ``share`` (0 to 1) are of the moment of choice."""

    provider: str
    model: str = ""
    url: str = ""
    started_us: int = 0
    ended_us: int | None = None
    status: int | None = None
    error_type: str = ""
    error: str = ""
    retry_after_s: float | None = None
    weight: int | None = None
    share: float | None = None


class Mark(msgspec.Struct, frozen=True):
    """A moment of an exchange: microseconds since it started."""

    name: str  # accepted, body, planned, sent, head, first_byte, last_byte, done
    at_us: int


class ExchangeDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything kept of an exchange but its bodies and chunks. Headers are allowlisted and
    scrubbed.
    """

    summary: ExchangeSummary
    query: str = ""
    request_headers: list[tuple[str, str]] = []  # caller -> gateway
    sent_headers: list[tuple[str, str]] = []  # gateway -> provider
    received_headers: list[tuple[str, str]] = []  # provider -> gateway
    response_headers: list[tuple[str, str]] = []  # gateway -> caller
    attempts: list[Attempt] = []
    marks: list[Mark] = []
    config_version: int = 0
    hints: list[str] = []
    usage_raw: str = ""  # the provider's own usage object, as JSON text
    request_kept: bool = True  # bodies may be missing: metadata only, dropped or aged out
    response_kept: bool = True


class Chunk(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wire chunk of the answer as it arrived: its number, when (us since start), its text.

    ``text`` is UTF-8 with replacement characters where a chunk splits a character.
    """

    n: int
    at_us: int
    size: int
    text: str


class ExchangePage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of the list, newest first; ``cursor`` asks for the next one, empty at the end."""

    exchanges: list[ExchangeSummary]
    cursor: str = ""
    total: int | None = None


class Growth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has been added to an open exchange since the last message of its stream."""

    summary: ExchangeSummary
    chunks: list[Chunk] = []
    blocks: list[BlockEvent] = []
    done: bool = False
