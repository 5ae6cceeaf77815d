"""The connection to the gateway's live feed: its state, and how it comes back (no Textual here).

Any end of the feed without ``Bye`` is a lost connection: a gateway that dies can end a stream as
properly as one that is done. After a loss the feed resumes from the last ``seq``; what may have
been missed is read again from the list.
"""

import asyncio
from typing import Final, Literal, Protocol

import msgspec

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Bye, FeedEvent, Gap, Heartbeat, Snapshot
from llmgate_tui.api import Api, ApiProblem

Word = Literal["connecting", "connected", "stale", "lost", "unauthorised", "mismatch", "stopped"]

HEARTBEAT_S: Final = 2.0
_BACKOFF_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
_PAGES: Final = 20  # at most as many pages as the ring holds rows
_PAGE: Final = 500


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """How the connection stands at a moment."""

    word: Word
    reason: str = ""
    silent_s: float = 0.0
    retry_s: float = 0.0
    attempt: int = 0

    @property
    def up(self) -> bool:
        """What the screen shows is current."""
        return self.word == "connected"

    def __str__(self) -> str:
        match self.word:
            case "connecting" | "connected":
                return self.word
            case "stale":
                return f"stale {self.silent_s:.0f}s"
            case "unauthorised":
                return "unauthorised"
            case "mismatch":
                return "not this gateway, or another version"
            case "lost" | "stopped":
                return f"{self.word} · retry {max(0.0, self.retry_s):.0f}s ({self.attempt})"


class Listener(Protocol):
    """Who is told; called from the connection's own task, must not block."""

    def heard(self, event: FeedEvent) -> None:
        """An event of the feed."""

    def reread(self, rows: list[ExchangeSummary]) -> None:
        """Rows read again after something was missed."""

    def link_changed(self) -> None:
        """``Connection.link()`` says something else now."""

    def oldest_open_ms(self) -> int | None:
        """From when on rows must be read again after a loss."""


class Connection:
    """Keeps the feed open. ``run`` never returns; cancel it to close."""

    def __init__(
        self,
        api: Api,
        listener: Listener,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        backoff_s: tuple[float, ...] = _BACKOFF_S,
    ) -> None:
        self._api = api
        self._listener = listener
        self._heartbeat_s = heartbeat_s
        self._backoff_s = backoff_s
        self._word: Word = "connecting"
        self._reason = ""
        self._attempt = 0
        self._heard_at = 0.0
        self._retry_at = 0.0
        self._last_seq: int | None = None
        self._hurry = asyncio.Event()
        self._missed = asyncio.Event()
        self._since_ms: int | None = None

    def link(self) -> Link:
        """The state now; goes from connected to stale by itself."""
        now = asyncio.get_running_loop().time()
        silent = now - self._heard_at
        stale = self._word == "connected" and silent > 2 * self._heartbeat_s
        return Link(
            word="stale" if stale else self._word,
            reason=self._reason,
            silent_s=silent,
            retry_s=self._retry_at - now,
            attempt=self._attempt,
        )

    def hurry(self) -> None:
        """Tries again now instead of waiting."""
        self._hurry.set()

    async def run(self) -> None:
        """Connects, listens, reconnects."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_missed())
            while True:
                await self._connect()
                await self._pause()

    async def _connect(self) -> None:
        """One connection, from the first byte to its end."""
        try:
            word, reason = await self._listen()
        except ApiProblem as problem:
            word, reason = _named(problem), problem.message
        except TimeoutError:
            word, reason = "lost", f"nothing was heard for {3 * self._heartbeat_s:.0f}s"
        self._attempt = 0 if self._word == "connected" else self._attempt
        self._attempt += 1
        wait_s = self._backoff_s[min(self._attempt, len(self._backoff_s)) - 1]
        self._retry_at = asyncio.get_running_loop().time() + wait_s
        self._become(word, reason)

    async def _listen(self) -> tuple[Word, str]:
        loop = asyncio.get_running_loop()
        feed = self._api.feed(self._last_seq)
        try:
            async with asyncio.timeout(max(3 * self._heartbeat_s, 1.0)) as patience:
                async for event in feed:
                    self._heard_at = loop.time()
                    patience.reschedule(self._heard_at + 3 * self._heartbeat_s)
                    self._take(event)
                    if isinstance(event, Bye):
                        return "stopped", event.reason
        finally:
            await feed.aclose()
        return "lost", "the connection ended"

    def _take(self, event: FeedEvent) -> None:
        if isinstance(event, Gap) or (isinstance(event, Snapshot) and self._last_seq is not None):
            self._remember_missed()
        match event:
            case Gap():
                self._last_seq = event.last
            case Heartbeat() | Snapshot() | Bye():
                self._last_seq = getattr(event, "seq", self._last_seq)
            case _:
                self._last_seq = event.seq
        self._listener.heard(event)
        if self._word != "connected":
            self._become("connected", "")

    def _remember_missed(self) -> None:
        since = self._listener.oldest_open_ms()
        if since is not None and (self._since_ms is None or since < self._since_ms):
            self._since_ms = since
        self._missed.set()

    async def _read_missed(self) -> None:
        """Beside the feed, so that reading the list never makes the feed fall behind."""
        while True:
            await self._missed.wait()
            self._missed.clear()
            since_ms, self._since_ms = self._since_ms, None
            try:
                self._listener.reread(await read_since(self._api, since_ms))
            except ApiProblem:
                continue  # the feed meets the same trouble, says so and comes back here

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        self._hurry.clear()
        try:
            async with asyncio.timeout_at(self._retry_at):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._retry_at = loop.time()

    def _become(self, word: Word, reason: str) -> None:
        self._word, self._reason = word, reason
        self._listener.link_changed()


async def read_since(api: Api, since_ms: int | None) -> list[ExchangeSummary]:
    """The newest rows of the list, back to ``since_ms``, oldest first."""
    filters: dict[str, str] = {} if since_ms is None else {"since_ms": str(since_ms)}
    rows: list[ExchangeSummary] = []
    cursor = ""
    for _ in range(_PAGES if since_ms is not None else 2):
        page = await api.exchanges(filters, cursor=cursor, limit=_PAGE)
        rows += page.exchanges
        cursor = page.cursor
        if not cursor:
            break
    rows.reverse()
    return rows


def _named(problem: ApiProblem) -> Word:
    if problem.status in {401, 403}:
        return "unauthorised"
    return "mismatch" if problem.foreign else "lost"
