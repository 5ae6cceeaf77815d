"""The matrix of a replay as Markdown, for a file (no Textual)."""

import re
from typing import Final

from llmgate.wire.replays import Cell, Matrix
from llmgate_tui import figures, units
from llmgate_tui.replay_cells import dollars, similarity, title
from llmgate_tui.replay_text import about, spent, targets
from llmgate_tui.text import clean

_NAME: Final = re.compile(r"[\w-][\w. -]{0,120}\.(md|json)")
_LONGEST_TITLE: Final = 60
_SIGNS: Final = re.compile(r"([\\`*_\[\]<>|#])")


def check_name(name: str) -> str:
    """What is wrong with a file's name; empty when nothing is."""
    if _NAME.fullmatch(name):
        return ""
    return "a name without a folder that ends in .md or .json"


def markdown(matrix: Matrix) -> str:
    """What it was, the sums, the rows."""
    replay = matrix.replay
    lines = [
        f"# Replay of {_text(about(replay))} to {_text(targets(replay))}",
        "",
        f"{replay.state}: {replay.done} of {replay.total} done, {replay.failed} failed, "
        f"spent {spent(replay)}",
        "",
        *_table(["request", *matrix.columns], [["all", *map(_cell, matrix.totals)]]),
        "",
        *_table(
            ["request", *matrix.columns],
            [[title(row)[:_LONGEST_TITLE], *map(_cell, row.cells)] for row in matrix.rows],
        ),
    ]
    return "\n".join(lines) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head), raw=True), *map(_row, rows)]


def _row(cells: list[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else _text(cell) for cell in cells)} |"


def _cell(cell: Cell) -> str:
    if cell.state in {"pending", "refused"}:
        return cell.state
    word = str(cell.status or cell.state) if len(cell.ids) == 1 else f"{cell.ok} ok"
    said = [
        word if cell.ok else f"{word} {clean(cell.error)[:80]}".strip(),
        f"similarity {similarity(cell.similarity)}",
        f"first byte {figures.duration(cell.ttfb_us)}",
        f"total {figures.duration(cell.total_us)}",
        f"{figures.rate(cell.tokens_per_s)} tokens/s",
        f"{units.count(cell.output_tokens, cell.usage_basis)} out",
        dollars(cell.cost_usd, cell.cost_basis),
    ]
    return ", ".join(said)


def _text(text: str) -> str:
    """Nothing in it means anything to Markdown."""
    return _SIGNS.sub(r"\\\1", clean(text))
