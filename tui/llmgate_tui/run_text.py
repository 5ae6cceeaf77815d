"""A run as the heading over its exchanges: who, how long, how much, what is wrong (pure)."""

from typing import Final

from rich.cells import cell_len

from llmgate_tui import figures
from llmgate_tui.columns import Look, Tone
from llmgate_tui.runs import RUNAWAY, Run
from llmgate_tui.text import clean, fit

Piece = tuple[str, Tone]

_GAP: Final = "  "
_CLIENT: Final = 12  # cells, so that what follows stands in line
_SESSION: Final = 8  # cells of a session's id that tell it from others


def heading(run: Run, look: Look, width: int, *, folded: bool) -> list[Piece]:
    """Sign and client, then as many facts as fit, the most telling first to stay."""
    sign = look.glyphs.closed if folded else look.glyphs.open
    client = clean(run.client) or "unknown client"
    start: list[Piece] = [
        (f" {sign} ", "accent"),
        (fit(client, _CLIENT, look.glyphs.ellipsis), "plain"),
    ]
    room = width - _cells(start)
    facts = _facts(run, look)
    kept: set[int] = set()
    for rank in sorted(range(len(facts)), key=lambda at: facts[at][0]):
        cells = cell_len(facts[rank][1]) + len(_GAP)
        if facts[rank][1] and cells <= room:
            room -= cells
            kept.add(rank)
    return [*start, *((_GAP + facts[at][1], facts[at][2]) for at in sorted(kept))]


def _facts(run: Run, look: Look) -> list[tuple[int, str, Tone]]:
    """Rank (0 stays longest), text and tone, in the order they are shown."""
    tokens = _tokens(run) if run.counted else ""
    return [
        (5, _session(run), "quiet"),
        (1, f"{run.turns:>3} turn{'s' if run.turns != 1 else ' '}", "plain"),
        (6, _models(run, look), "quiet"),
        (4, tokens, "plain"),
        (0, _money(run), "plain"),
        (7, figures.duration(run.duration_us), "quiet"),
        (3, f"{look.glyphs.streaming} {run.live} live" if run.live else "", "live"),
        (2, f"{run.errors} err" if run.errors else "", "bad"),
        (1, _runaway(run), "warn"),
        (8, _when(run, look), "quiet"),
    ]


def _session(run: Run) -> str:
    session = clean(run.session)
    return fit(session[:_SESSION], _SESSION) if session else "no id".ljust(_SESSION)


def _models(run: Run, look: Look) -> str:
    if not run.models:
        return ""
    more = f" +{len(run.models) - 1}" if len(run.models) > 1 else ""
    return fit(clean(run.models[-1]), 28, look.glyphs.ellipsis).rstrip() + more


def _tokens(run: Run) -> str:
    mark = run.tokens_estimated
    read = figures.count(run.input_tokens, estimated=mark)
    return f"{read} in {figures.count(run.output_tokens, estimated=mark)} out"


def _money(run: Run) -> str:
    if run.cost_usd is None:
        return ""
    return f"${figures.money(run.cost_usd, estimated=run.cost_estimated)}"


def _runaway(run: Run) -> str:
    return f"same request x{min(run.repeat, 999)}" if run.repeat > RUNAWAY else ""


def _when(run: Run, look: Look) -> str:
    since = figures.ago(look.now_ms - run.last_ms)
    return "" if run.live else "just now" if since == "now" else f"{since} ago"


def _cells(pieces: list[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)
