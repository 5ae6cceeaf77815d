"""The Prompt tab: what a request adds to the one before it, and which parts eat the tokens."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.cells import cell_len

from llmgate.wire.compare import PromptDiff, PromptEntry, Weight
from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui import figures
from llmgate_tui.compare.pairs import of_spans, of_texts
from llmgate_tui.compare.unified import unified
from llmgate_tui.detail.facts import bar, fact, joined, title
from llmgate_tui.text import clean, fit
from llmgate_tui.widgets.line_text import Fold, Item, Line

_WIDE: Final = 72  # below, the table has no calls and no bar
_MOST_WEIGHTS: Final = 12  # before the rest folds
_SIGNS: Final = {
    "kept": ("= ", "quiet"),
    "added": ("+ ", "good"),
    "dropped": ("- ", "bad"),
    "changed": ("± ", "warn"),
}


def render(
    diff: PromptDiff, before: ExchangeSummary | None, moment: Callable[[int], str], width: int
) -> list[Item]:
    """Totals, weights, what changed."""
    if diff.problem and not diff.entries and not diff.weights:
        return [[("▲ ", "warn"), (diff.problem, "")]]
    items: list[Item] = [[("▲ ", "warn"), (diff.problem, "")], []] if diff.problem else []
    items += [_about(diff, before, moment), *_totals(diff), []]
    if diff.weights:
        items += [*_weights(diff.weights, width), []]
    return [*items, *_changes(diff)]


def _about(diff: PromptDiff, before: ExchangeSummary | None, moment: Callable[[int], str]) -> Line:
    turn = f"turn {diff.turn} of its conversation" if diff.turn else ""
    if not diff.before:
        return fact("turn", turn or "the first that is known of its conversation")
    at = f"{moment(before.started_ms)} {before.model}" if before is not None else ""
    named = joined([at, diff.before], "  ")
    return fact("turn", f"{turn}, " if turn else "", "against ", (named, "strong"))


# -- totals --------------------------------------------------------------------


def _totals(diff: PromptDiff) -> list[Line]:
    """As reported where it was; what was counted here is an estimate and says so."""
    lines: list[Line] = []
    if diff.input_tokens is not None:
        whole = figures.grouped(diff.input_tokens)
        if diff.estimated:
            lines.append(fact("tokens", f"~{whole} in", ("  ~estimated", "warn")))
        else:
            lines.append(fact("tokens", f"{whole} in", ("  reported", "quiet")))
    else:
        lines.append(fact("tokens", ("- unknown: nothing was reported", "quiet")))
    sent = diff.resent_tokens + diff.added_tokens
    share = f"  {diff.resent_tokens * 100 / sent:.0f} % of what was sent" if sent else ""
    lines.append(fact("re-sent", f"~{figures.grouped(diff.resent_tokens)}", (share, "quiet")))
    lines.append(fact("added", (f"+~{figures.grouped(diff.added_tokens)}", "good")))
    dropped = (
        f"-~{figures.grouped(diff.dropped_tokens)}",
        "bad" if diff.dropped_tokens else "quiet",
    )
    lines.append(fact("dropped", dropped))
    if diff.cached_tokens is not None:
        cached = figures.grouped(diff.cached_tokens)
        lines.append(fact("cached", cached, ("  read from the provider's cache", "quiet")))
    return lines


# -- weights -------------------------------------------------------------------


def _weights(weights: Sequence[Weight], width: int) -> list[Item]:
    wide = width >= _WIDE
    names = min(
        24 if wide else max(6, min(14, width - 25)),
        max(cell_len(clean(_name(one))) for one in weights),
    )
    names = max(names, 4)
    columns = f"{'calls':>6}{'results':>8}" if wide else ""
    head = f"{'part':<{names}}{columns}{'tokens':>9}{'share':>7}{'new':>8}"
    lines: list[Line] = [title("what it weighs"), [(head, "quiet")]]
    lines += [_weight(one, names, width, wide=wide) for one in weights]
    shown = _MOST_WEIGHTS + 2
    if len(lines) <= shown + 1:
        return list(lines)
    rest = lines[shown:]
    return [*lines[:shown], Fold([(f"{len(rest)} lighter ones", "quiet")], lambda: rest)]


def _name(weight: Weight) -> str:
    return weight.name or weight.kind


def _weight(weight: Weight, names: int, width: int, *, wide: bool) -> Line:
    calls = ""
    if wide:
        calls = f"{weight.calls or '-':>6}{weight.results or '-':>8}"
    new = f"+{figures.count(weight.new_tokens)}~" if weight.new_tokens else "-"
    room = max(0, min(24, width - names - 14 - 26))
    share = f"{weight.share * 100:.0f} %" if weight.share >= 0.005 else "<1 %"
    line: Line = [
        (fit(clean(_name(weight)), names), "strong" if weight.kind == "tool" else ""),
        (calls, "quiet"),
        (f"{figures.count(weight.tokens) + '~':>9}", ""),
        (f"{share:>7}", ""),
        (f"{new:>8}", "good" if weight.new_tokens else "quiet"),
    ]
    if wide and room:
        line.append(("  " + bar(0, min(1.0, weight.share), room), "accent"))
    return line


# -- what changed --------------------------------------------------------------


def _changes(diff: PromptDiff) -> list[Item]:
    against = "what changed since then" if diff.before else "what it sends"
    items: list[Item] = [title(against)]
    for change in diff.settings:
        left, right = (f"{change.path} {side}" for side in (change.left, change.right))
        pair = of_texts(
            left if change.left is not None else None, right if change.right is not None else None
        )
        items += unified([pair]).lines
    items += [_entry(entry) for entry in _together(diff.entries)]
    if len(items) == 1:
        items.append([("  nothing", "quiet")])
    return items


def _together(entries: Sequence[PromptEntry]) -> list[PromptEntry]:
    """Parts that were kept one after the other are one line, whoever said them."""
    found: list[PromptEntry] = []
    for entry in entries:
        if found and entry.kind == found[-1].kind == "kept":
            count, tokens = found[-1].count + entry.count, found[-1].tokens + entry.tokens
            found[-1] = PromptEntry(kind="kept", count=count, tokens=tokens)
        else:
            found.append(entry)
    return found


def _entry(entry: PromptEntry) -> Item:
    if entry.kind == "kept":
        many = "1 part" if entry.count == 1 else f"{entry.count:,} parts"
        size = f"  ~{figures.grouped(entry.tokens)} tokens"
        named = f"  {entry.role} {entry.title}".rstrip() if entry.count == 1 else ""
        return [_SIGNS["kept"], (f"{many} as before", "quiet"), (size, "quiet"), (named, "quiet")]
    head: Line = [
        _SIGNS[entry.kind],
        (f"{entry.role or 'part'}  ", "strong"),
        (entry.title, ""),
        (f"  ~{figures.grouped(entry.tokens)} tokens", "quiet"),
    ]
    if not entry.spans:
        return head
    spans = entry.spans
    return Fold(head, lambda: [[("    ", ""), *line] for line in unified(of_spans(spans)).lines])
