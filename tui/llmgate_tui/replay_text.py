"""Replays in words: what one would do, how far one is, what it was about (no Textual here)."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from llmgate.wire.replays import ReplayEstimate, ReplaySpec, ReplayView, TargetEstimate
from llmgate_tui import units
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.replay_cells import dollars
from llmgate_tui.replay_plan import target_text
from llmgate_tui.replay_sets import counted
from llmgate_tui.text import clean, fit
from llmgate_tui.widgets.line_text import Line
from llmgate_tui.widgets.spark import gauge

_MOST: Final = 100
_LOW_MONEY: Final = 0.00005


def requests(number: int) -> str:
    """1 request, 24 requests."""
    return "1 request" if number == 1 else f"{number:,} requests"


def money(usd: float | None, unpriced: int = 0) -> str:
    """``about $0.12``, ``nothing``, ``an unknown price``; and what is not in it."""
    if usd is None:
        return "an unknown price"
    said = "nothing" if usd == 0 else f"about {dollars(usd, 'reported')}"
    return said + (f" and {requests(unpriced)} without a known price" if unpriced else "")


def estimate_lines(estimate: ReplayEstimate, glyphs: Glyphs, width: int) -> list[Line]:
    """What would be sent, by target; what cannot be; what to know."""
    unpriced = sum(one.unpriced for one in estimate.targets)
    head: Line = [
        (requests(estimate.requests), "strong"),
        (f"  of {counted(estimate.sources)}   ", "quiet"),
        (money(estimate.usd, unpriced), "accent"),
    ]
    lines: list[Line] = [head]
    for one in estimate.targets[:_MOST]:
        lines += _target(one, width, glyphs)
    lines += _refused(estimate, glyphs)
    lines += [[(f"{glyphs.middot} {clean(note)}", "label")] for note in estimate.notes[:_MOST]]
    return lines


def _target(one: TargetEstimate, width: int, glyphs: Glyphs) -> list[Line]:
    """In one line, or two where there is little room."""
    price = "nothing" if one.usd == 0 else dollars(one.usd, "estimated")
    tokens = f"{units.count(one.input_tokens)} in, {units.count(one.output_tokens)} out"
    facts = f"{requests(one.requests)}, {tokens}"
    name = clean(one.target)
    if cell_len(name) + len(facts) + 16 <= width:
        return [[(name, ""), (f"  {facts}  ", "quiet"), (price, "")]]
    room = max(8, width - 14)
    return [[(fit(name, room, glyphs.ellipsis), ""), (f" {price}", "")], [(f"  {facts}", "quiet")]]


def _refused(estimate: ReplayEstimate, glyphs: Glyphs) -> list[Line]:
    """The same reason is said once, with how many it holds for."""
    reasons = Counter((one.target, one.reason) for one in estimate.refused)
    return [
        [
            (f"{glyphs.bad} {counted(count)} not to {clean(target)}: ", "warn"),
            (clean(reason), ""),
        ]
        for (target, reason), count in reasons.most_common(_MOST)
    ]


def question(spec: ReplaySpec, estimate: ReplayEstimate) -> str:
    """What is asked before money is spent."""
    targets = " and ".join(clean(target_text(target)) for target in spec.targets[:4])
    if len(spec.targets) > 4:
        targets += f" and {len(spec.targets) - 4} more"
    unpriced = sum(one.unpriced for one in estimate.targets)
    said = f"Send {requests(estimate.requests)} to {targets}? It costs"
    said = f"{said} {money(estimate.usd, unpriced)}"
    if spec.limit_usd is not None:
        said += f"; it stops at {units.money(spec.limit_usd, 'reported')}"
    if refused := len(estimate.refused):
        said += f".\n{refused:,} cannot be sent there and are left out"
    return f"{said}."


def free(estimate: ReplayEstimate) -> bool:
    """Known to cost nothing: nobody needs to be asked."""
    unpriced = sum(one.unpriced for one in estimate.targets)
    return estimate.usd is not None and estimate.usd < _LOW_MONEY and not unpriced


def about(replay: ReplayView) -> str:
    """Its name, or how much it sends."""
    if replay.spec.name:
        return clean(replay.spec.name)
    number = replay.estimate.sources or len(replay.spec.ids)
    return counted(number) if number else "exchanges of a filter"


def targets(replay: ReplayView) -> str:
    """Where it is sent."""
    return ", ".join(clean(target_text(target)) for target in replay.spec.targets)


def state(replay: ReplayView, glyphs: Glyphs) -> tuple[str, str]:
    """A glyph and a word with its tone."""
    match replay.state:
        case "running":
            return f"{glyphs.streaming} running", "accent"
        case "finished":
            return f"{glyphs.ok} finished", "warn" if replay.failed else "good"
        case "stopped":
            return f"{glyphs.cancelled} stopped", "warn"
        case "limit":
            return f"{glyphs.warning} limit", "warn"
        case "failed":
            return f"{glyphs.bad} failed", "bad"


def spent(replay: ReplayView) -> str:
    """$0.12, or $0.12 of $0.50."""
    said = dollars(replay.spent_usd, replay.spent_basis)
    limit = replay.spec.limit_usd
    return said if limit is None else f"{said} of {units.money(limit, 'reported')}"


def progress(replay: ReplayView, glyphs: Glyphs, width: int) -> list[tuple[str, str]]:
    """How far it is, in one line: the least needed at the end."""
    word, tone = state(replay, glyphs)
    share = replay.done / replay.total if replay.total else 0.0
    pieces = [(f" {word}", tone), (f"  {replay.done:,}/{replay.total:,} {share:.0%} ", "strong")]
    if width >= 70:
        full, track = gauge(share, min(20, width - 66), plain=glyphs.dot.isascii())
        pieces += [(f" {full}", "accent"), (track, "quiet")]
    if replay.failed:
        pieces.append((f"  {replay.failed:,} failed", "bad"))
    pieces.append((f"  {spent(replay)}", ""))
    if replay.running:
        pieces.append((f"  {replay.running} under way", "quiet"))
    if replay.unpriced:
        pieces.append((f"  {replay.unpriced:,} unpriced", "quiet"))
    pieces.append((f"  {_next(replay)}", "quiet"))
    return pieces


def active(replay: ReplayView) -> bool:
    """There is news to come."""
    return replay.state == "running" or replay.running > 0


def _next(replay: ReplayView) -> str:
    if replay.problem:
        return clean(replay.problem)
    if replay.state != "running" and replay.running:
        return "s cancels them"
    ways = {"running": "s stops it", "stopped": "S resumes it", "limit": "S resumes it"}
    return ways.get(replay.state, "")


def first_steps(chosen: int, targets_: Sequence[str]) -> list[Line]:
    """What to do before anything can be estimated."""
    if not chosen:
        return [
            [("Choose what to send again: ", ""), ("a set at the left", "accent")],
            [("m in Traffic (1) marks exchanges, R there comes back with them.", "quiet")],
        ]
    if not targets_:
        return [
            [("Choose where to send it: ", ""), ("a", "accent"), (" adds a target", "")],
            [("any provider that speaks the same protocol; nothing is sent yet", "quiet")],
        ]
    return [[("Asking what it would cost", "quiet")]]
