"""Turns an exchange into the rows to write: scrubbed, bounded, compressed."""

from collections.abc import Sequence

import msgspec

from llmgate.config.credentials import Scrubber, kept_query, kept_url
from llmgate.exchange import Exchange
from llmgate.store.codec import Packer, Rest, timing_bytes
from llmgate.store.rows import Row, bounded, clean, mapped, plain, to_row, untrusted_text
from llmgate.wire.exchanges import Attempt, ExchangeDetail, ExchangeSummary

REQUEST, SENT, ANSWER = 0, 1, 2
PARTS_PER_EXCHANGE = 8

_MAX_ITEMS = 200  # of attempts, marks, hints


class Entry:
    """An exchange on its way into the file, and what is known to be there already."""

    __slots__ = ("detail", "exchange", "id", "inserted", "keep", "queued", "request_written", "seq")

    def __init__(self, exchange: Exchange) -> None:
        self.id = exchange.id
        self.exchange: Exchange | None = exchange
        self.detail: ExchangeDetail | None = (
            None  # instead of the exchange, once its bodies are given up
        )
        self.seq = 0  # the row's number, given when it is first written
        self.keep = True
        self.queued = 0  # bytes it holds while it waits
        self.inserted = False
        self.request_written = False

    @property
    def live(self) -> bool:
        """Still on its way."""
        return self.exchange is not None and self.exchange.live

    def freeze(self) -> None:
        """Keeps the row and lets go of the bodies."""
        if self.exchange is not None:
            self.detail = self.exchange.detail()
            self.exchange = None


class Job(msgspec.Struct):
    """What is to be written of one entry, taken on the event loop; the bytes are immutable."""

    seq: int
    summary: ExchangeSummary
    rest: Rest
    request: bytes | None = None
    sent: bytes | None = None
    chunks: Sequence[bytes] = ()
    chunk_us: Sequence[int] = ()

    @property
    def size(self) -> int:
        """Bytes that have to be scrubbed and compressed."""
        answer = self.summary.response_bytes if self.chunks else 0
        return len(self.request or b"") + len(self.sent or b"") + answer


class Written(msgspec.Struct):
    """The rows of one exchange."""

    row: Row
    details: Row
    bodies: list[Row]


def job_of(entry: Entry, *, bodies: bool) -> Job:
    """Takes what is needed from the exchange as it is now."""
    exchange = entry.exchange
    if exchange is None:
        return _frozen_job(entry)
    job = Job(entry.seq, exchange.summary(), _rest(exchange))
    if bodies and entry.keep:
        if exchange.request_body and not entry.request_written:
            job.request = exchange.request_body
        if not exchange.live:
            job.sent = exchange.sent_body
            job.chunks = exchange.chunks
    if not exchange.live:
        job.chunk_us = exchange.chunk_us
    return job


def _frozen_job(entry: Entry) -> Job:
    assert entry.detail is not None
    return Job(entry.seq, entry.detail.summary, _rest_of_detail(entry.detail))


def _rest(exchange: Exchange) -> Rest:
    query = exchange.query
    return Rest(
        kept_query(query) if query else "",
        list(exchange.request_headers),
        list(exchange.sent_headers),
        list(exchange.received_headers),
        list(exchange.response_headers),
        [_safe_attempt(attempt) for attempt in exchange.attempts[:_MAX_ITEMS]],
        exchange.marks[:_MAX_ITEMS],
        exchange.config_version,
        exchange.hints[:_MAX_ITEMS],
        exchange.usage_raw[:20_000],
    )


def _rest_of_detail(detail: ExchangeDetail) -> Rest:
    return Rest(
        kept_query(detail.query),
        detail.request_headers,
        detail.sent_headers,
        detail.received_headers,
        detail.response_headers,
        [_safe_attempt(attempt) for attempt in detail.attempts[:_MAX_ITEMS]],
        detail.marks[:_MAX_ITEMS],
        detail.config_version,
        detail.hints[:_MAX_ITEMS],
        detail.usage_raw[:20_000],
    )


def _safe_attempt(attempt: Attempt) -> Attempt:
    if "?" not in attempt.url and "@" not in attempt.url:
        return attempt
    return msgspec.structs.replace(attempt, url=kept_url(attempt.url))


class Encoder:
    """Encodes jobs, one at a time; the scrubber may be exchanged between two."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.scrubber = scrubber
        self._packer = Packer()

    def encode(self, job: Job) -> Written:
        """The rows of a job."""
        return Written(self._row(job), self._details(job), self._bodies(job))

    def _row(self, job: Job) -> Row:
        row = to_row(job.seq, job.summary)
        text = untrusted_text(job.summary)
        if not plain(text):
            row = bounded(row)
            text = clean(text)
        if self.scrubber.scrub_text(text) is not text:
            row = mapped(row, self.scrubber.scrub_text)
        return row

    def _details(self, job: Job) -> Row:
        try:
            encoded = self._packer.encode(job.rest)
        except UnicodeEncodeError:  # lone surrogates
            encoded = self._packer.encode(_cleaned(job.rest))
        data = self._packer.pack_small(self.scrubber.scrub(encoded))
        if not job.chunks:
            return (job.seq, data, b"")
        return (job.seq, data, self._packer.pack_small(timing_bytes(job.chunks, job.chunk_us)))

    def _bodies(self, job: Job) -> list[Row]:
        rows = []
        base = job.seq * PARTS_PER_EXCHANGE
        if job.request:
            rows.append(self._body(base + REQUEST, job.request))
        if job.sent is not None:
            rows.append(self._body(base + SENT, job.sent))
        if job.chunks:
            chunks = job.chunks
            answer = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            rows.append(self._body(base + ANSWER, answer))
        return rows

    def _body(self, place: int, data: bytes) -> Row:
        codec, packed = self._packer.pack(self.scrubber.scrub(data))
        return (place, codec, len(data), packed)


def _cleaned(rest: Rest) -> Rest:
    """The same without what UTF-8 cannot carry."""

    def pairs(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(clean(name), clean(value)) for name, value in headers]

    return Rest(
        clean(rest.query),
        pairs(rest.request_headers),
        pairs(rest.sent_headers),
        pairs(rest.received_headers),
        pairs(rest.response_headers),
        [
            msgspec.structs.replace(
                attempt,
                model=clean(attempt.model),
                url=clean(attempt.url),
                error=clean(attempt.error),
            )
            for attempt in rest.attempts
        ],
        rest.marks,
        rest.config_version,
        [clean(hint) for hint in rest.hints],
        clean(rest.usage_raw),
    )
