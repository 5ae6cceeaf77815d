"""Fills the index of words a little after exchanges are written, a few at a time.

``indexed.seq`` is how far it has come and moves in the transaction that adds the words, so that a
crash loses nothing and an old store is filled from its beginning. An exchange that is live when its
turn comes waits in ``index_later`` for its end. Of a body in pieces only those are indexed that no
exchange of the same table had before: a conversation is found where something was said, not in
every turn that sends it again. While there is much to record this takes a small share of the time.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic
from typing import Any, Protocol, TypeVar

import aiosqlite
import msgspec

from llmgate.store import blocks, word_index
from llmgate.store.codec import SHARED, unpack
from llmgate.store.encoder import ANSWER, PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.migrations import make_index
from llmgate.store.pieces import Pieces, Rows, ids_of, read_manifest
from llmgate.store.problems import BrokenBody, StoreProblem, is_damage
from llmgate.store.sql import IS_LIVE
from llmgate.store.word_index import Doc, Partition
from llmgate.store.words import MOST_TEXT, folded, text_of

AT_ONCE = 32  # exchanges in a transaction
GATHER_S = 0.2

_AT_ONCE_BYTES = 1 << 20
_INLINE = 64 << 10  # bodies above this are read in a thread
_BUSY = 100  # exchanges a second from which on indexing takes a small share of the time only
_BUSY_SHARE = 30  # one part in so many
_TEND_EVERY_S = 60.0
_BLOCK_REST_S = 0.02
_MOST_SEEN = 200_000
_SHARE_OF_CAP = 16
_COLUMNS = (
    f"seq, {IS_LIVE}, transport, model || ' ' || served || ' ' || error_type || ' ' || error,"
    " request_bytes + response_bytes"
)

T = TypeVar("T")
_log = logging.getLogger("llmgate.store")


class Changing(Protocol):
    """``Store.change``."""

    async def __call__(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T: ...


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


class Indexing:
    """Indexes what the writer has written; one for a store."""

    def __init__(self, rows: Rows, change: Changing) -> None:
        self.most_bytes = float("inf")  # of text in one table
        self.on_notice: Callable[[str], None] = _log.warning
        self.missing = False  # this SQLite has no FTS5
        self.scrub: Callable[[str], str] = str  # bodies of an older version may hide secrets
        self._rows = rows
        self._change = change
        self._seen: set[int] = set()  # pieces indexed in the newest table
        self._seen_in: Partition | None = None
        self._news = asyncio.Event()
        self._written = 0
        self._tended = 0
        self._turn = asyncio.Lock()

    def limit(self, keep_bytes: float) -> None:
        """A table holds a small part of what may be kept; 0 is without limit."""
        share = keep_bytes / _SHARE_OF_CAP if keep_bytes > 0 else float("inf")
        self.most_bytes = max(word_index.LEAST_BYTES, share)

    def wrote(self, count: int) -> None:
        """So many exchanges have been written."""
        self._written += count
        self._news.set()

    async def run(self) -> None:
        """Indexes what is written until it is cancelled."""
        self._news.set()  # what is there already
        tend_at = monotonic() + _TEND_EVERY_S
        while True:
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(GATHER_S)
            await self._go_on()
            if monotonic() >= tend_at:
                tend_at = monotonic() + _TEND_EVERY_S
                await self._safely(self.tend())
            await self._note_blocks()

    async def _go_on(self) -> None:
        since = monotonic()
        while not self.missing:
            began, self._written = monotonic(), 0
            if not await self._safely(self.step()):
                return
            took = monotonic() - began
            busy = self._written / max(began - since, took, 0.05) > _BUSY
            await asyncio.sleep(took * (_BUSY_SHARE if busy else 1))
            since = began

    async def _note_blocks(self) -> None:
        """A block every thousand exchanges; what an old store lacks, one after the other."""
        for work in (make_index, blocks.note_next):
            more = 1
            while more:
                more = await self._safely(self._change(work))
                await asyncio.sleep(_BLOCK_REST_S)

    async def _safely(self, work: Awaitable[int]) -> int:
        try:
            return await work
        except StoreProblem:
            return 0  # the writer tells; what it writes next is news again
        except Exception:  # noqa: BLE001 - the recorder may never break a stream
            _log.exception("the index of words made a mistake")
            return 0

    async def catch_up(self, most: int = 1 << 30) -> int:
        """Indexes at once what waits, at most about so many; returns how many it was."""
        done = 0
        while done < most and (count := await self.step()):
            done += count
        return done

    async def step(self) -> int:
        """Indexes a few; returns how many exchanges it has dealt with."""
        async with self._turn:
            if self.missing:
                return 0
            late = await self._late()
            new = await self._new(AT_ONCE - len(late))
            if not (late or new):
                return 0
            if not await self._room(new):
                return 0
            return await self._index(late, new)

    async def _late(self) -> list[Waiting]:
        query = (
            f"SELECT exchanges.{_COLUMNS} FROM index_later CROSS JOIN exchanges USING (seq)"  # noqa: S608
            f" WHERE NOT ({IS_LIVE}) LIMIT {AT_ONCE // 2}"
        )
        return _bounded(Waiting(*row) for row in await self._rows(query, []))

    async def _new(self, most: int) -> list[Waiting]:
        query = (
            f"SELECT {_COLUMNS} FROM exchanges WHERE seq > (SELECT seq FROM indexed)"  # noqa: S608
            " ORDER BY seq LIMIT ?"
        )
        return _bounded(Waiting(*row) for row in await self._rows(query, [most]))

    async def _room(self, new: Sequence[Waiting]) -> bool:
        """Begins another table when the newest is full; False when there can be none."""
        newest = await self._newest()
        full = newest is None or (
            newest.docs >= word_index.MOST_DOCS or newest.bytes >= self.most_bytes
        )
        if newest is None or (full and new):
            first_seq = new[0].seq if newest and new else 0
            newest = await self._guarded(lambda db: word_index.begin(db, first_seq))
        if newest is None:
            return False
        other = self._seen_in is None or self._seen_in.number != newest.number or not newest.docs
        if other or len(self._seen) > _MOST_SEEN:
            self._seen = set()
        self._seen_in = newest
        return True

    async def _newest(self) -> Partition | None:
        rows = await self._rows(
            "SELECT number, first_seq, docs, bytes FROM word_indexes"
            " ORDER BY first_seq DESC LIMIT 1",
            [],
        )
        return Partition(*rows[0]) if rows else None

    async def _index(self, late: list[Waiting], new: list[Waiting]) -> int:
        ended = [*late, *(one for one in new if not one.live)]
        taken = await self._take(ended)
        docs = await self._docs(ended, taken)

        async def write(db: aiosqlite.Connection) -> int:
            await _write(db, late, new, docs)
            return len(late) + len(new)

        done = await self._guarded(write)
        self._seen.update(*taken.first_here.values())
        return done or 0

    async def _take(self, ended: Sequence[Waiting]) -> Taken:
        wanted = [
            one.seq * PARTS_PER_EXCHANGE + place for one in ended for place in (REQUEST, ANSWER)
        ]
        query = f"SELECT id, codec, data FROM parts WHERE id IN ({_listed(wanted)})"  # noqa: S608
        rows = await self._rows(query, [])
        parts = {int(part): (int(codec), bytes(data)) for part, codec, data in rows}
        first_here = self._first_here(parts)
        pieces = await self._load({piece for some in first_here.values() for piece in some})
        return Taken(parts, pieces, first_here)

    def _first_here(self, parts: dict[int, tuple[int, bytes]]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        seen: set[int] = set()
        oldest = self._seen_in.first_seq if self._seen_in else 0
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
            some = _listed(wanted[start : start + 500])
            query = f"SELECT id, codec, data FROM pieces WHERE id IN ({some})"  # noqa: S608
            found |= {number: (codec, data) for number, codec, data in await self._rows(query, [])}
        return found

    async def _docs(self, ended: Sequence[Waiting], taken: Taken) -> list[Doc]:
        docs: list[Doc] = []
        for one in ended:
            if one.size > _INLINE:
                docs.append(await asyncio.to_thread(_doc, one, taken, self.scrub))
            else:
                docs.append(_doc(one, taken, self.scrub))
                if len(docs) % 4 == 0:
                    await asyncio.sleep(0)
        return docs

    async def tend(self) -> int:
        """Looks at one table: it goes when few of its exchanges are left. Returns 1 if so."""
        async with self._turn:
            await self._change(blocks.forget)
            return await self._guarded(self._tend) or 0

    async def _tend(self, db: aiosqlite.Connection) -> int:
        known = await word_index.partitions(db)
        if len(known) < 2:
            return 0
        self._tended = (self._tended + 1) % (len(known) - 1)  # never the newest
        one, following = known[self._tended], known[self._tended + 1]
        left = await word_index.few_left(db, one, following.first_seq)
        if left is None:
            return 0
        await word_index.drop(db, one)
        await db.executemany(
            "INSERT OR IGNORE INTO index_later VALUES (?)", [(seq,) for seq in left]
        )
        return 1

    async def rebuild(self) -> None:
        """Drops the index, which is filled again from the beginning."""
        async with self._turn:
            await self._change(word_index.drop_all)
        self.on_notice("the index of words was damaged: it is made anew in the background")
        self._news.set()

    async def _guarded(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T | None:
        """A transaction; what is wrong with the index is no problem of the store."""
        damaged = False

        async def attempt(db: aiosqlite.Connection) -> T | None:
            nonlocal damaged
            try:
                done = await work(db)
                await db.commit()
            except sqlite3.Error as error:
                await db.rollback()
                if word_index.is_missing(error):
                    self.missing = True
                    return None
                if not (is_damage(error) or word_index.is_broken(error)):
                    raise
                await word_index.drop_all(db)
                damaged = True
                return None
            return done

        done = await self._change(attempt)
        if self.missing:
            self.on_notice("this SQLite has no FTS5: words cannot be searched for")
        if damaged:
            self._seen_in = None
            self.on_notice("the index of words was damaged: it is made anew in the background")
            self._news.set()
        return done


def _bounded(found: Iterable[Waiting]) -> list[Waiting]:
    """As many as are read at once, at least one."""
    some: list[Waiting] = []
    size = 0
    for one in found:
        size += one.size
        if some and size > _AT_ONCE_BYTES:
            break
        some.append(one)
    return some


def _doc(one: Waiting, taken: Taken, scrub: Callable[[str], str]) -> Doc:
    """The words of an exchange, bounded."""
    base = one.seq * PARTS_PER_EXCHANGE
    answer = text_of(_said(base + ANSWER, taken), one.transport)[: MOST_TEXT // 2]
    request = text_of(_said(base + REQUEST, taken))[: MOST_TEXT - len(answer)]
    return one.seq, folded(scrub("\n".join((one.names, answer, request))))


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


async def _write(
    db: aiosqlite.Connection, late: list[Waiting], new: list[Waiting], docs: list[Doc]
) -> None:
    known = await word_index.partitions(db)
    places: dict[Partition, list[Doc]] = {}
    for doc in docs:
        places.setdefault(word_index.place_of(known, doc[0]), []).append(doc)
    for place, some in places.items():
        await word_index.add(db, place, some)
    if new:
        await db.execute("UPDATE indexed SET seq = ?", (new[-1].seq,))
    for one in new:
        if one.live:
            await db.execute("INSERT OR IGNORE INTO index_later VALUES (?)", (one.seq,))
    if late:
        await db.execute(f"DELETE FROM index_later WHERE seq IN ({_listed(o.seq for o in late)})")  # noqa: S608
        await db.execute("DELETE FROM index_later WHERE seq NOT IN (SELECT seq FROM exchanges)")


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


async def not_indexed(rows: Rows) -> int:
    """About how many exchanges the index does not know yet."""
    found: list[Any] = await rows(
        "SELECT max(0, (SELECT coalesce(max(seq), 0) FROM exchanges)"
        " - max(seq, (SELECT coalesce(min(seq), 1) - 1 FROM exchanges)))"
        " + (SELECT count(*) FROM index_later) FROM indexed",
        [],
    )
    return int(found[0][0]) if found else 0


async def index_bytes(rows: Rows) -> int:
    """About the bytes that the index takes."""
    total = 0
    for (number,) in await rows("SELECT number FROM word_indexes", []):
        found = await rows(f"SELECT total(length(block)) FROM words_{int(number)}_data", [])  # noqa: S608
        total += int(found[0][0]) if found else 0
    return total
