"""The matrix of a replay as cells of a table: one figure of each result, or all of them (pure)."""

from collections.abc import Callable, Sequence
from typing import Final

from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE
from llmgate.wire.replays import Cell as Result
from llmgate.wire.replays import Matrix, MatrixRow
from llmgate_tui import figures, units
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean, fit, fit_right

ALL: Final = "all"
FIGURES: Final[dict[str, str]] = {
    "similarity": "similarity",
    "cost": "cost",
    "ttft": "first byte",
    "total": "total time",
    "tps": "tokens/s",
    "out": "tokens out",
    ALL: "all figures",
}
"""Name -> what it is called; in the order the key goes round."""

_EACH: Final = (("similarity", 4), ("ttft", 6), ("total", 6), ("tps", 5), ("out", 6), ("cost", 8))
_STATUS: Final = 7
WIDE: Final = _STATUS + sum(width + 1 for _, width in _EACH)
NARROW: Final = _STATUS + 9
HEAD: Final = " ".join(
    [
        "status".ljust(_STATUS),
        *(
            fit_right(title, width)
            for title, width in (
                ("sim", 4),
                ("ttft", 6),
                ("total", 6),
                ("tok/s", 5),
                ("out", 6),
                ("$", 8),
            )
        ),
    ]
)

_OPEN: Final = frozenset({*LIVE, "pending", "refused"})  # nothing has come of it (yet)
_WORST: Final[dict[str, Callable[[Result], float | None]]] = {
    "similarity": lambda cell: None if cell.similarity is None else -cell.similarity,
    "cost": lambda cell: cell.cost_usd,
    "ttft": lambda cell: cell.ttfb_us,
    "total": lambda cell: cell.total_us,
    "tps": lambda cell: None if cell.tokens_per_s is None else -cell.tokens_per_s,
    "out": lambda cell: cell.output_tokens,
}


def figure(cell: Result, name: str) -> str:
    """One figure as text; ``-`` where it is not known."""
    match name:
        case "similarity":
            return similarity(cell.similarity)
        case "cost":
            return dollars(cell.cost_usd, cell.cost_basis)
        case "ttft":
            return figures.duration(cell.ttfb_us)
        case "total":
            return figures.duration(cell.total_us)
        case "tps":
            return figures.rate(cell.tokens_per_s)
        case _:
            return units.count(cell.output_tokens, cell.usage_basis)


def dollars(usd: float | None, basis: Basis) -> str:
    """$0.0021, <$0.0001, $1.83~ as the list of exchanges has it."""
    if usd is None or basis == "unknown":
        return figures.UNKNOWN
    said = figures.money(usd, estimated=basis == "estimated")
    return said.replace("<", "<$") if said.startswith("<") else f"${said}"


def similarity(value: float | None) -> str:
    """0.93; 1 is only what is wholly the same."""
    if value is None:
        return figures.UNKNOWN
    return "1" if value >= 1 else f"{min(value, 0.99):.2f}"


def status(cell: Result, glyphs: Glyphs) -> tuple[str, str]:
    """How it ended, as a word or code with its tone; of several results, how many went well."""
    if cell.state == "pending":
        return f"{glyphs.waiting} wait", "quiet"
    if cell.state == "refused":
        return f"{glyphs.cancelled} no", "warn"
    if cell.state in LIVE:
        return f"{glyphs.streaming} runs", "accent"
    if len(cell.ids) > 1:
        good = cell.ok == len(cell.ids)
        return (
            f"{'' if good else glyphs.failed}{cell.ok}/{len(cell.ids)}",
            "good" if good else "bad",
        )
    if cell.state == "finished" and (cell.status or 0) < 400:
        return str(cell.status or "ok"), "plain"
    word = cell.status if (cell.status or 0) >= 400 else cell.state[:6]
    return f"{glyphs.failed} {word}", "bad"


