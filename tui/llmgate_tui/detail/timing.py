"""The Timing tab: where the time went, phase by phase, and how evenly the chunks came."""

from collections.abc import Sequence
from typing import Final

from llmgate.wire.exchanges import ExchangeDetail, Mark
from llmgate_tui import units
from llmgate_tui.detail.facts import bar, chunk_gaps, gaps, title
from llmgate_tui.text import clean
from llmgate_tui.widgets.line_text import Line

_PHASES: Final = {  # the mark that ends a phase: its name, and whose time it is
    "accepted": ("accept", "own"),
    "body": ("read the request", "caller"),
    "planned": ("choose a target", "own"),
    "sent": ("send it on", "own"),
    "head": ("wait for the head", "provider"),
    "first_byte": ("first byte", "provider"),
    "last_byte": ("receive the answer", "provider"),
    "done": ("finish", "own"),
}
_AWAITED: Final = {"sent": "head", "head": "first_byte", "first_byte": "last_byte"}
_TONES: Final = {"own": "good", "provider": "accent", "caller": "quiet"}
_EDGES_US: Final = [n * 1000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)]
_WIDE: Final = 70  # below, the table leaves out whose time it is and when


def render(detail: ExchangeDetail, at_us: Sequence[int], width: int) -> list[Line]:
    """Waterfall, shares, histogram of the gaps between chunks."""
    marks = sorted(detail.marks, key=lambda mark: mark.at_us)
    if not marks:
        return [[("No moments were recorded of this exchange.", "quiet")]]
    lines = [*_waterfall(marks, len(detail.attempts) > 1, width), [], *_shares(detail), []]
    return [*lines, *_histogram(at_us, width)]


def _waterfall(marks: Sequence[Mark], retried: bool, width: int) -> list[Line]:
    total = max(1, marks[-1].at_us)
    wide = width >= _WIDE
    room = max(4, min(width - (49 if wide else 30), 80))
    whose_at = f"{'whose':<10}{'at':>7}  " if wide else ""
    lines: list[Line] = [[(f"{'phase':<20}{whose_at}{'took':>7}  ", "quiet")]]
    before, last = 0, ""
    for mark in marks:
        name, whose = _phase(_ended(mark.name, last), retried)
        took, at = mark.at_us - before, units.duration_us(mark.at_us)
        lines.append(
            [
                (f"{name[:19]:<20}", ""),
                (f"{whose:<10}{at:>7}  " if wide else "", "quiet"),
                (f"{units.duration_us(took):>7}  ", ""),
                (bar(before / total, took / total, room), _TONES[whose]),
            ]
        )
        before, last = mark.at_us, mark.name
    return lines


def _ended(mark: str, last: str) -> str:
    """What an exchange that broke off was waiting for: that time is not ours."""
    return _AWAITED.get(last, mark) if mark == "done" else mark


def _phase(mark: str, retried: bool) -> tuple[str, str]:
    if retried and mark == "sent":
        return "earlier attempts", "provider"
    return _PHASES.get(mark, (clean(mark.replace("_", " ")), "own"))


def _shares(detail: ExchangeDetail) -> list[Line]:
    summary = detail.summary
    total, own = summary.total_us, summary.own_us
    share = f"  {own * 100 / total:.2g} % of the whole" if total and own is not None else ""
    return [
        _share("total", total, "" if total is not None else "  still running"),
        _share("first byte", summary.ttfb_us, ""),
        _share("gateway's own share", own, share),
    ]


def _share(label: str, us: int | None, note: str) -> Line:
    return [(f"{label:<20}", "quiet"), (f"{units.duration_us(us):>7}", ""), (note, "quiet")]


def _histogram(at_us: Sequence[int], width: int) -> list[Line]:
    between = gaps(at_us)
    if len(between) < 2:
        return [[("Too few chunks to speak of gaps between them.", "quiet")]]
    counts = [0] * (len(_EDGES_US) + 1)
    for gap in between:
        counts[sum(gap >= edge for edge in _EDGES_US)] += 1
    used = [i for i, n in enumerate(counts) if n]
    most, room = max(counts), max(4, min(width - 25, 60))
    lines: list[Line] = [title("gaps between chunks"), chunk_gaps(at_us, min(40, width // 3))]
    for i in range(used[0], used[-1] + 1):
        shown = bar(0, counts[i] / most, room) if counts[i] else ""
        lines.append([(f"{_bucket(i):<16}", "quiet"), (f"{counts[i]:>6}  ", ""), (shown, "accent")])
    return lines


def _bucket(i: int) -> str:
    if i == 0:
        return "under 1 ms"
    low = _EDGES_US[i - 1] // 1000
    if i == len(_EDGES_US):
        return "5 s and more"
    high = _EDGES_US[i] // 1000
    return f"{low} to {high} ms" if high < 1000 else f"{low / 1000:g} to {high / 1000:g} s"
