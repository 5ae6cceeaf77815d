"""Verdicts, conflicts and differences of the config as lines of toned text (no Textual here)."""

from collections.abc import Iterable, Sequence
from typing import Final

from llmgate.wire.editing import Conflict, RouteEffect, Share, Verdict
from llmgate.wire.gateway import Problem
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean

Line = list[tuple[str, str]]

_MOST: Final = 5_000
_TONES: Final = {"+": "good", "-": "bad", "@": "accent", " ": ""}
_HEADS: Final = ("+++ ", "--- ", "\\ ")


def diff_lines(diff: str) -> list[Line]:
    """A unified diff: what comes, what goes, where."""
    lines = diff.splitlines()
    shown = [[(line, _tone(line))] for line in lines[:_MOST]]
    rest = len(lines) - len(shown)
    return [*shown, [(f"{rest} more lines", "quiet")]] if rest else shown


def _tone(line: str) -> str:
    if line.startswith(_HEADS):
        return "quiet"
    return _TONES.get(line[:1], "quiet")


def where(problem: Problem) -> str:
    """``config.yaml, line 14, column 5``, as far as it is known."""
    parts = [problem.file.rsplit("/", 1)[-1]] if problem.file else []
    if problem.line:
        parts.append(f"line {problem.line}")
    if problem.line and problem.column:
        parts.append(f"column {problem.column}")
    return ", ".join(parts)


def problem_lines(problems: Iterable[Problem], glyphs: Glyphs) -> list[Line]:
    """Message, then where and at which path."""
    found: list[Line] = []
    for problem in problems:
        found.append([(f"{glyphs.bad} ", "bad"), (problem.message, "bad")])
        place = ", ".join(part for part in (where(problem), problem.path) if part)
        if place:
            found.append([("  ", ""), (place, "quiet")])
    return found


def verdict_lines(verdict: Verdict, glyphs: Glyphs) -> list[Line]:
    """Everything a person should know before (or after) an edit is applied."""
    lines: list[Line] = []
    if verdict.problems:
        lines += [[("Not valid yet, nothing is written:", "strong")]]
        lines += [*problem_lines(verdict.problems, glyphs), []]
    said = effect_lines(verdict, glyphs)
    if said:
        lines += [*said, []]
    if verdict.diff:
        lines += diff_lines(verdict.diff)
    elif not verdict.problems:
        lines.append([("The file stays as it is.", "quiet")])
    return lines


def effect_lines(verdict: Verdict, glyphs: Glyphs) -> list[Line]:
    """Shares that move, sentences, warnings."""
    lines = [line for effect in verdict.routes for line in route_lines(effect, glyphs)]
    lines += [[(effect, "")] for effect in verdict.effects]
    lines += [[(f"{glyphs.warning} ", "warn"), (text, "warn")] for text in verdict.warnings]
    return lines


def route_lines(effect: RouteEffect, glyphs: Glyphs) -> list[Line]:
    """``route fast: openai 50 % -> 70 %, groq 50 % -> 30 %``, a target a line."""
    head: Line = [("route ", "quiet"), (clean(effect.route), "strong")]
    moved = [share for share in effect.shares if _moved(share)]
    if effect.change != "changed" or not moved:
        head.append((f" {effect.change}", "quiet"))
    return [head, *([("  ", ""), *_share(share, glyphs)] for share in moved)]


def _moved(share: Share) -> bool:
    return (share.before, share.weight_before) != (share.after, share.weight_after)


def _share(share: Share, glyphs: Glyphs) -> Line:
    name = clean(share.provider) + (f" {clean(share.model)}" if share.model else "")
    before, after = percent(share.before), percent(share.after)
    if share.before is None:
        return [(name, ""), (f"  new, {after}", "good")]
    if share.after is None:
        return [(name, ""), (f"  {before}, gone", "bad")]
    if before == after:
        moved = f"  weight {share.weight_before} {glyphs.arrow} {share.weight_after}"
        return [(name, ""), (f"{moved}, still {after}", "quiet")]
    return [(name, ""), (f"  {before} {glyphs.arrow} ", "quiet"), (after, "accent")]


def percent(share: float | None) -> str:
    """``70 %``, ``0.4 %``; ``-`` when there is none."""
    if share is None:
        return "-"
    value = share * 100
    exact = value < 10 and abs(value - round(value)) >= 0.05
    return f"{value:.1f} %" if exact else f"{value:.0f} %"


def conflict_lines(conflict: Conflict) -> list[Line]:
    """What would be written, what they did, what you meant."""
    parts: list[tuple[str, str, str]] = [
        ("Yours on top of the file as it is now", conflict.merged, conflict.merge_problem),
        ("Theirs: what has changed in the file since", conflict.theirs, ""),
        ("Yours: what your edits do to the file they were made on", conflict.yours, ""),
    ]
    said = "Nothing is written yet, and nothing of yours is lost: see both, then choose."
    lines: list[Line] = [[(said, "warn")]]
    for title, diff, problem in parts:
        if problem:
            lines += [[], [(title, "strong")], [(problem, "bad")]]
        elif diff:
            lines += [[], [(title, "strong")], *diff_lines(diff)]
    if not conflict.base_known:
        gone = "The file your edits were made on is not kept any more: compare for yourself."
        lines += [[], [(gone, "quiet")]]
    return lines


def running(verdict: Verdict, *, undo: bool = True) -> str:
    """What runs now, in a sentence."""
    way = ": u undoes it" if undo else ""
    return f"config v{verdict.version} is running{way}"


def rows_needed(lines: Sequence[Line], width: int) -> int:
    """About how many rows the lines take when they wrap."""
    sizes = (sum(len(text) for text, _ in line) for line in lines)
    return sum(max(1, -(-size // max(1, width))) for size in sizes)
