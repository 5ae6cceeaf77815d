"""Replays: recorded requests sent again, to the same or to other providers, and the matrix of what
came of it.

A replay sends every source exchange ``times`` times to every target. Tools are never executed: each
turn of a conversation is sent with the context that was recorded.
"""

from typing import Literal

import msgspec

from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import ExchangeSummary, State

ReplayState = Literal["running", "stopped", "finished", "limit", "failed"]
"""``stopped`` by a person or because the gateway ended, ``limit``: ``limit_usd`` is reached; both
can be resumed. ``failed``: nothing could be sent at all, ``problem`` says why.
"""

Timing = Literal["fast", "recorded"]

MAX_SOURCES = 2_000
MAX_TIMES = 100
MAX_CONCURRENCY = 32
MAX_TARGETS = 16
MAX_REQUESTS = 20_000  # of one replay: sources x targets x times
MAX_REPLAYS = 200  # kept; the oldest that is over goes


class ReplayTarget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``provider/model``; an empty model keeps the one that was asked for.

    An empty provider sends the request as it was asked before: through the routes.
    """

    provider: str = ""
    model: str = ""


def target_name(target: ReplayTarget) -> str:
    """What a target is called: the name of its column."""
    return "/".join(filter(None, (target.provider, target.model))) or "as asked"


class ReplaySpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to send. ``ids`` and ``filter`` name the sources: the filter's names are those of the
    query of ``GET /exchanges``, and its newest ``newest`` matches are taken, oldest first.

    ``set`` replaces top-level fields of the request body, or nested ones by dots
    (``{"temperature": 0, "reasoning.effort": "low"}``); null takes a field away. ``body`` is a
    whole request body instead of the recorded one, for one source only: edit and resend.
    """

    ids: list[str] = []
    filter: dict[str, str] = {}
    newest: int = 100
    targets: list[ReplayTarget] = []
    times: int = 1
    concurrency: int = 1
    set: dict[str, msgspec.Raw] = {}
    timing: Timing = "fast"
    speed: float = 1.0  # of `recorded`: 2 sends in half the time
    limit_usd: float | None = None
    body: str = ""
    name: str = ""


class ReplayRefusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source that a target cannot take: the reason names both protocols."""

    source: str  # id of the exchange
    target: str  # `provider/model`
    reason: str


class TargetEstimate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a target will probably use; ``usd`` is None when no price is known for any of it."""

    target: str
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None
    unpriced: int = 0  # requests that no price is known for


class ReplayEstimate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /replays/estimate``: what would be sent, and what that would cost; nothing is sent.

    ``notes`` are for people: that tools are not executed, that bodies are missing, how long it
    takes. ``takes_s`` is for the timing ``recorded``: gaps and answers as they were recorded.
    """

    sources: int = 0
    requests: int = 0
    targets: list[TargetEstimate] = []
    usd: float | None = None
    refused: list[ReplayRefusal] = []
    notes: list[str] = []
    takes_s: float | None = None


class ReplayView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One replay: ``POST /replays`` starts it, ``GET /replays`` lists them (newest first),
    ``POST /replays/{id}/stop`` and ``/resume``, ``DELETE /replays/{id}`` (its exchanges stay).
    """

    id: str
    created_ms: int
    state: ReplayState
    spec: ReplaySpec
    estimate: ReplayEstimate = msgspec.field(default_factory=ReplayEstimate)
    total: int = 0
    running: int = 0
    done: int = 0  # ended, well or badly
    failed: int = 0
    spent_usd: float | None = None  # None while nothing that ended has a known price
    spent_basis: Basis = "unknown"
    unpriced: int = 0
    ended_ms: int | None = None
    problem: str = ""


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one request at one place; with ``times`` over 1 the medians of its results. What
    was cancelled, or cut as the gateway ended, is no result unless nothing else is there: a resume
    sends it again.

    ``similarity`` (0 to 1) is that of the answer to the original's, None when either has none.
    """

    ids: list[str] = []
    state: State | Literal["pending", "refused"] = "pending"
    status: int | None = None
    ttfb_us: int | None = None
    total_us: int | None = None
    tokens_per_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    usage_basis: Basis = "unknown"
    cost_usd: float | None = None
    cost_basis: Basis = "unknown"
    similarity: float | None = None
    ok: int = 0  # of `ids` that ended well
    error: str = ""


class MatrixRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request: the exchange it was recorded as, and a cell for each column."""

    source: ExchangeSummary
    title: str  # the beginning of its last user text
    cells: list[Cell]


class Matrix(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /replays/{id}/matrix``: the first column is the original. ``totals`` has a cell for
    each column: medians of times and similarity, and what was spent: tokens and cost of all that
    was sent, also of what failed and each of the ``times``.
    """

    replay: ReplayView
    columns: list[str]
    rows: list[MatrixRow]
    totals: list[Cell]
