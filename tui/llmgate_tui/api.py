"""The control API (/admin/v1) as the terminal UI calls it: typed answers or ``ApiProblem``."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from llmgate.wire.chat import ChatView
from llmgate.wire.exchanges import Chunk, ExchangeDetail, ExchangePage, Growth
from llmgate.wire.feed import FeedEvent
from llmgate.wire.gateway import ConfigView, RouteView, Status
from llmgate.wire.safe_text import safe_text
from llmgate.wire.sse import Decoder

BodyPart = Literal["request", "sent", "answer"]

_T = TypeVar("_T")
_MAX_BODY: Final = 256 * 1024 * 1024
_MAX_ERROR: Final = 4 * 1024 * 1024
_FEED: Final[msgspec.json.Decoder[FeedEvent]] = msgspec.json.Decoder(FeedEvent)
_FEED_NAMES: Final = frozenset({"snapshot", "changes", "gap", "heartbeat", "bye"})
_GROWTH: Final = msgspec.json.Decoder(Growth)


class ApiProblem(Exception):
    """The gateway cannot be asked, or refused: ``status`` is 0 when no answer came at all.

    ``message`` is ready for the screen. ``foreign`` says that the answer was none of ours.
    """

    def __init__(
        self, message: str, status: int = 0, *, foreign: bool = False, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.foreign = foreign
        self.body = body  # of the refusal, for those who know its shape


class _ErrorBody(msgspec.Struct):
    """The shapes an error of the control API may have; the first text that is set is shown."""

    detail: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")
    message: msgspec.Raw = msgspec.Raw(b"null")


class Api:
    """One gateway's control API. Close it with ``aclose``."""

    def __init__(
        self, url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=f"{self.url}/admin/v1/",
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(10.0, connect=3.0),
            trust_env=False,  # a company proxy must not see loopback traffic
            transport=transport,
        )

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._client.aclose()

    async def status(self) -> Status:
        """The header line."""
        return await self._get("status", Status)

    async def config(self) -> ConfigView:
        """The running config and the problem of a refused edit."""
        return await self._get("config", ConfigView)

    async def routes(self) -> list[RouteView]:
        """The routes, in the order they are tried."""
        return await self._get("routes", list[RouteView])

    async def exchanges(
        self, filters: Mapping[str, str] | None = None, *, cursor: str = "", limit: int = 200
    ) -> ExchangePage:
        """A page of the list, newest first; ``filters`` are the query parameters of the API."""
        params = {**(filters or {}), "limit": str(limit)}
        if cursor:
            params["cursor"] = cursor
        return await self._get("exchanges", ExchangePage, params)

    async def detail(self, id: str) -> ExchangeDetail:  # noqa: A002
        """Everything kept of an exchange but bodies and chunks."""
        return await self._get(_exchange(id), ExchangeDetail)

    async def chat(self, id: str) -> ChatView:  # noqa: A002
        """The exchange as a conversation."""
        return await self._get(f"{_exchange(id)}/chat", ChatView)

    async def chunks(self, id: str, start: int = 0, limit: int = 1000) -> list[Chunk]:  # noqa: A002
        """Wire chunks of the answer from number ``start`` on."""
        params = {"start": str(start), "limit": str(limit)}
        return await self._get(f"{_exchange(id)}/chunks", list[Chunk], params)

    async def body(self, id: str, part: BodyPart) -> bytes:  # noqa: A002
        """The bytes of one side's body."""
        return await self._read(f"{_exchange(id)}/body", {"part": part})

    async def feed(self, last_seq: int | None = None) -> AsyncGenerator[FeedEvent, None]:
        """Live events until the connection ends; an end without ``Bye`` is a lost connection."""
        headers = {} if last_seq is None else {"last-event-id": str(last_seq)}
        async with self._open("events", headers=headers, silence_s=None) as response:
            decoder = Decoder()
            async for data in _bytes(response):
                for event in decoder.feed(data):
                    if event.name in _FEED_NAMES:  # a newer gateway may say more than we know
                        yield _decode(_FEED, event.data)

    async def stream(self, id: str, start: int = 0) -> AsyncGenerator[Growth, None]:  # noqa: A002
        """What is added to an open exchange, from chunk ``start`` on, until it is done."""
        path, params = f"{_exchange(id)}/stream", {"start": str(start)}
        async with self._open(path, params, silence_s=None) as response:
            decoder = Decoder()
            async for data in _bytes(response):
                for event in decoder.feed(data):
                    if event.name == "growth":
                        yield _decode(_GROWTH, event.data)

    async def _get(self, path: str, kind: type[_T], params: Mapping[str, str] | None = None) -> _T:
        body = await self._read(path, params)
        return _decode(msgspec.json.Decoder(kind), body)

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        etag: str = "",
        params: Mapping[str, str] | None = None,
    ) -> bytes:
        """Changes something: ``etag`` goes out as If-Match. Raises ``ApiProblem``, whose ``body``
        holds what a 412 or 422 says.
        """
        headers = {"x-llmgate-author": "tui"}
        if etag:
            headers["if-match"] = etag
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = msgspec.json.encode(body)
        async with self._open(
            path, params, method=method, headers=headers, content=content
        ) as response:
            return b"".join([data async for data in _bytes(response)])

    async def fetch(
        self, method: str, path: str, body: object = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """Asks for a document: its bytes, and the headers that name it."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {"x-llmgate-author": "tui", "content-type": "application/json"}
        async with self._open(path, method=method, headers=headers, content=content) as response:
            return b"".join([data async for data in _bytes(response)]), response.headers

    async def _read(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        async with self._open(path, params) as response:
            body = bytearray()
            async for data in _bytes(response):
                body += data
                if len(body) > _MAX_BODY:
                    raise ApiProblem("the answer is over 256 MB: too large to show here", 200)
            return bytes(body)

    @asynccontextmanager
    async def _open(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        silence_s: float | None = 30.0,
    ) -> AsyncIterator[httpx.Response]:
        """Yields an answer of status 200, or raises what a person can read."""
        timeout = httpx.Timeout(10.0, connect=3.0, read=silence_s)
        request = self._client.build_request(
            method, path, params=params, headers=headers, content=content, timeout=timeout
        )
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ApiProblem(_unreachable(self.url, error)) from error
        try:
            if response.status_code not in {200, 201}:
                raise await _refusal(self.url, response, path)
            yield response
        finally:
            await response.aclose()


async def _bytes(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for data in response.aiter_bytes():
            yield data
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise ApiProblem(f"the connection to the gateway broke: {_reason(error)}") from error


async def _refusal(url: str, response: httpx.Response, path: str) -> ApiProblem:
    body = bytearray()
    async for data in _bytes(response):
        body += data
        if len(body) > _MAX_ERROR:
            break
    told = _told(bytes(body))
    code = response.status_code
    if code in {401, 403}:
        return ApiProblem(
            f"the gateway at {url} has another token than the one given: it is in the file"
            " admin-token of that gateway's data folder (--data-dir)",
            code,
        )
    if told or code in {409, 412, 422, 428}:
        return ApiProblem(told or f"the gateway answered {code}", code, body=bytes(body))
    said = f"what answers at {url} is not this gateway: {code} to /admin/v1/{path}"
    return ApiProblem(said, code, foreign=code == 404)


def _told(body: bytes) -> str:
    """The reason an error body gives, in whichever field it stands; empty when it gives none."""
    try:
        fields = msgspec.json.decode(body, type=_ErrorBody)
    except msgspec.DecodeError:
        return ""
    for raw in (fields.error, fields.detail, fields.message):
        if text := _text(bytes(raw)):
            return safe_text(text, newlines=False)[:300]
    return ""


def _text(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return _told(raw) if raw.startswith(b"{") and len(raw) < _MAX_ERROR else ""


def _decode(decoder: msgspec.json.Decoder[_T], data: str | bytes) -> _T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ApiProblem(
            f"the gateway's answer is not one this version understands: {error}", 200, foreign=True
        ) from error


def _unreachable(url: str, error: Exception) -> str:
    return f"no gateway answers at {url} ({_reason(error)})"


def _reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    return safe_text(str(error) or type(error).__name__, newlines=False)[:200]


def _exchange(id: str) -> str:  # noqa: A002
    return f"exchanges/{quote(id, safe='')}"
