"""The matrix of a replay, kept up: an answer is read and compared once, and the whole is built
anew only when something in it has changed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from llmgate.compare.answers import Answer, read_answer
from llmgate.compare.matrix import build
from llmgate.compare.similarity import similarity
from llmgate.recording.title import title_of
from llmgate.replay.record import Record
from llmgate.store.problems import StoreProblem
from llmgate.store.queries import Part, Queries
from llmgate.store.replays import KeptReplays
from llmgate.wire.exchanges import LIVE, ExchangeDetail, ExchangeSummary
from llmgate.wire.replays import Matrix, ReplayTarget, ReplayView, target_name

ORIGINAL: Final = "original"
_MOST_BOARDS: Final = 4
_RESTS: Final = 10  # times as long as building took
_MOST_READ: Final = 4_000_000  # bytes of a body that is read for it
_SAID: Final = Answer(finish="stop", ok=True)
_SILENT: Final = Answer()

Live = Callable[[str], ExchangeSummary | None]
"""Gives the row of an exchange in memory."""


class Board:
    """What is known of one replay's rows and results."""

    def __init__(self, queries: Queries, kept: KeptReplays, live: Live) -> None:
        self._queries = queries
        self._kept = kept
        self._live = live
        self._lock = asyncio.Lock()
        self._sources: list[tuple[ExchangeSummary, str, Answer]] = []
        self._results: dict[str, ExchangeSummary] = {}
        self._alike: dict[str, float | None] = {}
        self._after = 0  # the row up to which nothing changes any more
        self._built: tuple[ReplayView, Matrix] | None = None
        self._changed = True
        self._rest_until_s = 0.0

    async def matrix(self, record: Record, view: ReplayView) -> Matrix:
        """The matrix as it is now."""
        async with self._lock:
            if not self._sources:
                await self._read_sources(record.sources)
            await self._read_results(view.id)
            if self._built is None or self._is_due(view):
                began_s = monotonic()
                self._changed = False
                self._built = (view, await asyncio.to_thread(self._build, record, view))
                self._rest_until_s = monotonic() + _RESTS * (monotonic() - began_s)
            return self._built[1]

    def _is_due(self, view: ReplayView) -> bool:
        """Something has changed, and a large matrix is not built anew all the time for those who
        watch it grow.
        """
        if view.state == "running" and monotonic() < self._rest_until_s:
            return False
        return self._changed or self._built is None or self._built[0] != view

    async def _read_sources(self, ids: Sequence[str]) -> None:
        rows = await self._kept.exchanges(ids)
        for row in (rows[one] for one in ids if one in rows):
            title = await self._title(row)
            answer = await self._answer(row)
            self._sources.append((row, title, _SAID if answer.there else _SILENT))

    async def _read_results(self, replay_id: str) -> None:
        found = await self._kept.results(replay_id, self._after)
        by_parent: dict[str, list[ExchangeSummary]] = {}
        for _, row in found:
            live = self._live(row.id)
            now = live or row
            self._changed = self._changed or self._results.get(row.id) != now
            self._results[row.id] = now
            if now.state not in LIVE and row.id not in self._alike:
                by_parent.setdefault(row.parent, []).append(now)
        await self._compare(by_parent)
        open_rows = [seq for seq, row in found if self._results[row.id].state in LIVE]
        seen = [seq for seq, _ in found]
        self._after = min(open_rows) - 1 if open_rows else max([self._after, *seen])

    async def _compare(self, by_parent: dict[str, list[ExchangeSummary]]) -> None:
        """Each answer with the one that was recorded, which is read once for all of them."""
        said = {row.id: row for row, _, answer in self._sources if answer.there}
        for parent, rows in by_parent.items():
            original = await self._answer(said[parent]) if parent in said else _SILENT
            for row in rows:
                answer = await self._answer(row) if original.there else _SILENT
                self._alike[row.id] = await asyncio.to_thread(similarity, original, answer)

    async def _title(self, row: ExchangeSummary) -> str:
        body = b""
        if row.request_bytes <= _MOST_READ:
            body = await _quietly(self._queries, row.id, "request") or b""
        return await asyncio.to_thread(title_of, row.protocol, row.method, row.path, body)

    async def _answer(self, row: ExchangeSummary) -> Answer:
        """What was answered; nothing where it is not kept, or too long to be compared."""
        if not row.response_bytes or row.response_bytes > _MOST_READ:
            return _SILENT
        body = await _quietly(self._queries, row.id, "answer")
        detail = await self._queries.detail(row.id) if body else None
        if not body or detail is None:
            return _SILENT
        return await asyncio.to_thread(read_answer, row.protocol, content_type(detail), body)

    def _build(self, record: Record, view: ReplayView) -> Matrix:
        targets = view.spec.targets or [ReplayTarget()]
        columns = [ORIGINAL, *map(target_name, targets)]
        results: dict[tuple[str, int], list[tuple[ExchangeSummary, float | None]]] = {}
        for row in list(self._results.values()):
            place = (row.parent, row.replay_target or 0)
            results.setdefault(place, []).append((row, self._alike.get(row.id)))
        return build(view, columns, self._sources, results, record.refused)


class Boards:
    """The boards looked at last."""

    def __init__(self, queries: Queries, kept: KeptReplays, live: Live) -> None:
        self._queries = queries
        self._kept = kept
        self._live = live
        self._boards: OrderedDict[str, Board] = OrderedDict()

    async def matrix(self, record: Record, view: ReplayView) -> Matrix:
        """The matrix of a replay."""
        board = self._boards.pop(view.id, None) or Board(self._queries, self._kept, self._live)
        self._boards[view.id] = board
        while len(self._boards) > _MOST_BOARDS:
            self._boards.popitem(last=False)
        return await board.matrix(record, view)


def content_type(detail: ExchangeDetail) -> str:
    """Of an answer as it came from the provider, or from the gateway itself."""
    headers = detail.received_headers or detail.response_headers
    return next((value for name, value in headers if name == "content-type"), "")


async def _quietly(queries: Queries, exchange_id: str, part: Part) -> bytes | None:
    """A body, None also where it is damaged."""
    try:
        return await queries.body(exchange_id, part)
    except StoreProblem:
        return None
