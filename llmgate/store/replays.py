"""Replays as they are kept, what came of them, and the exchanges they send again."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from llmgate.store.codec import Packer, unpack
from llmgate.store.connection import open_reader
from llmgate.store.encoder import PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.problems import BrokenBody, StoreProblem, explain
from llmgate.store.rows import SELECT, from_row
from llmgate.store.sql import IS_REPLAY
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import MAX_REQUESTS

_AT_ONCE: Final = 500
_KEEP: Final = "INSERT OR REPLACE INTO replays (id, created_ms, data) VALUES (?, ?, ?)"
_DELETE: Final = "DELETE FROM replays WHERE id = ?"
_LIST: Final = "SELECT id, data FROM replays ORDER BY created_ms DESC, id DESC LIMIT ?"
_RESULTS: Final = (
    SELECT.replace("SELECT ", "SELECT seq, ", 1)
    + f" WHERE {IS_REPLAY} AND replay = ? AND seq > ? AND parent <> '' ORDER BY seq LIMIT ?"
)
_KEPT: Final = (
    "SELECT id FROM exchanges WHERE EXISTS (SELECT 1 FROM parts"  # noqa: S608 - constants
    f" WHERE parts.id = seq * {PARTS_PER_EXCHANGE} + {REQUEST})"
)


class KeptReplays:
    """Keeps and finds; errors are ``StoreProblem``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._packer = Packer()

    async def keep(self, replay_id: str, created_ms: int, data: bytes) -> None:
        """Writes a replay; the same id again takes its place."""
        codec, _, packed = self._packer.pack(data)
        await self._store.write(_KEEP, (replay_id, created_ms, bytes([codec]) + packed))

    async def delete(self, replay_id: str) -> None:
        """Forgets a replay; the exchanges it made stay."""
        await self._store.write(_DELETE, (replay_id,))

    async def newest(self, limit: int) -> list[tuple[str, bytes]]:
        """The newest replays, newest first; one that is damaged is left out."""
        found = []
        for name, blob in await self._rows([(_LIST, (limit,))]):
            with suppress(BrokenBody):
                found.append((str(name), unpack(blob[0], bytes(blob[1:]))))
        return found

    async def results(
        self, replay_id: str, after: int = 0, limit: int = MAX_REQUESTS
    ) -> list[tuple[int, ExchangeSummary]]:
        """The exchanges that a replay made in rows after row ``after``, oldest first."""
        await self._store.flush()
        rows = await self._rows([(_RESULTS, (replay_id, after, limit))])
        return [(int(row[0]), from_row(row[1:])) for row in rows]

    async def exchanges(self, ids: Sequence[str]) -> dict[str, ExchangeSummary]:
        """Those of these exchanges that are kept."""
        queries = []
        for some in _batches(ids):
            marks = ", ".join("?" * len(some))
            queries.append((f"{SELECT} WHERE id IN ({marks})", some))
        return {row.id: row for row in map(from_row, await self._rows(queries))}

    async def with_request(self, ids: Sequence[str]) -> set[str]:
        """Those of these exchanges whose request body is kept."""
        queries = []
        for some in _batches(ids):
            marks = ", ".join("?" * len(some))
            queries.append((f"{_KEPT} AND id IN ({marks})", some))
        return {str(row[0]) for row in await self._rows(queries)}

    async def _rows(self, queries: Iterable[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Asked seldom: a connection of its own, closed again."""
        if not self._store.path.is_file():
            return []
        rows: list[Any] = []
        try:
            db = await open_reader(self._store.path)
            try:
                for query, values in queries:
                    rows += await db.execute_fetchall(query, values)
            finally:
                await db.close()
        except Exception as error:
            raise StoreProblem(explain(error, self._store.path)) from error
        return rows


def _batches(ids: Sequence[str]) -> Iterable[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
