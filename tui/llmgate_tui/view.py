"""Which rows are shown, and in which order (pure): a window on ``Traffic``.

Grouped by run, headings stand among the rows: their indices count down from -1.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.columns import elapsed_us, tokens_per_second
from llmgate_tui.runs import Run, run_id, runs
from llmgate_tui.state import Delta, Traffic

Accept = Callable[[ExchangeSummary], bool]
SortKey = Callable[[ExchangeSummary, int], float | str | None]

ORDERS: Final[dict[str, tuple[str, SortKey]]] = {
    "status": ("status", lambda row, _: row.status or (1000 if row.error_type else None)),
    "client": ("client", lambda row, _: row.client.lower() or None),
    "model": ("model", lambda row, _: row.model.lower() or None),
    "provider": ("provider", lambda row, _: row.provider.lower() or None),
    "ttft": ("time to first byte", lambda row, _: row.ttfb_us),
    "total": ("total time", elapsed_us),
    "tps": ("tokens per second", tokens_per_second),
    "in": ("tokens in", lambda row, _: row.input_tokens),
    "out": ("tokens out", lambda row, _: row.output_tokens),
    "cost": ("cost", lambda row, _: row.cost_usd),
    "key": ("key", lambda row, _: row.key.lower() or None),
    "route": ("route", lambda row, _: row.route.lower() or None),
}
ARRIVAL: Final = "time"


class View:
    """Positions count from the top of the screen's list; indices are those of ``Traffic``."""

    def __init__(self, traffic: Traffic, now_ms: Callable[[], int]) -> None:
        self.traffic = traffic
        self.order = ARRIVAL
        self.flipped = False
        self.only_marked = False
        self.accept: Accept | None = None
        self.grouped = False
        self.unfolded: set[str] = set()  # runs whose rows are shown
        self.runs: list[Run] = []
        self._numbers: dict[str, int] = {}  # run -> its place in runs
        self._now_ms = now_ms
        self._shown: list[int] | None = None  # None: every row as it arrived
        self._places: dict[int, int] = {}  # index -> place in _shown, when sorted by a column

    def __len__(self) -> int:
        return len(self.traffic) if self._shown is None else len(self._shown)

    @property
    def arranged(self) -> bool:
        """Sorted by a column or grouped: new rows have no natural end to appear at."""
        return self.grouped or self.order != ARRIVAL

    @property
    def limited(self) -> bool:
        """Some rows may be hidden."""
        return self.accept is not None or self.only_marked

    def index(self, position: int) -> int:
        """The row at a position."""
        place = len(self) - 1 - position if self._upside_down else position
        return self.traffic.base + place if self._shown is None else self._shown[place]

    def row(self, position: int) -> ExchangeSummary:
        """The row at a position."""
        return self.traffic.row(self.index(position))

    def exchanges(self) -> list[ExchangeSummary]:
        """Every exchange that is let through, folded away or not, in no order."""
        if self._shown is None:
            return list(self.traffic.rows)
        return [row for row in self.traffic.rows if self._wants(row)]

    def position(self, index: int | None) -> int | None:
        """Where a row is shown, None when it is hidden."""
        place = None if index is None else self._place(index)
        return len(self) - 1 - place if place is not None and self._upside_down else place

    @property
    def _upside_down(self) -> bool:
        """Runs are put in order with their headings first, whichever way."""
        return self.flipped and not self.grouped

    def run_at(self, index: int) -> Run:
        """The run of a heading."""
        return self.runs[-1 - index]

    def run_of(self, id: str) -> Run | None:  # noqa: A002
        """A run by id."""
        number = self._numbers.get(id) if self.grouped else None
        return None if number is None else self.runs[number]

    def id_at(self, position: int) -> str:
        """The exchange or the run at a position."""
        index = self.index(position)
        return self.run_at(index).id if index < 0 else self.traffic.row(index).id

    def position_of(self, id: str) -> int | None:  # noqa: A002
        """Where an exchange or a run is shown, None when it is hidden."""
        number = self._numbers.get(id) if self.grouped else None
        return self.position(self.traffic.index(id) if number is None else -1 - number)

    def run_with(self, id: str) -> Run | None:  # noqa: A002
        """The run that an exchange belongs to."""
        row = self.traffic.find(id) if self.grouped else None
        return None if row is None else self.run_of(run_id(row.client, row.session))

    def _place(self, index: int) -> int | None:
        if self._shown is None:
            place = index - self.traffic.base
            return place if 0 <= place < len(self.traffic) else None
        if self.arranged:
            return self._places.get(index)
        at = bisect_left(self._shown, index)
        return at if at < len(self._shown) and self._shown[at] == index else None

    def rebuild(self) -> None:
        """Filters and sorts everything anew."""
        if not self.arranged and not self.limited:
            self._shown, self._places = None, {}
            return
        base = self.traffic.base
        self._shown = [base + at for at, row in enumerate(self.traffic.rows) if self._wants(row)]
        if self.grouped:
            self._group(self._shown)
        elif self.arranged:
            self._arrange(self._shown)

    def take(self, delta: Delta) -> bool:
        """Follows a change of the rows; True when shown rows moved other than by appending.

        A sorted view takes new rows in at the next ``rebuild``.
        """
        if self._shown is None:
            return delta.rebuilt
        if delta.rebuilt or (self.arranged and delta.trimmed):
            self.rebuild()
            return True
        if self.arranged:
            return False
        if delta.trimmed:
            del self._shown[: bisect_left(self._shown, self.traffic.base)]
        moved = [self._reconsider(index) for index in delta.changed]
        for index in range(delta.first_new, self.traffic.end):
            if self._wants(self.traffic.row(index)):
                self._shown.append(index)
        return any(moved)

    def _reconsider(self, index: int) -> bool:
        shown = self._shown
        if shown is None:
            return False
        at = bisect_left(shown, index)
        present = at < len(shown) and shown[at] == index
        wanted = self._wants(self.traffic.row(index))
        if present == wanted:
            return False
        if wanted:
            shown.insert(at, index)
        else:
            del shown[at]
        return True

    def _wants(self, row: ExchangeSummary) -> bool:
        if self.only_marked and row.id not in self.traffic.marks:
            return False
        return self.accept is None or self.accept(row)

    def _arrange(self, shown: list[int]) -> None:
        """Sorts; rows without a value stay together at the end."""
        key, now_ms, row = ORDERS[self.order][1], self._now_ms(), self.traffic.row
        valued = [
            (value, index) for index in shown if (value := key(row(index), now_ms)) is not None
        ]
        held = {index for _, index in valued}
        rest = [index for index in shown if index not in held]
        valued.sort()
        ordered = [index for _, index in valued]
        shown[:] = rest + ordered if self.flipped else ordered + rest
        self._places = {index: place for place, index in enumerate(shown)}

    def _group(self, shown: list[int]) -> None:
        """Headings, each with its rows unless it is folded; the latest active run comes last."""
        self.runs = runs(((index, self.traffic.row(index)) for index in shown), self._now_ms())
        if self.flipped:
            self.runs.reverse()
        shown.clear()
        self._numbers = {run.id: number for number, run in enumerate(self.runs)}
        for number, run in enumerate(self.runs):
            shown.append(-1 - number)
            if run.id in self.unfolded:
                shown += run.rows
        self._places = {index: place for place, index in enumerate(shown)}
