"""Turns an exchange into the rows to write: scrubbed, bounded, cut into pieces, compressed."""

from collections.abc import Callable, Sequence

import msgspec

from llmgate.config.credentials import Scrubber, kept_query, kept_url
from llmgate.exchange import Exchange
from llmgate.recording.hidden import has_escapes, hides, text_without_secrets, without_hidden
from llmgate.store.codec import SHARED, Packer, Rest, timing_bytes
from llmgate.store.compressed import unfit
from llmgate.store.cutting import LEAST
from llmgate.store.rows import Row, bounded, clean, mapped, plain, to_row, untrusted_text
from llmgate.store.sharing import Sharing
from llmgate.wire.exchanges import LIVE, Attempt, ExchangeDetail, ExchangeSummary

DETAILS, REQUEST, SENT, ANSWER = range(4)
PARTS_PER_EXCHANGE = 8

_SHARED_PLACES = {REQUEST, SENT}
_ROW_BYTES = 500  # about, with its places in the indexes
_MAX_ITEMS = 200  # of attempts, marks, hints
_MAX_USAGE = 20_000
_JOINED = 1 << 18  # more than this is not joined to be asked about together


class Entry:
    """An exchange on its way into the file, and what is known to be there already."""

    __slots__ = (
        "detail",
        "ended",
        "exchange",
        "id",
        "inserted",
        "keep",
        "queued",
        "request_written",
        "seq",
        "writing_request",
    )

    def __init__(self, exchange: Exchange) -> None:
        self.id = exchange.id
        self.exchange: Exchange | None = exchange
        self.detail: ExchangeDetail | None = (
            None  # instead of the exchange, once its bodies are given up
        )
        self.ended = False  # the store has been told so
        self.seq = 0  # the row's number, given when it is first written
        self.keep = True
        self.queued = 0  # bytes it holds while it waits
        self.inserted = False
        self.request_written = False
        self.writing_request = False

    def summary(self) -> ExchangeSummary:
        """The row as it is now."""
        if self.exchange is not None:
            return self.exchange.summary()
        if self.detail is None:
            raise TypeError("an entry has an exchange or a detail")
        return self.detail.summary

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
    ended: bool
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
    """The rows of one exchange; ``generations`` are those that its bodies refer to, ``size`` is
    about the bytes that it takes in the file.
    """

    row: Row
    ended: bool
    parts: list[Row]
    pieces: list[Row] = []
    generations: list[int] = []
    size: int = _ROW_BYTES


def job_of(entry: Entry, *, bodies: bool) -> Job:
    """Takes what is needed from the exchange as it is now."""
    exchange = entry.exchange
    if exchange is None:
        return _frozen_job(entry)
    job = Job(entry.seq, _summary(exchange, ended=entry.ended), _rest(exchange), entry.ended)
    if bodies and entry.keep:
        if exchange.request_body and not entry.request_written:
            job.request = exchange.request_body
        if entry.ended:
            job.sent = exchange.sent_body
            job.chunks, job.chunk_us = exchange.chunks, exchange.chunk_us
    return job


def _frozen_job(entry: Entry) -> Job:
    if entry.detail is None:
        raise TypeError("an entry has an exchange or a detail")
    return Job(entry.seq, entry.detail.summary, _rest(entry.detail), entry.ended)


def _summary(exchange: Exchange, *, ended: bool) -> ExchangeSummary:
    """The row as it is now; it has ended, and costs, when the store is told so and not before."""
    summary = exchange.summary()
    if ended or summary.state in LIVE:
        return summary
    return msgspec.structs.replace(summary, state="streaming")


def _rest(source: Exchange | ExchangeDetail) -> Rest:
    query = source.query
    return Rest(
        kept_query(query) if query else "",
        list(source.request_headers),
        list(source.sent_headers),
        list(source.received_headers),
        list(source.response_headers),
        [_safe_attempt(attempt) for attempt in source.attempts[:_MAX_ITEMS]],
        source.marks[:_MAX_ITEMS],
        source.config_version,
        source.hints[:_MAX_ITEMS],
        source.usage_raw[:_MAX_USAGE],
    )


def _safe_attempt(attempt: Attempt) -> Attempt:
    if "?" not in attempt.url and "@" not in attempt.url:
        return attempt
    return msgspec.structs.replace(attempt, url=kept_url(attempt.url))


class Need(msgspec.Struct, frozen=True):
    """What some jobs together call for: secrets are in them, or they have to be read to know."""

    scrub: bool
    read: bool


