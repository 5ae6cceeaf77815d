"""The matrix of a replay: a row for each request, a cell for what came of it at each place.

The figures of a cell are the medians of the results that ended well, or of all that ended when none
did: a refusal that comes at once would make a place look fast. Its state, status and error are
those of the first result that went wrong, so that nothing hides behind a median. What was given up
is sent again by a resume: it is a result only where there is no other.

The totals tell what was spent: tokens and cost of everything that was sent, also of what failed or
was cancelled, and each of the times.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Final, Literal, TypeVar

from llmgate.compare.answered import given_up
from llmgate.compare.answers import Answer
from llmgate.compare.rates import tokens_per_s
from llmgate.compare.similarity import similarity
from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE, ExchangeSummary, State
from llmgate.wire.replays import Cell, Matrix, MatrixRow, ReplayRefusal, ReplayView

Source = tuple[ExchangeSummary, str, Answer]
"""A recorded exchange, its title, its answer."""

Result = tuple[ExchangeSummary, float | None]
"""An exchange that a replay made, and its answer's similarity to the original's."""

N = TypeVar("N", int, float)
CellState = State | Literal["pending", "refused"]

_LIVELIEST: Final[tuple[CellState, ...]] = ("streaming", "waiting", "queued", "pending")
_ENDED: Final[tuple[CellState, ...]] = ("failed", "cut", "cancelled", "finished")
_BASES: Final[tuple[Basis, ...]] = ("estimated", "reported")


def build(
    view: ReplayView,
    columns: Sequence[str],
    sources: Sequence[Source],
    results: Mapping[tuple[str, int], Sequence[Result]],
    refused: Sequence[ReplayRefusal],
) -> Matrix:
    """Builds the matrix. ``columns[0]`` is the original; ``results`` are by the source's id and the
    target's number from 0, whose column is ``columns[number + 1]``. A refusal's ``target`` is the
    name of its column, or empty for all of them.
    """
    reasons = {(one.source, one.target): one.reason for one in refused}
    rows: list[MatrixRow] = []
    sent: list[list[ExchangeSummary]] = [[] for _ in columns]
    for source, title, answer in sources:
        cells = [cell_of([(source, similarity(answer, answer))])]
        sent[0].append(source)
        for number, column in enumerate(columns[1:]):
            reason = reasons.get((source.id, column)) or reasons.get((source.id, ""), "")
            given = results.get((source.id, number), ())
            cells.append(cell_of(given, reason))
            sent[number + 1] += [summary for summary, _ in given]
        rows.append(MatrixRow(source=source, title=title, cells=cells))
    totals = [total_of([row.cells[n] for row in rows], sent[n]) for n in range(len(columns))]
    return Matrix(replay=view, columns=list(columns), rows=rows, totals=totals)


def cell_of(results: Sequence[Result], refusal: str = "") -> Cell:
    """What came of one request at one place."""
    if not results:
        return Cell(state="refused", error=refusal) if refusal else Cell()
    results = [one for one in results if not given_up(one[0])] or results
    rows = [summary for summary, _ in results]
    told = _first_to_tell(rows)
    counted = [one for one in results if _is_well(one[0])]
    counted = counted or [one for one in results if one[0].state not in LIVE]
    given = [row for row, _ in counted]
    return Cell(
        ids=[row.id for row in rows],
        state=told.state,
        status=told.status,
        ttfb_us=_whole(row.ttfb_us for row in given),
        total_us=_whole(row.total_us for row in given),
        tokens_per_s=_middle(tokens_per_s(row) for row in given),
        input_tokens=_whole(row.input_tokens for row in given),
        output_tokens=_whole(row.output_tokens for row in given),
        usage_basis=_weakest(row.usage_basis for row in given),
        cost_usd=_middle(row.cost_usd for row in given),
        cost_basis=_weakest(row.cost_basis for row in given),
        similarity=_middle(likeness for _, likeness in counted),
        ok=sum(map(_is_well, rows)),
        error=told.error or told.error_type,
    )


def total_of(cells: Sequence[Cell], sent: Sequence[ExchangeSummary]) -> Cell:
    """A column as one cell: medians of times and similarity, sums of tokens and cost.

    The sums are over all that was ``sent``, not over the cells, which with several times are
    medians. One that lacks the figure of an answer is marked as estimated.
    """
    given = [cell for cell in cells if cell.ok] or [cell for cell in cells if cell.ids]
    return Cell(
        state=_state_of(cells),
        ttfb_us=_whole(cell.ttfb_us for cell in given),
        total_us=_whole(cell.total_us for cell in given),
        tokens_per_s=_middle(cell.tokens_per_s for cell in given),
        input_tokens=_sum([row.input_tokens for row in sent]),
        output_tokens=_sum([row.output_tokens for row in sent]),
        usage_basis=_of_sum(sent, lambda row: (row.output_tokens, row.usage_basis)),
        cost_usd=_sum([row.cost_usd for row in sent]),
        cost_basis=_of_sum(sent, lambda row: (row.cost_usd, row.cost_basis)),
        similarity=_middle(cell.similarity for cell in given),
        ok=sum(cell.ok for cell in cells),
    )


def _is_well(row: ExchangeSummary) -> bool:
    return row.state == "finished" and (row.status or 200) < 400


def _first_to_tell(rows: Sequence[ExchangeSummary]) -> ExchangeSummary:
    """The one whose state is the cell's: one that is live, else one that went wrong."""
    for state in _LIVELIEST:
        for row in rows:
            if row.state == state:
                return row
    return next((row for row in rows if not _is_well(row)), rows[-1])


def _state_of(cells: Sequence[Cell]) -> CellState:
    states = [cell.state for cell in cells]
    for state in (*_LIVELIEST, *_ENDED):
        if state in states:
            return state
    return "refused" if states else "pending"


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _whole(values: Iterable[int | None]) -> int | None:
    middle = _middle(values)
    return None if middle is None else round(middle)


def _sum(values: Sequence[N | None]) -> N | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None


def _weakest(bases: Iterable[Basis]) -> Basis:
    """How sure a median is: no surer than the least sure figure of it that is known."""
    given = set(bases)
    for basis in _BASES:
        if basis in given:
            return basis
    return "unknown"


def _of_sum(
    rows: Sequence[ExchangeSummary],
    read: Callable[[ExchangeSummary], tuple[float | None, Basis]],
) -> Basis:
    """How sure a sum is. What failed without a figure used nothing, so it is not missing."""
    known = [basis for value, basis in map(read, rows) if value is not None]
    missing = any(
        read(row)[0] is None and (_is_well(row) or bool(row.output_tokens)) for row in rows
    )
    return "estimated" if known and missing else _weakest(known)