def cell_text(cell: Result, name: str, glyphs: Glyphs, *, original: bool) -> tuple[str, str]:
    """Status and figure, or all figures, with the tone of what matters most."""
    word, tone = status(cell, glyphs)
    if name == ALL:
        said = _all(word, cell, original=original)
        return said, tone if tone != "plain" else _tone(cell, "similarity")
    value = "" if original and name == "similarity" else figure(cell, name)
    if cell.state in {"pending", "refused"}:
        value = ""
    return f"{fit(word, _STATUS)} {fit_right(value, 8)}", tone if tone != "plain" else _tone(
        cell, name
    )


def _all(word: str, cell: Result, *, original: bool) -> str:
    said = [fit(word, _STATUS)]
    for name, width in _EACH:
        value = "" if original and name == "similarity" else figure(cell, name)
        said.append(fit_right(value, width))
    return " ".join(said)


def _tone(cell: Result, name: str) -> str:
    if name != "similarity" or cell.similarity is None:
        return "plain"
    return "plain" if cell.similarity >= 0.9 else "warn" if cell.similarity >= 0.5 else "bad"


def ordered(rows: Sequence[MatrixRow], name: str, column: int, *, worst: bool) -> list[MatrixRow]:
    """As they were sent, or the worst of a figure first: in one column, or (0) in any target's."""
    if not worst:
        return list(rows)
    badness = _WORST["similarity" if name == ALL else name]

    def rank(row: MatrixRow) -> tuple[int, float]:
        spots = [column] if column else list(range(1, len(row.cells)))
        known = [value for at in spots if (value := badness(row.cells[at])) is not None]
        if any(_broken(row, at) for at in spots):
            return 0, 0.0
        return (1, -max(known)) if known else (2, 0.0)

    return sorted(rows, key=rank)


def _broken(row: MatrixRow, column: int) -> bool:
    """It failed where the original did not."""
    cell = row.cells[column]
    return cell.state not in _OPEN and row.cells[0].ok > 0 and cell.ok < len(cell.ids)


def differs(row: MatrixRow, column: int) -> bool:
    """A result that says something else than the original, or failed where that did not."""
    if not 0 < column < len(row.cells):
        return False
    cell = row.cells[column]
    if cell.state not in _OPEN and cell.similarity is not None and cell.similarity < 1:
        return True
    return _broken(row, column)


def next_difference(
    rows: Sequence[MatrixRow], at: tuple[int, int], by: int
) -> tuple[int, int] | None:
    """Row and column of the next cell that differs, in reading order, going round."""
    if not rows:
        return None
    wide = max(len(row.cells) for row in rows)
    total = wide * len(rows)
    start = at[0] * wide + at[1]
    for step in range(1, total + 1):
        row, column = divmod((start + by * step) % total, wide)
        if differs(rows[row], column):
            return row, column
    return None


def title(row: MatrixRow) -> str:
    """What was asked, in a few words."""
    return clean(row.title) or clean(row.source.path)


def window(columns: int, chosen: int, first: int, fitting: int) -> int:
    """The first target column to show so that the chosen one is among those that fit."""
    targets = columns - 1
    first = max(1, min(first, targets - fitting + 1))
    if chosen and chosen < first:
        return chosen
    return chosen - fitting + 1 if chosen >= first + fitting else first


def totals(matrix: Matrix) -> list[Result]:
    """A cell for each column, also of a gateway that sends none."""
    return [*matrix.totals, *([Result()] * len(matrix.columns))][: len(matrix.columns)]


def sum_text(cell: Result, name: str, column: int, glyphs: Glyphs) -> str:
    """A cell of the line of sums: how many went well, medians and sums."""
    of = f"{cell.ok} ok"
    if name == ALL:
        return _all(of, cell, original=not column)
    value = "" if not column and name == "similarity" else figure(cell, name)
    return f"{fit(of, _STATUS, glyphs.ellipsis)} {fit_right(value, 8)}"
