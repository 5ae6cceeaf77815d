"""The accepted versions of the config as rows, and one of them as lines (no Textual)."""

from collections.abc import Callable
from typing import Final

from llmgate.wire.editing import Revision, RevisionDetail
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.verdict_text import Line, diff_lines
from llmgate_tui.widgets.grid import Cell, GridColumn, GridRow
from llmgate_tui.widgets.line_look import ASCII_TWINS

COLUMNS: Final = [
    GridColumn("", 1),
    GridColumn("NO", 4, right=True),
    GridColumn("WHEN", 8),
    GridColumn("WHO", 4, needs=50),
    GridColumn("KIND", 12, needs=70),
    GridColumn("WHAT", 0),
]
EMPTY: Final = "Nothing is kept yet: the first edit starts the history."


def rows(revisions: list[Revision], glyphs: Glyphs, moment: Callable[[int], str]) -> list[GridRow]:
    """Newest first, the running one marked."""
    found = [GridRow(str(r.number), _cells(r, glyphs, moment)) for r in revisions]
    return found or [GridRow("-", [EMPTY], selectable=False)]


def _cells(revision: Revision, glyphs: Glyphs, moment: Callable[[int], str]) -> list[Cell]:
    tone = "strong" if revision.current else ""
    return [
        (glyphs.mark if revision.current else " ", "accent"),
        (str(revision.number), tone),
        (moment(revision.at_ms), "quiet"),
        (revision.who, "quiet"),
        (_kind(revision), "quiet"),
        (_written(revision.summary, glyphs) or "-", tone),
    ]


def _written(summary: str, glyphs: Glyphs) -> str:
    return summary.translate(ASCII_TWINS) if glyphs.dot.isascii() else summary


def _kind(revision: Revision) -> str:
    if revision.of is None or revision.kind in {"edit", "first"}:
        return revision.kind
    return f"{revision.kind} {revision.of}"


def title(revision: Revision) -> str:
    """Above the text of one."""
    now = ", running" if revision.current else ""
    return f"Revision {revision.number}{now}: {revision.summary or revision.kind}"


def detail_lines(detail: RevisionDetail) -> list[Line]:
    """What it changed."""
    if not detail.diff:
        return [[("It changed nothing in the file, or is the first one.", "quiet")]]
    return diff_lines(detail.diff)
