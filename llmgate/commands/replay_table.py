"""Replays, their estimate and their matrix as text for a terminal."""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from llmgate.commands.log_table import UNKNOWN, clock_time, duration, money, tokens
from llmgate.wire.replays import Cell, Matrix, ReplayEstimate, ReplayView, target_name
from llmgate.wire.safe_text import safe_text

_TITLES: Final = ("AT", "ST", "TTFT", "TOTAL", "TOK/S", "IN", "OUT", "$", "ALIKE")
_LEFT: Final = 2  # columns that stand on the left: title and place
_WIDEST_TITLE: Final = 40
_WIDEST_PLACE: Final = 32
_REFUSALS: Final = 5
_REASONS: Final = 5
_USUAL_WIDTH: Final = 120


def plain(text: str) -> str:
    """Harmless on a terminal, one line."""
    return safe_text(text, newlines=False)


def requests(count: int) -> str:
    """The number of them, in words that agree with it."""
    return f"{count:,} request{'' if count == 1 else 's'}"


def estimate_lines(estimate: ReplayEstimate) -> list[str]:
    """What would be sent, and what it would cost."""
    lines = [
        f"{one.target}: {requests(one.requests)}, about {one.input_tokens:,} tokens in and"
        f" {one.output_tokens:,} out, {_dollars(one.usd, one.unpriced)}"
        for one in estimate.targets
        if one.requests
    ]
    if len(lines) > 1:
        unpriced = sum(one.unpriced for one in estimate.targets)
        lines.append(f"in all {requests(estimate.requests)}, {_dollars(estimate.usd, unpriced)}")
    for one in estimate.refused[:_REFUSALS]:
        where = f" to {one.target}" if one.target else ""
        lines.append(f"not sent: {one.source}{where}: {one.reason}")
    if (more := len(estimate.refused) - _REFUSALS) > 0:
        lines.append(f"not sent: {more} more")
    return [*lines, *(f"note: {note}" for note in estimate.notes)]


def _dollars(usd: float | None, unpriced: int) -> str:
    if usd is None:
        return "at an unknown price"
    text = f"about ${money(usd, 'unknown')}"
    return f"{text}, {unpriced} without a known price" if unpriced else text


def print_list(views: Sequence[ReplayView], *, as_json: bool) -> None:
    """A line each, newest first."""
    for view in views:
        if as_json:
            print(msgspec.json.encode(view).decode())
            continue
        where = ", ".join(target_name(target) for target in view.spec.targets) or "as asked"
        done = f"{view.done}/{view.total}"
        cost = money(view.spent_usd, view.spent_basis)
        line = (
            f"{clock_time(view.created_ms):<14}  {view.id}  {view.state:<8}  {done:>9}  {cost:>9}"
        )
        print(plain(f"{line}  {where}  {view.spec.name}".rstrip()))
    if not views and not as_json:
        print("no replay yet", file=sys.stderr)


def print_matrix(matrix: Matrix) -> None:
    """A line for each request at each place, then the sums of all that was sent."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _USUAL_WIDTH
    lines: list[tuple[str, ...]] = [("REQUEST", *_TITLES)]
    for row in matrix.rows:
        lines += _block(row.title or row.source.id, matrix.columns, row.cells)
    if len(matrix.rows) > 1 or matrix.replay.spec.times > 1:  # the cells are medians of the times
        lines += _block("TOTAL", matrix.columns, matrix.totals)
    for line in (*_aligned(lines, width), *_reasons(matrix)):
        print(line)
    for note in matrix.replay.estimate.notes:
        print(f"note: {plain(note)}")


def _reasons(matrix: Matrix) -> list[str]:
    """Why results failed, said once for each place and reason, the commonest first."""
    counts = Counter(
        (column, cell.error)
        for row in matrix.rows
        for column, cell in zip(matrix.columns[1:], row.cells[1:], strict=True)
        if cell.error and cell.ids
    )
    lines = [
        f"{column}: {error}" + (f" ({count} times)" if count > 1 else "")
        for (column, error), count in counts.most_common(_REASONS)
    ]
    more = len(counts) - len(lines)
    return [plain(line) for line in [*lines, *([f"and {more} more reasons"] if more > 0 else [])]]


def _block(title: str, columns: Sequence[str], cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    return [
        (plain(title) if not at else "", plain(column), *_cell(cell))
        for at, (column, cell) in enumerate(zip(columns, cells, strict=True))
    ]


def _cell(cell: Cell) -> tuple[str, ...]:
    speed = UNKNOWN if cell.tokens_per_s is None else f"{cell.tokens_per_s:.0f}"
    alike = UNKNOWN if cell.similarity is None else f"{cell.similarity:.2f}"
    return (
        _state(cell),
        duration(cell.ttfb_us),
        duration(cell.total_us),
        speed,
        tokens(cell.input_tokens, cell.usage_basis),
        tokens(cell.output_tokens, cell.usage_basis),
        money(cell.cost_usd, cell.cost_basis),
        alike,
    )


def _state(cell: Cell) -> str:
    if cell.state == "finished" or (cell.state == "failed" and (cell.status or 0) >= 400):
        return UNKNOWN if cell.status is None else str(cell.status)
    return cell.state


def _aligned(lines: Sequence[tuple[str, ...]], width: int) -> list[str]:
    wide = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    wide[1] = min(wide[1], _WIDEST_PLACE)
    rest = width - sum(wide[1:]) - 2 * len(wide[1:])
    wide[0] = min(wide[0], _WIDEST_TITLE, max(10, rest))
    return [
        "  ".join(_put(text, wide[at], at) for at, text in enumerate(line)).rstrip()
        for line in lines
    ]


def _put(text: str, width: int, at: int) -> str:
    cut = text if len(text) <= width else f"{text[: width - 1]}…"
    return cut.ljust(width) if at < _LEFT else cut.rjust(width)
