"""What is known of the exchange shown: asked of the gateway once, and again while it is live."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Literal, Protocol

from llmgate.wire.chat import ChatView
from llmgate.wire.compare import PromptDiff
from llmgate.wire.exchanges import LIVE, Chunk, ExchangeDetail, ExchangeSummary, Growth
from llmgate_tui.api import ApiProblem

_PAGE: Final = 1_000
_MOST_CHUNKS: Final = 20_000
_MOST_CHUNK_BYTES: Final = 16_000_000


class DetailApi(Protocol):
    """The part of the control API that the detail pane asks."""

    async def detail(self, id: str) -> ExchangeDetail:  # noqa: A002
        """Everything but bodies and chunks."""
        ...

    async def body(self, id: str, part: Literal["request", "sent", "answer"]) -> bytes:  # noqa: A002
        """One body."""
        ...

    async def chunks(self, id: str, start: int = 0, limit: int = 1000) -> list[Chunk]:  # noqa: A002
        """Wire chunks of the answer."""
        ...

    async def chat(self, id: str) -> ChatView:  # noqa: A002
        """The conversation."""
        ...

    def stream(self, id: str, start: int = 0) -> AsyncGenerator[Growth, None]:  # noqa: A002
        """What is added, until it is done."""
        ...


class PromptApi(Protocol):
    """The part of the control API that says what a request adds to the one before it."""

    async def prompt(self, id: str, before: str = "") -> PromptDiff:  # noqa: A002
        """Against the previous turn, or any other exchange."""
        ...


class Source:
    """One exchange; what cannot change any more is kept."""

    def __init__(
        self, api: DetailApi, summary: ExchangeSummary, prompts: PromptApi | None = None
    ) -> None:
        self._prompts = prompts
        self._prompt: tuple[PromptDiff, ExchangeSummary | None] | None = None
        self.summary = summary
        self.known: ExchangeDetail | None = None
        self.at_us: list[int] = []  # when chunks came, as far as they were read
        self._api = api
        self._chat: ChatView | None = None
        self._chunks: list[Chunk] | None = None

    @property
    def live(self) -> bool:
        """Still on its way."""
        return self.summary.state in LIVE

    def update(self, summary: ExchangeSummary) -> bool:
        """Takes a newer row; True when more than its figures changed, so that all is read again."""
        old, self.summary = self.summary, summary
        changed = (old.state, old.attempts, old.status) != (
            summary.state,
            summary.attempts,
            summary.status,
        )
        if changed:
            self.known = self._chat = self._chunks = self._prompt = None
        return changed

    async def detail(self) -> ExchangeDetail:
        """Everything but bodies and chunks."""
        if self.known is None:
            self.known = await self._api.detail(self.summary.id)
        return self.known

    async def chat(self) -> ChatView:
        """The conversation."""
        if self._chat is not None:
            return self._chat
        chat = await self._api.chat(self.summary.id)
        self._chat = None if self.live else chat
        return chat

    async def prompt(self) -> tuple[PromptDiff, ExchangeSummary | None]:
        """What the request adds, and the exchange that came before it."""
        if self._prompt is not None:
            return self._prompt
        if self._prompts is None:
            return PromptDiff(id=self.summary.id, problem="Nobody can be asked for that."), None
        diff = await self._prompts.prompt(self.summary.id)
        before = None
        if diff.before:
            with suppress(ApiProblem):  # it may have been removed by now
                before = (await self._api.detail(diff.before)).summary
        if not self.live:
            self._prompt = (diff, before)
        return diff, before

    async def body(self, part: Literal["request", "sent", "answer"]) -> bytes:
        """One body; large, so never kept."""
        return await self._api.body(self.summary.id, part)

    async def chunks(self) -> list[Chunk]:
        """The chunks, page by page, up to a bound that no person reads through."""
        if self._chunks is not None:
            return self._chunks
        chunks: list[Chunk] = []
        size = 0
        while len(chunks) < _MOST_CHUNKS and size < _MOST_CHUNK_BYTES:
            page = await self._api.chunks(self.summary.id, len(chunks), _PAGE)
            chunks += page
            size += sum(chunk.size for chunk in page)
            if len(page) < _PAGE:
                break
        self.at_us = [chunk.at_us for chunk in chunks]
        self._chunks = None if self.live else chunks
        return chunks

    def stream(self) -> AsyncGenerator[Growth, None]:
        """Everything from the beginning, then what is added."""
        return self._api.stream(self.summary.id, 0)
