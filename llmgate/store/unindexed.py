"""What the index of words lacks: which exchanges wait for it, and what they say.

Of a body in pieces only those are read that no exchange of the same table had before.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from llmgate.store.codec import SHARED, unpack
from llmgate.store.encoder import ANSWER, PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.pieces import Pieces, Rows, ids_of, read_manifest
from llmgate.store.problems import BrokenBody
from llmgate.store.sql import IS_LIVE
from llmgate.store.word_index import Doc, Partition
from llmgate.store.words import MOST_TEXT, indexable, text_of

AT_ONCE = 256  # exchanges in a transaction: a small one costs many times as much for each

_AT_ONCE_BYTES = 1 << 20
_LEAST_TEXT = 16 << 10
_FEW = 16
_INLINE = 64 << 10  # bodies above this are read in a thread
_TURN_BYTES = 32 << 10  # read in one go on the event loop
_MOST_SEEN = 200_000
_COLUMNS = (
    f"seq, {IS_LIVE}, transport, model || ' ' || served || ' ' || error_type || ' ' || error,"
    " request_bytes + response_bytes"
)


class Waiting(msgspec.Struct, frozen=True):
    """An exchange whose words are to be indexed."""

    seq: int
    live: bool
    transport: str
    names: str
    size: int


class Taken(msgspec.Struct):
    """What has been read of some exchanges."""

    parts: dict[int, tuple[int, bytes]]  # codec and data by part id
    pieces: Pieces
    first_here: dict[int, set[int]]  # the pieces that are new with a part


class Unindexed:
    """Reads what is not indexed yet; knows which pieces the newest table has."""

    def __init__(self, rows: Rows) -> None:
        self.scrub: Callable[[str], str] = str  # bodies of an older version may hide secrets
        self._rows = rows
        self._table: Partition | None = None
        self._seen: set[int] = set()
        self._most = _FEW
        self._at_once = self._most_text = 0
        self.limit(float("inf"))

    def limit(self, table_bytes: float) -> None:
        """What is written at once is small against a table of the index."""
        self._at_once = int(max(64 << 10, min(_AT_ONCE_BYTES, table_bytes)))
        self._most_text = int(max(_LEAST_TEXT, min(MOST_TEXT, table_bytes)))

    def goes_to(self, table: Partition | None) -> None:
        """The newest table; None when nothing is known of it any more."""
        known = self._table
        if table is None or known is None or known.number != table.number or not table.docs:
            self._seen = set()
        self._table = table

    async def late(self) -> list[Waiting]:
        """Those that were live when their turn came and have ended."""
        query = (
            f"SELECT exchanges.{_COLUMNS} FROM index_later CROSS JOIN exchanges USING (seq)"  # noqa: S608
            f" WHERE NOT ({IS_LIVE}) LIMIT {AT_ONCE // 2}"
        )
        return self._bounded(Waiting(*row) for row in await self._rows(query, []))

    async def new(self, most: int) -> list[Waiting]:
        """The next ones, in the order they were recorded in."""
        query = (
            f"SELECT {_COLUMNS} FROM exchanges WHERE seq > (SELECT seq FROM indexed)"  # noqa: S608
            " ORDER BY seq LIMIT ?"
        )
        rows = await self._rows(query, [min(most, self._most)])
        found = self._bounded(Waiting(*row) for row in rows)
        self._most = min(AT_ONCE, max(_FEW, 4 * len(found)))  # large ones: few are taken
        return found

    def _bounded(self, found: Iterable[Waiting]) -> list[Waiting]:
        """As many as are read at once, at least one."""
        some: list[Waiting] = []
        size = 0
        for one in found:
            size += one.size
            if some and size > self._at_once:
                break
            some.append(one)
        return some

    async def docs(self, ended: Sequence[Waiting]) -> tuple[list[Doc], set[int]]:
        """Their texts, and the pieces that ``indexed`` is to be told when these are written."""
        taken = await self._take(ended)
        docs: list[Doc] = []
        size = 0
        for one in ended:
            if one.size > _INLINE:
                docs.append(await asyncio.to_thread(_doc, one, taken, self.scrub, self._most_text))
                continue
            docs.append(_doc(one, taken, self.scrub, self._most_text))
            size += one.size
            if size >= _TURN_BYTES:
                size = 0
                await asyncio.sleep(0)
        return docs, set().union(*taken.first_here.values())

    def indexed(self, pieces: set[int]) -> None:
        """These pieces are in the newest table."""
        if len(self._seen) > _MOST_SEEN:
            self._seen = set()
        self._seen |= pieces

    async def _take(self, ended: Sequence[Waiting]) -> Taken:
        wanted = [
            one.seq * PARTS_PER_EXCHANGE + place for one in ended for place in (REQUEST, ANSWER)
        ]
        query = f"SELECT id, codec, data FROM parts WHERE id IN ({listed(wanted)})"  # noqa: S608
        rows = await self._rows(query, [])
        parts = {int(part): (int(codec), bytes(data)) for part, codec, data in rows}
        first_here = self._first_here(parts)
        pieces = await self._load({piece for some in first_here.values() for piece in some})
        return Taken(parts, pieces, first_here)

    def _first_here(self, parts: dict[int, tuple[int, bytes]]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        seen: set[int] = set()
        oldest = self._table.first_seq if self._table else 0
        for part, (codec, data) in sorted(parts.items()):
            if codec == SHARED:
                ids = set(ids_of(data))
                if part // PARTS_PER_EXCHANGE >= oldest:
                    ids -= self._seen | seen
                    seen |= ids
                found[part] = ids
        return found

    async def _load(self, ids: Iterable[int]) -> Pieces:
        found: dict[int, tuple[int, bytes]] = {}
        wanted = sorted(ids)
        for start in range(0, len(wanted), 500):
            some = listed(wanted[start : start + 500])
            query = f"SELECT id, codec, data FROM pieces WHERE id IN ({some})"  # noqa: S608
            found |= {number: (codec, data) for number, codec, data in await self._rows(query, [])}
        return found


def _doc(one: Waiting, taken: Taken, scrub: Callable[[str], str], most: int) -> Doc:
    """The words of an exchange, bounded."""
    base = one.seq * PARTS_PER_EXCHANGE
    answer = text_of(_said(base + ANSWER, taken), one.transport)[: most // 2]
    request = text_of(_said(base + REQUEST, taken))[: most - len(answer)]
    return one.seq, indexable(scrub("\n".join((one.names, answer, request))))


def _said(part: int, taken: Taken) -> bytes:
    """A body, without the pieces that were indexed with an exchange before."""
    codec, data = taken.parts.get(part, (0, b""))
    try:
        if codec != SHARED:
            return unpack(codec, data, part)
        manifest, new = read_manifest(data), taken.first_here[part]
        segments: list[bytes] = []
        at = 0
        for gap, piece in zip(manifest.gaps, manifest.ids(), strict=False):
            segments.append(manifest.glue[at : at + gap])
            at += gap
            if piece in new and piece in taken.pieces:
                segments.append(unpack(*taken.pieces[piece]))
        return b"".join((*segments, manifest.glue[at:]))
    except BrokenBody:
        return b""


def listed(numbers: Iterable[int]) -> str:
    """For ``IN``."""
    return ", ".join(map(str, numbers))


async def not_indexed(rows: Rows) -> int:
    """About how many exchanges the index does not know: not yet, or not any more."""
    found: list[Any] = await rows(
        "SELECT max(0, (SELECT coalesce(max(seq), 0) FROM exchanges)"
        " - max(seq, (SELECT coalesce(min(seq), 1) - 1 FROM exchanges)))"
        " + (SELECT count(*) FROM index_later) + (SELECT count(*) FROM exchanges NOT INDEXED"
        " WHERE seq < (SELECT min(first_seq) FROM word_indexes)) FROM indexed",
        [],
    )
    return int(found[0][0] or 0) if found else 0
