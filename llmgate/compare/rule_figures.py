"""The figures that a rule may name, read from a cell of the matrix, and how they are spelled."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from llmgate.wire.exchanges import LIVE
from llmgate.wire.replays import Cell

Unit = Literal["share", "usd", "us", "tokens", "number"]
Scope = Literal["cell", "mean", "sum"]


class Figure(msgspec.Struct, frozen=True):
    """A figure: how to read it from a cell, None while it is unknown."""

    name: str
    unit: Unit
    read: Callable[[Cell], float | None]


def _tokens(cell: Cell) -> float | None:
    if cell.input_tokens is None or cell.output_tokens is None:
        return None
    return cell.input_tokens + cell.output_tokens


def _failed(cell: Cell) -> float | None:
    """1 where a result ended badly or the target was refused; unknown while none has ended."""
    if cell.state == "refused":
        return 1.0
    if cell.state in LIVE or not cell.ids:
        return None
    return float(cell.ok < len(cell.ids))


def _ok(cell: Cell) -> float | None:
    failed = _failed(cell)
    return None if failed is None else 1.0 - failed


def _status(cell: Cell) -> float | None:
    return cell.status


FIGURES: Final[Mapping[str, Figure]] = {
    figure.name: figure
    for figure in (
        Figure("similarity", "share", lambda cell: cell.similarity),
        Figure("cost", "usd", lambda cell: cell.cost_usd),
        Figure("ttft", "us", lambda cell: cell.ttfb_us),
        Figure("total", "us", lambda cell: cell.total_us),
        Figure("tps", "number", lambda cell: cell.tokens_per_s),
        Figure("in", "tokens", lambda cell: cell.input_tokens),
        Figure("out", "tokens", lambda cell: cell.output_tokens),
        Figure("tokens", "tokens", _tokens),
        Figure("status", "number", _status),
        Figure("failed", "share", _failed),
        Figure("ok", "share", _ok),
    )
}
ABSOLUTE: Final = frozenset({"status", "failed", "ok"})
"""Figures that no multiple of the original's makes sense of."""


def value_of(figure: Figure, cell: Cell, original: Cell) -> float | None:
    """A figure of a result. An answer that failed is not like the original at all."""
    value = figure.read(cell)
    if figure.name == "similarity" and value is None and original.similarity is not None:
        return 0.0 if _failed(cell) else None
    return value


def gathered(
    figure: Figure, scope: Scope, pairs: Sequence[tuple[Cell, Cell]]
) -> tuple[float | None, float | None]:
    """A column's mean or sum over what is known of it, and the original's over the same rows, None
    where that is not known of all of them.
    """
    known = list(_known(figure, pairs))
    if not known:
        return None, None
    count = len(known) if scope == "mean" else 1
    bases = [base for _, base in known if base is not None]
    whole = sum(bases) / count if len(bases) == len(known) else None
    return sum(value for value, _ in known) / count, whole


def count_known(figure: Figure, pairs: Sequence[tuple[Cell, Cell]]) -> int:
    """Of how many rows a figure is known."""
    return sum(1 for _ in _known(figure, pairs))


def _known(
    figure: Figure, pairs: Sequence[tuple[Cell, Cell]]
) -> Iterator[tuple[float, float | None]]:
    for original, cell in pairs:
        value = value_of(figure, cell, original)
        if value is not None:
            yield value, figure.read(original)


def spelled(value: float | None, unit: Unit) -> str:
    """A figure for people."""
    if value is None:
        return "unknown"
    match unit:
        case "usd":
            return f"${value:.6f}".rstrip("0").rstrip(".")
        case "us":
            return f"{value / 1e6:.2f} s" if value >= 1e6 else f"{value / 1e3:.0f} ms"
        case "tokens":
            return f"{value:,.0f}"
        case "share" | "number":
            return f"{value:.3f}".rstrip("0").rstrip(".")
