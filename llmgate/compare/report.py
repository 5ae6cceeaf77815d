"""The report of a replay as Markdown, for pull requests and CI summaries.

Whatever comes from outside (titles, names, errors) stands in code spans: there it is neither
Markdown nor HTML, no link and nobody's mention.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from llmgate.compare.fail_if import Judgement
from llmgate.compare.rule_figures import Unit, spelled
from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE
from llmgate.wire.replays import Cell, Matrix
from llmgate.wire.safe_text import safe_text

MAX_LINES: Final = 200
"""Results that are listed, the least alike first; the totals count all."""

_LONGEST: Final = 80
_MOST_BROKEN: Final = 50
_UNKNOWN: Final = "-"
_HEAD: Final = ("Status", "TTFT", "Total", "Tok/s", "In", "Out", "Cost", "Similarity")


def markdown(matrix: Matrix, judgement: Judgement | None = None) -> str:
    """Writes the summary, what breaks the rule, the totals and the results, the worst first."""
    sections = [
        _summary(matrix),
        *_judged(judgement),
        _totals(matrix),
        *_results(matrix),
        *(f"Note: {code(note, 400)}" for note in matrix.replay.estimate.notes),
    ]
    return "\n\n".join(sections) + "\n"


def code(text: str, longest: int = _LONGEST) -> str:
    """A text of anyone's as a code span."""
    clean = safe_text(text[: 4 * longest], newlines=False).strip()
    clean = clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
    clean = clean.replace("`", "'")
    return f"`{clean}`" if clean else _UNKNOWN


def _summary(matrix: Matrix) -> str:
    view = matrix.replay
    name = code(view.spec.name or view.id)
    counts = _counted(matrix)
    spent = _figure(view.spent_usd, "usd", view.spent_basis)
    cost = "the cost is unknown" if view.spent_usd is None else f"cost {spent}"
    if view.unpriced:
        cost += f" and {view.unpriced:,} without a known price"
    problem = f": {code(view.problem, 200)}" if view.problem else ""
    return f"### Replay {name}\n\n{counts}; {cost}; {view.state}{problem}."


def _counted(matrix: Matrix) -> str:
    view, targets = matrix.replay, len(matrix.columns) - 1
    cells = [cell for row in matrix.rows for cell in row.cells[1:]]
    refused = sum(cell.state == "refused" for cell in cells)
    parts = [
        f"{len(matrix.rows):,} requests at {targets} {'place' if targets == 1 else 'places'}",
        f"{view.done - view.failed:,} of {view.total:,} ended well",
    ]
    parts += [f"{view.failed:,} failed"] if view.failed else []
    parts += [f"{refused:,} not sent"] if refused else []
    return ", ".join(parts)


def _judged(judgement: Judgement | None) -> Iterator[str]:
    if judgement is None:
        return
    if not judgement.broken:
        yield "**The rule is kept.**"
    else:
        yield "**The rule is broken:**\n\n" + _list(judgement.broken)
    if judgement.unjudged:
        yield "Not judged:\n\n" + _list(judgement.unjudged)


def _list(lines: Sequence[str]) -> str:
    shown = [f"- {code(line, 400)}" for line in lines[:_MOST_BROKEN]]
    more = len(lines) - _MOST_BROKEN
    return "\n".join([*shown, f"- and {more:,} more"] if more > 0 else shown)


def _totals(matrix: Matrix) -> str:
    lines = []
    for column, cell in zip(matrix.columns, matrix.totals, strict=True):
        lines.append((code(column), f"{cell.ok:,} ok", *_figures(cell, None)))
    return _table(("All requests at", *_HEAD), lines)


def _results(matrix: Matrix) -> Iterator[str]:
    """A line for each request at each place."""
    lines = [
        (_badness(cell), row.title or row.source.id, column, cell, row.cells[0])
        for row in matrix.rows
        for column, cell in zip(matrix.columns[1:], row.cells[1:], strict=True)
    ]
    lines.sort(key=lambda line: line[0])  # stable: those alike stay in order
    if lines:
        yield _table(
            ("Request", "At", *_HEAD),
            [
                (code(title), code(at), _status(cell), *_figures(cell, original))
                for _, title, at, cell, original in lines[:MAX_LINES]
            ],
        )
    if len(lines) > MAX_LINES:
        yield f"and {len(lines) - MAX_LINES:,} more results, which are no less alike."


def _badness(cell: Cell) -> tuple[int, float]:
    """What is worst comes first: failed, refused, least alike, unknown, still open."""
    if cell.ids and cell.state not in LIVE and cell.ok < len(cell.ids):
        return 0, 0.0
    if cell.state == "refused":
        return 1, 0.0
    if cell.similarity is not None:
        return 2, cell.similarity
    return (3 if cell.ok else 4), 0.0


def _status(cell: Cell) -> str:
    if cell.state == "refused":
        return f"not sent: {code(cell.error)}"
    told = cell.state in {"finished", "failed"} and cell.status
    status = str(cell.status) if told else cell.state
    if len(cell.ids) > 1:
        status = f"{cell.ok} of {len(cell.ids)} ok" + ("" if status == "200" else f", {status}")
    return f"{status}: {code(cell.error)}" if cell.error else status


def _figures(cell: Cell, original: Cell | None) -> tuple[str, ...]:
    base = original or Cell()
    return (
        _with_ratio(cell.ttfb_us, base.ttfb_us, "us", "reported"),
        _with_ratio(cell.total_us, base.total_us, "us", "reported"),
        _UNKNOWN if cell.tokens_per_s is None else f"{cell.tokens_per_s:.1f}",
        _figure(cell.input_tokens, "tokens", cell.usage_basis),
        _with_ratio(cell.output_tokens, base.output_tokens, "tokens", cell.usage_basis),
        _with_ratio(cell.cost_usd, base.cost_usd, "usd", cell.cost_basis),
        _UNKNOWN if cell.similarity is None else f"{cell.similarity:.2f}",
    )


def _with_ratio(value: float | None, base: float | None, unit: Unit, basis: Basis) -> str:
    text = _figure(value, unit, basis)
    return f"{text} ({value / base:.1f}x)" if value is not None and base else text


def _figure(value: float | None, unit: Unit, basis: Basis) -> str:
    if value is None:
        return _UNKNOWN
    return ("~" if basis == "estimated" else "") + spelled(value, unit)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    text_columns = len(head) - len(_HEAD) + 1
    rule = ["---" if at < text_columns else "---:" for at in range(len(head))]
    cells = ([cell.replace("|", r"\|") for cell in line] for line in (head, rule, *lines))
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
