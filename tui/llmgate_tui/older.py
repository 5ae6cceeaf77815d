"""Reads exchanges from before those that the list holds, a page at a time (no Textual here).

The gateway's feed begins with its newest exchanges; what is older comes from its store, when the
reader goes up to the top. Pages go on by the store's cursor from the oldest row held at first.
"""

from typing import Final

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.api import Api
from llmgate_tui.state import Traffic

_PAGE: Final = 500


class Older:
    """Pages back in time until the store or the room in the list ends."""

    def __init__(self, api: Api, traffic: Traffic) -> None:
        self.busy = False
        self._api = api
        self._traffic = traffic
        self._cursor = ""
        self._until_ms = 0
        self._base = 0
        self._done = False

    def wanted(self) -> bool:
        """There may be more, and there is room for it."""
        self._begin_again_after_a_trim()
        traffic = self._traffic
        room = 0 < len(traffic) < traffic.cap and not traffic.cleared
        return room and not self._done and not self.busy

    def claim(self) -> bool:
        """True for the one who is to read the next page; nobody else until that is done."""
        free = self.wanted()
        self.busy = self.busy or free
        return free

    async def page(self) -> list[ExchangeSummary]:
        """The next older rows, oldest first; raises ``ApiProblem``."""
        try:
            self._until_ms = self._until_ms or (self._traffic.oldest_ms() or 0) + 1
            filters = {"until_ms": str(self._until_ms)}
            page = await self._api.exchanges(filters, cursor=self._cursor, limit=_PAGE)
        finally:
            self.busy = False
        self._cursor, self._done = page.cursor, not page.cursor
        room = self._traffic.cap - len(self._traffic)
        self._traffic.extra.difference_update(row.id for row in page.exchanges)
        fresh = [row for row in page.exchanges if self._traffic.index(row.id) is None]
        return fresh[:room][::-1]

    def _begin_again_after_a_trim(self) -> None:
        """Rows that were read and then dropped for new ones can be read again."""
        if self._traffic.trimmed != self._base:
            self._base = self._traffic.trimmed
            self._cursor, self._until_ms, self._done = "", 0, False