class Encoder:
    """Encodes jobs for one thread at a time; the scrubber may be exchanged in between."""

    def __init__(self, scrubber: Scrubber, sharing: Sharing, thorough: int = 3) -> None:
        self.scrubber = scrubber
        self._sharing = sharing
        self._packer = Packer(thorough)

    def encode(self, jobs: Sequence[Job]) -> list[Written]:
        """The rows of some jobs; small jobs are asked about secrets together."""
        texts = [untrusted_text(job.summary) for job in jobs]
        parts = [self._parts(job) for job in jobs]
        need = self._need(texts, parts)
        return [self._written(*one, need=need) for one in zip(jobs, texts, parts, strict=True)]

    def row(self, summary: ExchangeSummary) -> Row:
        """The row alone, without a number."""
        text = untrusted_text(summary)
        scrub = not self.scrubber.surely_clean(text.encode("utf-8", "replace"))
        return self._row(0, summary, text, scrub=scrub)

    def _row(self, seq: int, summary: ExchangeSummary, text: str, *, scrub: bool) -> Row:
        row = to_row(seq, summary)
        if scrub or "%" in text or "\\u00" in text:  # before it is cut: a cut secret is none
            row = mapped(row, lambda one: text_without_secrets(one, self.scrubber))
        return row if plain(text) else bounded(row)

    def _need(self, texts: list[str], parts: list[list[tuple[int, bytes]]]) -> Need:
        pieces = [data for of_one in parts for _, data in of_one]
        if sum(map(len, pieces)) > _JOINED:
            return Need(scrub=True, read=True)
        pieces.append("\n".join(texts).encode("utf-8", "replace"))
        joined = b"\n".join(pieces)
        return Need(scrub=not self.scrubber.surely_clean(joined), read=has_escapes(joined))

    def _written(
        self, job: Job, text: str, parts: list[tuple[int, bytes]], *, need: Need
    ) -> Written:
        row = self._row(job.seq, job.summary, text, scrub=need.scrub)
        parts = [(place, self._scrubbed(place, data, need=need)) for place, data in parts]
        written = Written(row, job.ended, [], [], [])
        for part in parts:
            self._put(written, job.seq, *part)
        return written

    def _scrubbed(self, part_id: int, data: bytes, *, need: Need) -> bytes:
        found = self.scrubber.scrub(data) if need.scrub else data
        place = part_id % PARTS_PER_EXCHANGE
        if place == DETAILS:  # packed: only texts of it can be changed
            return found
        if not need.read and data[:1] == b"{" and b"\n" not in data:
            return found  # one value without escapes: it reads as it is written
        return without_hidden(found, self.scrubber)

    def _put(self, written: Written, seq: int, part_id: int, data: bytes) -> None:
        """Adds a part; long requests are cut into pieces that others may share."""
        if len(data) >= LEAST and part_id % PARTS_PER_EXCHANGE in _SHARED_PLACES:
            shared = self._sharing.share(seq, part_id, data, self._packer)
            written.parts.append((part_id, SHARED, len(data), shared.data))
            written.pieces += shared.pieces
            written.generations.append(shared.generation)
            written.size += len(shared.data) + sum(len(piece[3]) + 24 for piece in shared.pieces)
        else:
            codec, size, packed = self._packer.pack_part(part_id, data)
            written.parts.append((part_id, codec, size, packed))
            written.size += len(packed)

    def _parts(self, job: Job) -> list[tuple[int, bytes]]:
        base = job.seq * PARTS_PER_EXCHANGE
        chunks = job.chunks
        if chunks and (why := unfit(job.rest.received_headers, chunks, self.scrubber)):
            job.rest.hints.append(why)
            chunks = ()
        if chunks:
            job.rest.timing = timing_bytes(chunks, job.chunk_us)
        parts = [(base + DETAILS, self._details(job.rest))]
        if job.request:
            parts.append((base + REQUEST, job.request))
        if job.sent is not None:
            parts.append((base + SENT, job.sent))
        if chunks:
            parts.append((base + ANSWER, chunks[0] if len(chunks) == 1 else b"".join(chunks)))
        return parts

    def _details(self, rest: Rest) -> bytes:
        try:
            data = self._packer.encode(rest)
        except UnicodeEncodeError:  # lone surrogates
            rest = _mapped(rest, clean)
            data = self._packer.encode(rest)
        if hides(data, self.scrubber):
            rest = _mapped(rest, lambda text: text_without_secrets(text, self.scrubber))
            data = self._packer.encode(rest)
        return data


def _mapped(rest: Rest, change: Callable[[str], str]) -> Rest:
    """The same with ``change`` applied to each text."""

    def pairs(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(change(name), change(value)) for name, value in headers]

    return Rest(
        change(rest.query),
        pairs(rest.request_headers),
        pairs(rest.sent_headers),
        pairs(rest.received_headers),
        pairs(rest.response_headers),
        [
            msgspec.structs.replace(
                attempt,
                model=change(attempt.model),
                url=change(attempt.url),
                error=change(attempt.error),
            )
            for attempt in rest.attempts
        ],
        rest.marks,
        rest.config_version,
        [change(hint) for hint in rest.hints],
        change(rest.usage_raw),
        rest.timing,
    )
