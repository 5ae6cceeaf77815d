"""A page of the list, newest first, within a bounded time whatever is asked for.

What an index answers is asked of it. Everything else is read block by block, only blocks that have
the names asked for (blocks.py), those with the newest exchanges first; when the time is over, the
page ends early and its cursor goes on there.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from llmgate.store import blocks
from llmgate.store.blocks import BITS, Block
from llmgate.store.filters import Filter, conditions, names_of, status_names
from llmgate.store.pieces import Rows
from llmgate.store.problems import BadFilter
from llmgate.store.rows import COLUMNS, SELECT

SECONDS: Final = 0.025
WITH_SEQ: Final = SELECT.replace("SELECT ", "SELECT seq, ", 1)

_STARTED: Final = 1 + COLUMNS.index("started_ms")
_MOST_UNKNOWN: Final = (
    16  # blocks that are not noted; with more of them the list is read as a whole
)
_MOST_AT_ONCE: Final = 4
_RECENT: Final = 1_000  # exchanges
_SMALL: Final = 4  # blocks; below that nothing has to be cut into pieces
_IN_SPAN: Final = "NOT INDEXED WHERE seq >= ? AND seq < ?"
_LATEST: Final = (1 << 62, 0)
_NAMES: Final = {
    "provider": ("provider",),
    "model": ("model", "served"),
    "served": ("served",),
    "client": ("client",),
    "key": ("key",),
    "route": ("route",),
    "protocol": ("protocol",),
    "path": ("path",),
    "state": ("state",),
    "error_type": ("error_type",),
}

Position = tuple[int, int]


class Found(msgspec.Struct, frozen=True):
    """Rows of a page, each with its number first, and where the next one begins."""

    rows: list[Any]
    cursor: str


class Listing:
    """Answers one page."""

    def __init__(
        self, rows: Rows, monotonic: Callable[[], float], seconds: float = SECONDS
    ) -> None:
        self._rows = rows
        self._monotonic = monotonic
        self._until = monotonic() + seconds

    async def page(self, given: Filter, cursor: str, limit: int) -> Found:
        """Up to ``limit`` rows; raises BadFilter."""
        after = read_cursor(cursor) if cursor else _LATEST
        if given.until_ms is not None:  # one bound: with two, the index is entered at the wrong one
            after = min(after, (given.until_ms, 0))
            given = msgspec.structs.replace(given, until_ms=None)
        clause, values = conditions(given)
        if _has_index(given):
            return await self._ordered(clause, values, after, limit)
        if recent := await self._recent(clause, values, after, limit):
            return recent
        candidates = await self._candidates(given, after)
        if candidates is None:
            return await self._ordered(clause, values, after, limit)
        return await self._by_blocks(candidates, clause, values, after, limit)

    async def _ordered(self, clause: str, values: list[Any], after: Position, limit: int) -> Found:
        where = f"(started_ms, seq) < (?, ?){f' AND {clause}' if clause else ''}"
        rows = await self._rows(
            f"{WITH_SEQ} WHERE {where} ORDER BY started_ms DESC, seq DESC LIMIT ?",
            [*after, *values, limit + 1],
        )
        return _page(rows, limit)

    async def _recent(
        self, clause: str, values: list[Any], after: Position, limit: int
    ) -> Found | None:
        """A page of what is frequent: it is full before much has been read; else None."""
        rows = await self._rows(
            "SELECT started_ms FROM exchanges WHERE (started_ms, seq) < (?, ?)"
            " ORDER BY started_ms DESC, seq DESC LIMIT 1 OFFSET ?",
            [*after, _RECENT],
        )
        if not rows:
            return None
        bounded = f"started_ms > ?{f' AND {clause}' if clause else ''}"
        found = await self._ordered(bounded, [rows[0][0], *values], after, limit)
        return found if found.cursor else None

    async def _candidates(self, given: Filter, after: Position) -> list[Block] | None:
        """The blocks to read, the newest first; None when too little is known of them."""
        ends = await self._rows(blocks.ENDS, [])
        if not ends or ends[0][0] is None:
            return None
        first, last = ends[0]
        if (last >> BITS) - (first >> BITS) < _SMALL:
            return None
        known = {one.number: one for one in await blocks.noted(self._rows)}
        unknown = set(range(first >> BITS, (last >> BITS) + 1)) - known.keys()
        if len(unknown) > _MOST_UNKNOWN:
            return None
        having = await self._having(given)
        chosen = [one for one in known.values() if having is None or one.number in having]
        chosen += [one for number in unknown if (one := await blocks.moments(self._rows, number))]
        return sorted(
            (one for one in chosen if _in_time(one, given, after)),
            key=lambda one: -one.last_ms,
        )

    async def _having(self, given: Filter) -> set[int] | None:
        """The noted blocks that have every name asked for; None for all of them."""
        found: set[int] | None = None
        asked = {name: names_of(getattr(given, name)) for name in _NAMES if getattr(given, name)}
        if given.status and (patterns := status_names(given.status)):
            asked["status"] = patterns
        for name, patterns in asked.items():
            if "*" in patterns or "live" in patterns:
                continue
            some = await blocks.having(self._rows, _NAMES.get(name, (name,)), patterns)
            found = some if found is None else found & some
        return found

    async def _by_blocks(
        self,
        candidates: list[Block],
        clause: str,
        values: list[Any],
        after: Position,
        limit: int,
    ) -> Found:
        found: list[Any] = []
        at, step = 0, 2
        while True:
            group = candidates[at : at + step]
            at, step = at + step, min(step * 2, _MOST_AT_ONCE)
            for start, stop in _spans(group):
                found += await self._rows(
                    f"{WITH_SEQ} {_IN_SPAN}"
                    f" AND (+started_ms, +seq) < (?, ?){f' AND {clause}' if clause else ''}"
                    " ORDER BY +started_ms DESC, +seq DESC LIMIT ?",
                    [start, stop, *after, *values, limit + 1],
                )
            found = sorted(found, key=_position, reverse=True)[: limit + 1]
            if at >= len(candidates):
                return _page(found, limit)
            # What began after everything that is still to be read is in its final place.
            next_ms = candidates[at].last_ms
            certain = [row for row in found if row[_STARTED] > next_ms]
            if len(certain) > limit:
                return _page(certain, limit)
            if self._monotonic() >= self._until and next_ms + 1 < after[0]:
                return Found(certain, f"{next_ms + 1}-0")

    async def total(self, given: Filter) -> int | None:
        """How many match; None when counting them would take too long."""
        clause, values = conditions(given)
        candidates = None if _has_index(given) else await self._candidates(given, _LATEST)
        where = f" WHERE {clause}" if clause else ""
        if candidates is None:
            ((count,),) = await self._rows(
                f"SELECT count(*) FROM exchanges{where}",  # noqa: S608 - constants
                values,
            ) or [(0,)]
            return int(count)
        count = 0
        for number, (start, stop) in enumerate(_spans(candidates, 8)):
            if number and self._monotonic() >= self._until:
                return None
            both = f"{_IN_SPAN} AND {clause}" if clause else _IN_SPAN
            query = f"SELECT count(*) FROM exchanges {both}"  # noqa: S608 - constants
            ((some,),) = await self._rows(query, [start, stop, *values])
            count += int(some)
        return count


def _has_index(given: Filter) -> bool:
    """Whether an index leads to what is asked for in the order of the list."""
    plain = msgspec.structs.replace(given, since_ms=None, until_ms=None, body="", header="")
    exact_session = bool(given.session) and not any(sign in given.session for sign in "*?[,")
    return (
        plain == Filter()
        or exact_session
        or given.state == "live"
        or given.marked
        or bool(given.tag or given.note or given.replay or given.parent or given.limited)
    )


def _in_time(one: Block, given: Filter, after: Position) -> bool:
    since = -(1 << 62) if given.since_ms is None else given.since_ms
    return one.first_ms <= after[0] and one.last_ms >= since


def _spans(group: list[Block], most: int = 1 << 30) -> list[tuple[int, int]]:
    """Their ranges of numbers, neighbours in one."""
    spans: list[tuple[int, int]] = []
    for number in sorted((one.number for one in group), reverse=True):
        start, stop = number << BITS, (number + 1) << BITS
        if spans and spans[-1][0] == stop and spans[-1][1] - start <= most << BITS:
            spans[-1] = (start, spans[-1][1])
        else:
            spans.append((start, stop))
    return spans


def _page(rows: list[Any], limit: int) -> Found:
    cursor = cursor_of(rows[limit - 1]) if len(rows) > limit else ""
    return Found(rows[:limit], cursor)


def _position(row: Any) -> Position:
    return int(row[_STARTED]), int(row[0])


def cursor_of(row: Any) -> str:
    """The place of a row in the list."""
    started_ms, seq = _position(row)
    return f"{started_ms}-{seq}"


def read_cursor(cursor: str) -> Position:
    """The place that a cursor stands for; raises BadFilter."""
    started, separator, seq = cursor.partition("-")
    if not (separator and started.isdecimal() and seq.isdecimal() and len(cursor) < 38):
        raise BadFilter("this cursor is not one of ours; ask for the first page again")
    return int(started), int(seq)
