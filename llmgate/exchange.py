"""The exchange: one request and its answer, the object that travels the flow and collects timings.

It is told the time (``clock_us``: microseconds since the exchange began) and decides nothing. The
bytes of the answer are kept as the wire chunks they arrived in, each with its moment.
"""

from array import array
from collections.abc import Sequence

from llmgate.errors import ErrorType
from llmgate.wire.blocks import Basis, Usage
from llmgate.wire.exchanges import (
    LIVE,
    Attempt,
    ExchangeDetail,
    ExchangeSummary,
    Mark,
    Protocol,
    State,
)

Headers = Sequence[tuple[str, str]]


class Exchange:
    """Mutable while it lives; ``summary()`` and ``detail()`` give frozen views at any moment."""

    __slots__ = (
        "attempts",
        "chunk_us",
        "chunks",
        "client",
        "config_version",
        "cost_basis",
        "cost_usd",
        "done_us",
        "error",
        "error_type",
        "exported",
        "finish",
        "hints",
        "id",
        "key",
        "limited_by",
        "marked",
        "marks",
        "method",
        "model",
        "note",
        "output_estimate",
        "parent",
        "path",
        "price_source",
        "protocol",
        "provider",
        "query",
        "queued_us",
        "received_headers",
        "repeat",
        "replay",
        "replay_target",
        "request_body",
        "request_headers",
        "response_bytes",
        "response_headers",
        "route",
        "sent_body",
        "sent_headers",
        "served",
        "session",
        "started_ms",
        "started_ns",
        "state",
        "status",
        "stream",
        "tags",
        "tool_calls",
        "transport",
        "ttfb_us",
        "upstream_us",
        "usage",
        "usage_basis",
        "usage_raw",
    )

    def __init__(  # noqa: PLR0913, PLR0915 - every field of the journey, set once
        self,
        *,
        id: str,  # noqa: A002
        started_ms: int,
        started_ns: int,
        method: str,
        path: str,
        query: str,
        protocol: Protocol,
    ) -> None:
        self.id = id
        self.started_ms = started_ms  # epoch milliseconds
        self.started_ns = started_ns  # of the monotonic clock
        self.method = method
        self.path = path
        self.query = query
        self.protocol = protocol
        self.state: State = "waiting"
        self.status: int | None = None
        self.stream = False
        self.transport = ""
        self.client = ""
        self.key = ""
        self.session = ""
        self.route = ""
        self.provider = ""
        self.model = ""
        self.served = ""
        self.config_version = 0
        self.request_headers: Headers = ()
        self.sent_headers: Headers = ()
        self.received_headers: Headers = ()
        self.response_headers: Headers = ()
        self.request_body = b""
        self.sent_body: bytes | None = None  # None: the same bytes as request_body
        self.chunks: list[bytes] = []
        self.chunk_us = array("q")
        self.response_bytes = 0
        self.attempts: list[Attempt] = []
        self.marks: list[Mark] = []
        self.hints: list[str] = []
        self.ttfb_us: int | None = None
        self.done_us: int | None = None
        self.upstream_us = 0  # time spent waiting for the provider
        self.usage = Usage()
        self.usage_basis: Basis = "unknown"
        self.usage_raw = ""
        self.output_estimate: int | None = None
        self.cost_usd: float | None = None
        self.cost_basis: Basis = "unknown"
        self.price_source = ""
        self.finish = ""
        self.tool_calls = 0
        self.error_type: ErrorType | None = None
        self.error = ""
        self.repeat = 0
        self.limited_by = ""  # the limit of ours that refused or held it
        self.queued_us: int | None = None  # time spent waiting for a limit's concurrency
        self.parent = ""  # the exchange this one sends again
        self.replay = ""  # the replay it belongs to
        self.replay_target: int | None = None  # which of the replay's targets this is
        self.marked = self.exported = False  # what people say of it: see store/annotations.py
        self.tags = self.note = ""

    @property
    def live(self) -> bool:
        """Still on its way."""
        return self.state in LIVE

    @property
    def own_us(self) -> int | None:
        """The gateway's own share of the whole, in microseconds; None while live."""
        if self.done_us is None:
            return None
        return max(0, self.done_us - self.upstream_us - (self.queued_us or 0))

    def mark(self, name: str, at_us: int) -> None:
        """Notes a moment."""
        self.marks.append(Mark(name, at_us))

    def chunk(self, data: bytes, at_us: int) -> None:
        """Keeps a wire chunk of the answer."""
        self.chunks.append(data)
        self.chunk_us.append(at_us)
        self.response_bytes += len(data)

    def fail(self, error_type: ErrorType, message: str, state: State = "failed") -> None:
        """Says how it ended badly; what has ended before stays as it ended."""
        if self.live:
            self.state = state
            self.error_type = error_type
            self.error = message

    def summary(self) -> ExchangeSummary:
        """The row of the traffic list; the output of a live exchange is an estimate."""
        usage, output, basis = self.usage, self.usage.output_tokens, self.usage_basis
        if self.output_estimate is not None and self.live:
            output, basis = max(self.output_estimate, output or 0), "estimated"
        return ExchangeSummary(
            id=self.id,
            started_ms=self.started_ms,
            state=self.state,
            method=self.method,
            path=self.path,
            protocol=self.protocol,
            status=self.status,
            stream=self.stream,
            transport=self.transport,
            client=self.client,
            key=self.key,
            session=self.session,
            route=self.route,
            provider=self.provider,
            model=self.model,
            served=self.served,
            attempts=len(self.attempts),
            ttfb_us=self.ttfb_us,
            total_us=self.done_us,
            own_us=self.own_us,
            request_bytes=len(self.request_body),
            response_bytes=self.response_bytes,
            chunks=len(self.chunks),
            input_tokens=usage.input_tokens,
            output_tokens=output,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            usage_basis=basis,
            cost_usd=self.cost_usd,
            cost_basis=self.cost_basis,
            price_source=self.price_source,
            finish=self.finish,
            tool_calls=self.tool_calls,
            error_type=self.error_type or "",
            error=self.error,
            repeat=self.repeat,
            limited_by=self.limited_by,
            queued_us=self.queued_us,
            parent=self.parent,
            replay=self.replay,
            replay_target=self.replay_target,
            marked=self.marked,
            tags=self.tags,
            note=self.note,
            exported=self.exported,
        )

    def detail(self) -> ExchangeDetail:
        """Everything but bodies and chunks."""
        return ExchangeDetail(
            summary=self.summary(),
            query=self.query,
            request_headers=list(self.request_headers),
            sent_headers=list(self.sent_headers),
            received_headers=list(self.received_headers),
            response_headers=list(self.response_headers),
            attempts=list(self.attempts),
            marks=list(self.marks),
            config_version=self.config_version,
            hints=list(self.hints),
            usage_raw=self.usage_raw,
        )
