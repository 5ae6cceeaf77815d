"""What of a replay's matrix fits a width, and how its rows look there (no Textual)."""

from collections.abc import Callable, Sequence

import msgspec
from rich.cells import cell_len

from llmgate.wire.replays import MatrixRow
from llmgate_tui import replay_cells
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.replay_cells import ALL, FIGURES, NARROW, WIDE
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import Cell, GridColumn
from llmgate_tui.widgets.line import Piece

_GUTTER = 3
_LEAST_TITLE = 14
_TIME = 8
_MODEL = 16
_GOOD_TITLE = 40  # what the request gets before names of targets do
_WIDEST = 30


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """``fitting`` targets at a time; ``leading`` columns stand before those of the matrix."""

    figure: str
    fitting: int
    original: bool
    timed: bool
    named: bool
    cell: int  # cells of a column of the matrix

    @property
    def leading(self) -> int:
        """Time, model, request."""
        return 1 + self.timed + self.named

    def indices(self, first: int, count: int) -> list[int]:
        """The columns of the matrix that are shown: the original, and some targets."""
        targets = range(first, min(count, first + self.fitting))
        return [*([0] if self.original else []), *targets]


def shape(width: int, names: Sequence[str], figure: str) -> Shape:
    """What there is room for; without a wish all figures, where every target fits with them."""
    targets = max(1, len(names) - 1)
    if not figure:
        roomy = _GUTTER + _LEAST_TITLE + (WIDE + 1) * (1 + targets) <= width
        figure = ALL if roomy else "similarity"
    cell = (WIDE if figure == ALL else NARROW) + 1
    original = width >= _GUTTER + _LEAST_TITLE + 2 * cell
    room = width - _GUTTER - _LEAST_TITLE - (cell if original else 0)
    fitting = max(1, min(targets, room // cell))
    room -= fitting * cell
    timed = room >= _TIME + 1 + 6
    room -= _TIME + 1 if timed else 0
    named = room >= _MODEL + 1 + 10
    room -= _MODEL + 1 if named else 0
    longest = max((cell_len(clean(name)) for name in names), default=0) + 3  # and the sign
    spare = (room + _LEAST_TITLE - _GOOD_TITLE) // (fitting + original)
    spare = max(0, min(longest - cell, _WIDEST - cell, spare))
    return Shape(
        figure=figure,
        fitting=fitting,
        original=original,
        timed=timed,
        named=named,
        cell=cell - 1 + (spare if figure != ALL else 0),
    )


def columns(
    form: Shape, shown: Sequence[int], names: Sequence[str], chosen: int, glyphs: Glyphs
) -> list[GridColumn]:
    """Their titles; the chosen one has a sign."""
    found = [GridColumn("TIME", _TIME)] if form.timed else []
    found += [GridColumn("MODEL", _MODEL)] if form.named else []
    found.append(GridColumn("REQUEST", 0))
    for at in shown:
        sign = f"{glyphs.open} " if at == chosen else ""
        found.append(GridColumn(f"{sign}{clean(names[at])}", form.cell))
    return found


def row_cells(
    row: MatrixRow,
    form: Shape,
    shown: Sequence[int],
    glyphs: Glyphs,
    moment: Callable[[int], str],
) -> list[Cell]:
    """A request and what came of it."""
    source = row.source
    found: list[Cell] = [(moment(source.started_ms), "quiet")] if form.timed else []
    found += [clean(source.model)] if form.named else []
    found.append(replay_cells.title(row))
    for at in shown:
        if at < len(row.cells):
            cell = row.cells[at]
            found.append(replay_cells.cell_text(cell, form.figure, glyphs, original=not at))
    return found


def header(form: Shape, shown: Sequence[int], count: int, *, worst: bool) -> list[Piece]:
    """Which figure, in which order, which of the targets."""
    said = [FIGURES[form.figure], "worst first" if worst else ""]
    targets = [at for at in shown if at]
    if targets and len(targets) < count - 1:
        said.append(f"targets {targets[0]}-{targets[-1]} of {count - 1}")
    return [(", ".join(word for word in said if word), "quiet")]
