"""The traffic as the terminal knows it: a ring of rows fed by live events (no Textual here).

Rows are kept in the order they arrived. A row's *index* counts from the first row ever held, so it
stays the same while older rows are trimmed away: ``rows[index - base]``.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.feed import Bye, Changes, FeedEvent, Gap, Heartbeat, Notice, Snapshot
from llmgate.wire.gateway import ProviderView, RouteView, Status
from llmgate_tui.first_model import first_model

CAP: Final = 10_000
_NOTICES: Final = 1_000
_NAMES: Final = {  # field of the filter -> of the row
    **{name: name for name in ("model", "served", "provider", "route", "key", "client", "session")},
    **{name: name for name in ("path", "method", "finish", "protocol")},
    "limit": "limited_by",
    "err": "error_type",
    "parent": "parent",
    "replay": "replay",
}


class Delta(msgspec.Struct):
    """What one batch did to the rows: ``first_new`` on are new, ``changed`` were replaced.

    ``rebuilt`` says that indices mean something else than before.
    """

    first_new: int
    changed: list[int]
    trimmed: int = 0
    rebuilt: bool = False


class Traffic:
    """Rows, marks and the gateway's own state."""

    def __init__(self, cap: int = CAP) -> None:
        self.cap = cap
        self.rows: list[ExchangeSummary] = []
        self.base = 0
        self.trimmed = 0  # rows dropped for newer ones so far
        self.marks: set[str] = set()
        self.unsaved: dict[str, bool] = {}  # marks put and taken that the gateway has not heard of
        self.status: Status | None = None
        self.providers: dict[str, ProviderView] = {}
        self.routes: list[RouteView] = []
        self.notices: deque[Notice] = deque(maxlen=_NOTICES)
        self.paused = False
        self.held: dict[str, ExchangeSummary] = {}  # news kept back while paused
        self.extra: set[str] = set()  # read for a filter: there are gaps between them
        self._index: dict[str, int] = {}
        self._cleared_ms = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def cleared(self) -> bool:
        """The reader wants nothing from before some moment."""
        return self._cleared_ms > 0

    @property
    def kept(self) -> int:
        """How many exchanges there are in all, as far as is known."""
        recorded = self.status.recording.kept if self.status is not None else 0
        return max(recorded, len(self.rows))

    @property
    def end(self) -> int:
        """The index the next row will get."""
        return self.base + len(self.rows)

    def row(self, index: int) -> ExchangeSummary:
        """The row of an index."""
        return self.rows[index - self.base]

    def index(self, id: str) -> int | None:  # noqa: A002
        """Where a row is, None when it is not held (any more)."""
        return self._index.get(id)

    def find(self, id: str) -> ExchangeSummary | None:  # noqa: A002
        """A row by id."""
        index = self._index.get(id)
        return None if index is None else self.row(index)

    def values(self, field: str) -> set[str]:
        """What a field of the rows holds, for those that hold names."""
        if field == "tag":
            return {tag for row in self.rows if row.tags for tag in row.tags.split(",")}
        name = _NAMES.get(field)
        return set() if name is None else {getattr(row, name) for row in self.rows}

    def oldest_open_ms(self) -> int | None:
        """From when on a lost connection may have hidden something: read again from here."""
        starts = [row.started_ms for row in self.rows if row.state in LIVE]
        if self.rows:
            starts.append(self.rows[-1].started_ms)
        return min(starts, default=None)

    def apply(self, event: FeedEvent) -> list[ExchangeSummary]:
        """Takes in the gateway's own news and returns the rows that the event brings."""
        match event:
            case Snapshot():
                self.status = event.status
                self.providers = {view.name: view for view in event.providers}
                self.notices.clear()
                self.notices.extend(event.notices)
                return event.exchanges
            case Changes():
                self.status = event.status or self.status
                self.providers.update((view.name, view) for view in event.providers)
                self.notices.extend(event.notices)
                return event.exchanges
            case Heartbeat():
                self.status = event.status
                return []
            case Gap() | Bye():
                return []

    def first_model(self) -> str:
        """What a first request can ask for."""
        return first_model(self.status, self.routes, self.providers.values())

    def hold(self, rows: Iterable[ExchangeSummary]) -> None:
        """Keeps news back while the display is paused; the oldest goes when there is too much."""
        for row in rows:
            self.held.pop(row.id, None)
            self.held[row.id] = row
        while len(self.held) > self.cap:
            del self.held[next(iter(self.held))]

    def release(self) -> list[ExchangeSummary]:
        """Gives back what was held."""
        rows = list(self.held.values())
        self.held.clear()
        return rows

    def held_new(self) -> int:
        """How many held rows the list does not show at all yet."""
        return sum(id not in self._index for id in self.held)  # noqa: A001

    def put(self, rows: Iterable[ExchangeSummary]) -> Delta:
        """Inserts or replaces by id, in the order given."""
        delta = Delta(self.end, [])
        for told in rows:
            row = self._as_marked(told)
            at = self._index.get(row.id)
            if at is not None:
                self.rows[at - self.base] = row
                if at < delta.first_new:
                    delta.changed.append(at)
            elif row.started_ms > self._cleared_ms:
                self._index[row.id] = self.end
                self.rows.append(row)
            else:
                continue
            self._count_mark(row)
        self._trim(delta)
        return delta

    def merge(self, rows: Iterable[ExchangeSummary]) -> Delta:
        """Like ``put``, for rows that may be older than some we hold: finds their places."""
        known = {row.id: row for row in self.rows}
        fresh = [row for row in rows if row.id in known or row.started_ms > self._cleared_ms]
        last_ms = self.rows[-1].started_ms if self.rows else 0
        if all(row.id in known or row.started_ms >= last_ms for row in fresh):
            return self.put(sorted(fresh, key=lambda row: row.started_ms))
        known.update((row.id, self._as_marked(row)) for row in fresh)
        self._replace(sorted(known.values(), key=lambda row: row.started_ms)[-self._room :])
        return Delta(self.end, [], rebuilt=True)

    def merge_extra(self, rows: Iterable[ExchangeSummary]) -> Delta:
        """Like ``merge``, for single rows from before those that are held without a gap."""
        fresh = [row for row in rows if row.id not in self._index][: self.cap]
        self.extra.update(row.id for row in fresh)
        return self.merge(fresh)

    def drop_extra(self) -> bool:
        """Lets go of rows that only a filter wanted, but for marked ones; True when any went."""
        gone = self.extra - self.marks
        if not gone:
            return False
        self._replace([row for row in self.rows if row.id not in gone])
        return True

    def oldest_ms(self) -> int | None:
        """From when on every exchange is held."""
        return next((row.started_ms for row in self.rows if row.id not in self.extra), None)

    def clear(self) -> int:
        """Empties the view; the gateway's store keeps everything."""
        count = len(self.rows)
        self._cleared_ms = max((row.started_ms for row in self.rows), default=self._cleared_ms)
        self.marks.clear()
        self.held.clear()
        self._replace([])
        return count

    def toggle_mark(self, id: str) -> bool:  # noqa: A002
        """Marks or unmarks a row; True when it is marked now."""
        self.mark([id], id not in self.marks)
        return id in self.marks

    def mark(self, ids: Iterable[str], on: bool) -> None:
        """Marks or unmarks rows, here and now; what the gateway says of them counts again when
        they are no longer ``unsaved``.
        """
        for id_ in ids:
            if (at := self._index.get(id_)) is None:
                continue
            row = msgspec.structs.replace(self.rows[at - self.base], marked=on)
            self.rows[at - self.base] = row
            self._count_mark(row)

    def _as_marked(self, row: ExchangeSummary) -> ExchangeSummary:
        wanted = self.unsaved.get(row.id)
        if wanted is None or wanted == row.marked:
            return row
        return msgspec.structs.replace(row, marked=wanted)

    def _count_mark(self, row: ExchangeSummary) -> None:
        if row.marked:
            self.marks.add(row.id)
        else:
            self.marks.discard(row.id)

    @property
    def _room(self) -> int:
        return self.cap + len(self.extra)

    def _replace(self, rows: list[ExchangeSummary]) -> None:
        self.base = self.end
        self.rows = rows
        self._index = {row.id: self.base + at for at, row in enumerate(rows)}
        self.marks.clear()  # the same set: filters look into it
        self.marks.update(row.id for row in rows if row.marked)
        self.extra &= self._index.keys()

    def _trim(self, delta: Delta) -> None:
        """Drops the oldest tenth in one go, marked or not, once over the cap by as much."""
        over = len(self.rows) - self._room
        if over <= 0:
            return
        count = over + self.cap // 10
        for row in self.rows[:count]:
            del self._index[row.id]
            self.marks.discard(row.id)
            self.extra.discard(row.id)
        del self.rows[:count]
        self.base += count
        self.trimmed += count
        delta.trimmed = count
        delta.first_new = max(delta.first_new, self.base)
        delta.changed = [index for index in delta.changed if index >= self.base]
