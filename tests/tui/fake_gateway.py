"""A gateway for the terminal UI's tests: the control API over a plain socket, able to misbehave."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from llmgate.wire.chat import ChatRequest, ChatView, Message, Part
from llmgate.wire.exchanges import (
    LIVE,
    Chunk,
    ExchangeDetail,
    ExchangePage,
    ExchangeSummary,
    Growth,
    Mark,
)
from llmgate.wire.feed import Bye, Changes, FeedEvent, Gap, Heartbeat, Notice, Snapshot
from llmgate.wire.gateway import ConfigView, ProviderView, RouteView, Status
from llmgate.wire.keeping import Annotation
from tests.tui import sample

TOKEN: Final = "test-token"
BODY: Final = b'{"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hi"}]}'
_ENCODER: Final = msgspec.json.Encoder()
_REASONS: Final = {200: "OK", 401: "Unauthorized", 404: "Not Found", 503: "Busy"}


class Asked(msgspec.Struct, frozen=True):
    """A request that was not a plain GET."""

    method: str
    path: str  # below /admin/v1
    body: bytes
    etag: str


class Reply(msgspec.Struct, frozen=True):
    """An answer with a status of its own."""

    code: int
    body: object


class FakeGateway:
    """Serves rows; ``push`` sends feed events, ``drop`` cuts every feed, ``stop`` and ``start``."""

    def __init__(self, rows: list[ExchangeSummary] | None = None, state: Status | None = None):
        self.rows = rows or []
        self.state = state or sample.status()
        self.seq = 1
        self.requests: list[str] = []
        self.last_event_ids: list[str] = []
        self.refuse_token = False
        self.refusal = "wrong admin token"
        self.refusal_status = 401
        self.silent = False  # accepts, then says nothing
        self.foreign = False  # answers like some other program
        self.routes: list[RouteView] = []
        self.providers: list[ProviderView] = sample.providers()  # of the snapshot
        self.notices: list[Notice] = []  # of the snapshot
        self.answers: dict[str, object] = {}  # path of the control API: what it answers, or bytes
        # (``POST keys`` comes before ``keys``; a ``Reply`` has its own status)
        self.asked: list[Asked] = []
        self.holding: dict[str, set[str]] = {}  # ``body hello`` or ``header a=b``: who has it
        self.bodies: dict[str, bytes] = {}  # request bodies in place of what every row has
        self.headers: dict[str, str] = {}  # of the answers to POST recordings/export
        self.details: dict[str, ExchangeDetail] = {}  # in place of what every row has
        self.chunks: dict[str, list[Chunk]] = {}
        self.port = 0
        self._server: asyncio.Server | None = None
        self._feeds: set[asyncio.StreamWriter] = set()
        self._all: set[asyncio.StreamWriter] = set()
        self._opened = asyncio.Condition()
        self._feeds_opened = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listens, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Dies: nobody listens, every connection breaks."""
        if self._server is not None:
            self._server.close()
        self.drop(everything=True)
        if self._server is not None:
            await self._server.wait_closed()

    def drop(self, *, everything: bool = False) -> None:
        """Breaks the feeds as a killed process does, without ``bye``."""
        for writer in list(self._all if everything else self._feeds):
            writer.transport.abort()
        self._feeds.clear()

    def end(self) -> None:
        """Ends the feeds like a proper end of a body, still without ``bye``."""
        for writer in list(self._feeds):
            writer.close()
        self._feeds.clear()

    async def wait_feed(self, count: int = 1) -> None:
        """Returns when the feed has been opened ``count`` times."""
        async with self._opened:
            await self._opened.wait_for(lambda: self._feeds_opened >= count)

    # -- what it says --------------------------------------------------------

    def push(self, event: FeedEvent) -> None:
        """Sends an event to every feed."""
        for writer in list(self._feeds):
            writer.write(_sse(event))

    def change(self, *rows: ExchangeSummary, state: Status | None = None) -> None:
        """New or changed rows, kept and sent."""
        held = {row.id: row for row in self.rows}
        held.update((row.id, row) for row in rows)
        self.rows = list(held.values())
        self.state = state or self.state
        self.seq += 1
        self.push(Changes(seq=self.seq, exchanges=list(rows), status=state))

    def beat(self) -> None:
        """A heartbeat."""
        self.push(Heartbeat(seq=self.seq, status=self.state))

    def lose(self, *rows: ExchangeSummary) -> None:
        """Rows that only the list knows, and a gap."""
        self.rows = [*self.rows, *rows]
        self.seq += len(rows)
        self.push(Gap(first=self.seq - len(rows) + 1, last=self.seq))

    def leave(self, reason: str = "shutting down") -> None:
        """Ends the feeds on purpose."""
        self.push(Bye(reason=reason))
        self.end()

    def raw(self, data: bytes) -> None:
        """Any bytes into every feed."""
        for writer in list(self._feeds):
            writer.write(data)

    # -- HTTP ----------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._all.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if not await self._answer(head.decode("latin-1"), reader, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._all.discard(writer)
            self._feeds.discard(writer)
            writer.close()

    async def _answer(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        request, *lines = head.split("\r\n")
        target = request.split(" ")[1]
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        method = request.split(" ")[0]
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = urlsplit(target).path.removeprefix("/admin/v1/")
        self.requests.append(target)
        if method != "GET":
            self.asked.append(Asked(method, path, body, headers.get("if-match", "")))
        if self.foreign:
            _send(writer, 200, b"<html>hello</html>")
        elif self.refuse_token or headers.get("authorization") != f"Bearer {TOKEN}":
            _send(writer, self.refusal_status, _ENCODER.encode({"detail": self.refusal}))
        elif target.startswith("/admin/v1/events"):
            await self._feed(headers.get("last-event-id", ""), reader, writer)
            return False
        elif "/stream?" in target:
            await self._stream(target.split("/")[4], reader, writer)
            return False
        else:
            self._resource(method, target, writer)
        await writer.drain()
        return True

    async def _feed(
        self, last: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Close-delimited, so that a death looks like a proper end."""
        self.last_event_ids.append(last)
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
        )
        if not self.silent:
            writer.write(
                _sse(
                    Snapshot(
                        seq=self.seq,
                        status=self.state,
                        exchanges=self.rows[-500:],
                        providers=self.providers,
                        notices=self.notices,
                    )
                )
            )
        self._feeds.add(writer)
        async with self._opened:
            self._feeds_opened += 1
            self._opened.notify_all()
        await reader.read()

    async def _stream(
        self, id_: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """What an open exchange has so far; stays open while it is live."""
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        row = next((row for row in self.rows if row.id == id_), None)
        if row is None:
            return
        growth = Growth(summary=row, done=row.state not in LIVE)
        writer.write(b"event: growth\ndata: " + _ENCODER.encode(growth) + b"\n\n")
        if not growth.done:
            await reader.read()

    def _resource(self, method: str, target: str, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/admin/v1/")
        answer = self.answers.get(f"{method} {path}")
        if answer is None and path == "exchanges/annotate":
            answer = self._annotate(msgspec.json.decode(self.asked[-1].body, type=Annotation))
        answer = self._look_up(path, query) if answer is None else answer
        if isinstance(answer, Reply):
            _send(writer, answer.code, _ENCODER.encode(answer.body))
        elif answer is None:
            _send(writer, 404, b'{"detail":"no such exchange"}')
        else:
            more = self.headers if path == "recordings/export" else {}
            data = answer if isinstance(answer, bytes) else _ENCODER.encode(answer)
            _send(writer, 200, data, more)

    def _annotate(self, said: Annotation) -> list[ExchangeSummary]:
        rows = [_annotated(row, said) for row in self.rows if row.id in set(said.ids)]
        self.change(*rows)
        return rows

    def _look_up(self, path: str, query: dict[str, str]) -> object:
        if path in self.answers or path == "status":
            return self.answers.get(path, self.state)
        if path == "config":
            return ConfigView(version=12, file="config.yaml", loaded_ms=sample.NOON_MS)
        if path in {"routes", "exchanges"}:
            return self.routes if path == "routes" else self._page(query)
        _, _, rest = path.partition("exchanges/")
        id_, _, what = rest.partition("/")
        return self._part(id_, what)

    def _part(self, id_: str, what: str) -> object:
        own: dict[str, Mapping[str, object]] = {
            "body": self.bodies,
            "chunks": self.chunks,
            "": self.details,
        }
        if id_ in own.get(what, {}):
            return own[what][id_]
        row = next((row for row in self.rows if row.id == id_), None)
        return None if row is None else _of(row, what)

    def _page(self, query: dict[str, str]) -> ExchangePage:
        since, limit = int(query.get("since_ms", 0)), int(query.get("limit", 100))
        start = int(query.get("cursor", 0))
        until = int(query.get("until_ms", 1 << 60))
        rows = [row for row in reversed(self.rows) if since <= row.started_ms < until]
        for kind in ("body", "header", "text"):
            if kind in query:
                had = self.holding.get(f"{kind} {query[kind]}", set())
                rows = [row for row in rows if row.id in had]
        if "marked" in query:
            rows = [row for row in rows if row.marked]
        if "error_type" in query:
            rows = [row for row in rows if row.error_type or (row.status or 0) >= 400]
        more = str(start + limit) if len(rows) > start + limit else ""
        return ExchangePage(exchanges=rows[start : start + limit], cursor=more)


def _annotated(row: ExchangeSummary, said: Annotation) -> ExchangeSummary:
    tags = [tag for tag in row.tags.split(",") if tag and tag not in said.remove_tags]
    return msgspec.structs.replace(
        row,
        marked=row.marked if said.marked is None else said.marked,
        note=row.note if said.note is None else said.note,
        tags=",".join(dict.fromkeys([*tags, *said.add_tags])),
    )


def _of(row: ExchangeSummary, what: str) -> object:
    if what == "body":
        return BODY
    if what == "chat":
        asked = Message(role="user", parts=[Part(kind="text", text="Hi")])
        return ChatView(
            request=ChatRequest(messages=[asked]), answer=[Part(kind="text", text="Hello there.")]
        )
    if what == "chunks":
        return [Chunk(n=0, at_us=412_000, size=5, text="data:")]
    if what:
        return None
    return ExchangeDetail(
        summary=row,
        query="beta=true",
        request_headers=[
            ("content-type", "application/json"),
            ("authorization", "***"),
            ("anthropic-version", "2023-06-01"),
        ],
        marks=[Mark("accepted", 0), Mark("first_byte", 412_000)],
    )


def _sse(event: FeedEvent) -> bytes:
    data = _ENCODER.encode(event)
    name = event.__struct_config__.tag
    number = getattr(event, "seq", None)
    id_line = f"id: {number}\n".encode() if number is not None else b""
    return f"event: {name}\n".encode() + id_line + b"data: " + data + b"\n\n"


def _send(
    writer: asyncio.StreamWriter, code: int, body: bytes, more: dict[str, str] | None = None
) -> None:
    head = f"HTTP/1.1 {code} {_REASONS.get(code, 'Other')}\r\ncontent-length: {len(body)}"
    head += "".join(f"\r\n{name}: {value}" for name, value in (more or {}).items())
    writer.write(f"{head}\r\n\r\n".encode() + body)


@contextlib.asynccontextmanager
async def gateway(
    rows: list[ExchangeSummary] | None = None, state: Status | None = None
) -> AsyncIterator[FakeGateway]:
    """A running fake gateway."""
    fake = FakeGateway(rows, state)
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()
