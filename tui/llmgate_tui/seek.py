"""Finds in the gateway's store what a filter lets through and the list does not hold.

Names, states and times go along as query parameters, so that a page holds little else; the filter
itself has the last word. Terms on bodies and headers are answered by the store alone: what it names
is put into their ``found``, newest first, page by page (no Textual here).
"""

from collections.abc import AsyncGenerator
from typing import Final

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import Api
from llmgate_tui.filter import Filter
from llmgate_tui.filter_terms import Deep
from llmgate_tui.state import Traffic

_PAGE: Final = 500
_DEEP_PAGE: Final = 100
_PAGES: Final = 40  # of one go through rows, most of which the filter may not want
_DEEP_PAGES: Final = 2_000
_MOST: Final = 2_000  # found in one go; more than anybody reads


class Seek:
    """One filter's way back through the store."""

    def __init__(self, api: Api, traffic: Traffic, wanted: Filter) -> None:
        self.busy = False
        self.done = False  # the store has no more
        self.problem = ""
        self._api = api
        self._traffic = traffic
        self._wanted = wanted
        self._cursor = ""
        self._until_ms = traffic.oldest_ms()

    @property
    def deep(self) -> bool:
        """Bodies or headers are looked into."""
        return bool(self._wanted.deep)

    def words(self) -> str:
        """What it is doing, or how it ended."""
        if self.busy:
            return "searching bodies" if self.deep else "reading older"
        if self.problem:
            return "not all searched"
        return "no more" if self.done else ""

    async def deeply(self) -> AsyncGenerator[list[ExchangeSummary], None]:
        """Asks the store for every term on bodies and headers; yields rows that get through."""
        for deep in self._wanted.deep:
            async for rows in self._term(deep):
                yield [row for row in rows if self._wanted.accept(row)]
        self.done = bool(self._wanted.needed)

    async def newly(self, since_ms: int) -> AsyncGenerator[list[ExchangeSummary], None]:
        """Asks again about what has come since: a store can name what has ended only."""
        for deep in self._wanted.deep:
            async for rows in self._term(deep, since_ms):
                yield [row for row in rows if self._wanted.accept(row)]

    async def _term(
        self, deep: Deep, since_ms: int = 0
    ) -> AsyncGenerator[list[ExchangeSummary], None]:
        query = dict(self._wanted.query) if deep in self._wanted.needed else {}
        if since_ms:
            query["since_ms"] = str(max(since_ms, int(query.get("since_ms", 0))))
        cursor, found = "", 0
        for _ in range(_DEEP_PAGES):
            page = await self._api.exchanges(
                {**query, deep.kind: deep.text}, cursor=cursor, limit=_DEEP_PAGE
            )
            deep.found.update(row.id for row in page.exchanges)
            found += len(page.exchanges)
            yield page.exchanges
            cursor = page.cursor
            if not cursor or found >= _MOST:
                return

    async def older(self, enough: int) -> AsyncGenerator[list[ExchangeSummary], None]:
        """Rows from before those that are held, until there are enough of them."""
        if self._traffic.cleared or self._wanted.needed:
            self.done = True
            return
        query = dict(self._wanted.query)
        if self._until_ms is not None:
            given = int(query.get("until_ms", self._until_ms + 1))
            query["until_ms"] = str(min(given, self._until_ms + 1))
        found = 0
        for _ in range(_PAGES):
            page = await self._api.exchanges(query, cursor=self._cursor, limit=_PAGE)
            rows = [row for row in page.exchanges if self._wanted.accept(row)]
            found += len(rows)
            self._cursor, self.done = page.cursor, not page.cursor
            yield rows
            if self.done or found >= enough:
                return
