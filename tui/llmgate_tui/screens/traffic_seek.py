"""The filter half of the Traffic screen: what it lets through, here and in the gateway's store."""

import asyncio
from contextlib import aclosing
from typing import Final

from textual import on

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.desk import Desk
from llmgate_tui.filter import parse_filter
from llmgate_tui.filter_terms import FilterProblem
from llmgate_tui.older import Older
from llmgate_tui.screens.traffic_list import TrafficList
from llmgate_tui.seek import Seek
from llmgate_tui.widgets.filter_bar import FilterBar
from llmgate_tui.widgets.traffic_table import TrafficTable

_AGAIN_MS: Final = 2_000
_TYPING_S: Final = 0.3  # before bodies are looked into


class TrafficSeek(TrafficList):
    """A list with a filter that reaches back as far as the gateway remembers."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._older = Older(desk.api, desk.traffic)
        self._seek: Seek | None = None  # of the filter that is on
        self._sought_ms = 0  # when bodies were last asked for
        self._ended = False  # something has ended since

    def seeking(self) -> str:
        """What goes on in the store for the filter."""
        return "" if self._seek is None else self._seek.words()

    def take(self, rows: list[ExchangeSummary], *, merge: bool = False) -> None:
        """New or changed exchanges; only those that have ended have bodies to look into."""
        self._ended = self._ended or any(row.state not in LIVE for row in rows)
        first = not len(self.traffic)
        super().take(rows, merge=merge)
        if first and len(self.traffic) and self._seek is not None:
            self.filter_by(self._bar.input.value)  # now it is known what is older

    def tick(self) -> None:
        """Twice a second."""
        self._seek_newer()
        super().tick()

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.filter_by(event.text)

    def filter_by(self, text: str) -> None:
        """Shows what a text lets through; a text that cannot be understood changes nothing."""
        try:
            found = parse_filter(
                text,
                now_ms=self.desk.clock.now_ms(),
                marked=self.traffic.marks,
                local=self.desk.clock.local,
            )
        except FilterProblem as problem:
            self._bar.trouble(problem)
            return
        self._bar.trouble(None)
        self.view.accept = None if found is None else found.accept
        self.workers.cancel_group(self, "seek")
        self.traffic.drop_extra()
        self._seek = None if found is None else Seek(self.desk.api, self.traffic, found)
        self._rebuild()
        self._sought_ms = self.desk.clock.now_ms()
        self._fill_up()

    def link_changed(self, link: Link) -> None:
        """What was wanted while nobody answered is looked for now."""
        super().link_changed(link)
        self._fill_up()

    def _fill_up(self) -> None:
        """A filter that leaves room on the screen, or looks into bodies, goes on in the store."""
        seek = self._seek
        if seek is not None and (seek.deep or len(self.view) < max(1, self.table.size.height)):
            self._seek_on(seek)

    # -- older exchanges -----------------------------------------------------

    @on(TrafficTable.AtOldest)
    def _at_oldest(self, event: TrafficTable.AtOldest) -> None:
        event.stop()
        if self._seek is not None:
            self._seek_on(self._seek)
        elif self._up() and not self.view.limited and self._older.claim():
            self.run_worker(self._page_in(), group="older", exit_on_error=False)

    def _up(self) -> bool:
        return self._link is not None and self._link.up

    async def _page_in(self) -> None:
        try:
            rows = await self._older.page()
        except ApiProblem as problem:
            self.notify(f"older exchanges: {problem.message}", severity="warning", markup=False)
            return
        if rows:
            self.take_older(rows)

    def _seek_on(self, seek: Seek) -> None:
        if self._up() and len(self.traffic) and not seek.busy and not seek.done:
            seek.busy, seek.problem = True, ""
            self._face()
            work = self._seek_more(seek)
            self.run_worker(work, group="seek", exclusive=True, exit_on_error=False)

    async def _seek_more(self, seek: Seek) -> None:
        """From the store: what the filter wants of bodies and headers, then of older rows."""
        enough = max(20, self.table.size.height)
        try:
            if seek.deep:
                await asyncio.sleep(_TYPING_S)
                async with aclosing(seek.deeply()) as pages:
                    async for rows in pages:
                        self._found(seek, rows)
            async with aclosing(seek.older(enough)) as pages:
                async for rows in pages:
                    self._found(seek, rows)
        except ApiProblem as problem:
            seek.problem = problem.message
            self.notify(f"not all searched: {problem.message}", severity="warning", markup=False)
        finally:
            seek.busy = False
        if seek is self._seek:
            self._face()

    def _seek_newer(self) -> None:
        """Bodies of what has ended meanwhile are looked into every few seconds."""
        seek, now_ms = self._seek, self.desk.clock.now_ms()
        if seek is None or not seek.deep or seek.busy or not self._ended or not self._up():
            return
        if now_ms - self._sought_ms >= _AGAIN_MS:
            starts = [row.started_ms for row in self.traffic.rows if row.state in LIVE]
            since_ms, self._sought_ms = min([self._sought_ms, *starts]), now_ms
            self._ended, seek.busy = False, True
            work = self._seek_again(seek, since_ms - _AGAIN_MS)
            self.run_worker(work, group="seek", exclusive=True, exit_on_error=False)

    async def _seek_again(self, seek: Seek, since_ms: int) -> None:
        try:
            async with aclosing(seek.newly(since_ms)) as pages:
                async for rows in pages:
                    self._found(seek, rows)
        except ApiProblem as problem:
            seek.problem = problem.message
        finally:
            seek.busy = False

    def _found(self, seek: Seek, rows: list[ExchangeSummary]) -> None:
        if seek is not self._seek:
            return
        place = self.table.place()
        self.traffic.merge_extra(rows)
        self.view.rebuild()
        self.table.rearrange()
        if not self.table.following:
            self.table.keep_place(place)
        self._face()
