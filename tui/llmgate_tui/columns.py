"""The columns of the traffic list: which fit a width, and the text of each cell (pure)."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.keeping import EDITED
from llmgate_tui import figures
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean

Tone = Literal["plain", "quiet", "good", "live", "warn", "bad", "accent"]


class Look(msgspec.Struct, frozen=True):
    """What a cell needs besides its row: the time, how to spell it, the glyphs."""

    now_ms: int
    moment: Callable[[int], str]
    glyphs: Glyphs


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column: ``share`` above 0 lets it grow with the width."""

    name: str
    title: str
    width: int
    right: bool = False
    share: int = 0
    cell: Callable[[ExchangeSummary, Look], tuple[str, Tone]]


_ERROR_WORDS: Final = {
    "upstream_timeout": "timeout",
    "upstream_unreachable": "no conn",
    "upstream_invalid": "invalid",
    "upstream_stream_error": "error",
    "upstream_cut": "cut",
    "caller_cancelled": "gone",
    "gateway_internal": "fault",
}
_OWN_WORDS: Final = {  # a limit of ours: never to be mistaken for the provider's
    "policy_rate_limited": "429 own",
    "policy_queue_full": "429 own",
    "policy_budget": "budget",
    "policy_too_large": "413 own",
    "policy_cancelled": "stopped",
}


def elapsed_us(row: ExchangeSummary, now_ms: int) -> int:
    """How long the exchange took, or has taken so far."""
    if row.total_us is not None:
        return row.total_us
    return max(0, now_ms - row.started_ms) * 1000


def tokens_per_second(row: ExchangeSummary, now_ms: int) -> float | None:
    """Output tokens over the time they took to arrive; None when that says nothing."""
    if not row.output_tokens or (row.total_us is None and row.state not in LIVE):
        return None
    whole = elapsed_us(row, now_ms)
    writing = whole - (row.ttfb_us or 0) if row.stream else whole
    if writing < 50_000:  # arrived at once: the whole time is the honest measure
        writing = whole
    return row.output_tokens * 1_000_000 / writing if writing > 0 else None


def status(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:  # noqa: PLR0911 - one a state
    """State as a glyph or the HTTP code, never by colour alone."""
    glyphs = look.glyphs
    match row.state:
        case "queued":
            return f"{glyphs.queued} queue", "warn"
        case "waiting":
            return f"{glyphs.waiting} wait", "quiet"
        case "streaming":
            return f"{glyphs.streaming} {row.status or ''}".rstrip(), "live"
        case "cancelled":
            ended = row.error_type == "policy_cancelled"  # by us, not by its caller
            return f"{glyphs.cancelled} {'stopped' if ended else 'gone'}", "warn"
        case "cut":
            return f"{glyphs.failed} cut", "bad"
        case "failed":
            return _failed(row, glyphs)
        case "finished":
            return str(row.status or figures.UNKNOWN), _tone_of(row.status)


def _failed(row: ExchangeSummary, glyphs: Glyphs) -> tuple[str, Tone]:
    if (own := _OWN_WORDS.get(row.error_type)) is not None:
        return own, "warn"
    word = _ERROR_WORDS.get(row.error_type)
    if word is not None:
        return f"{glyphs.failed} {word}", "bad"
    code = row.status or "failed"
    return f"{glyphs.failed} {code}", "bad"


def _tone_of(status_code: int | None) -> Tone:
    if status_code is None:
        return "quiet"
    if status_code >= 500:
        return "bad"
    return "warn" if status_code >= 400 else "plain"


def model(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    """The model asked for, and the one served when the provider was asked for another; without a
    model, what was asked.
    """
    if not row.model:  # a list of models, a path nobody serves, a body that is not JSON
        return clean(f"{row.method} {row.path}"), "quiet"
    asked = clean(row.model)
    if row.served and row.served != row.model:
        return f"{asked} {look.glyphs.arrow} {clean(row.served)}", "plain"
    return asked, "plain"


def flags(row: ExchangeSummary) -> str:
    """P sent again, E edited before, T tools, R2 two attempts, x5 five equal requests in a row."""
    found = []
    if row.parent:
        found.append("E" if EDITED in row.tags.split(",") else "P")
    if row.tool_calls:
        found.append("T")
    if row.attempts > 1:
        found.append(f"R{min(row.attempts, 99)}")
    if row.repeat:
        found.append(f"x{min(row.repeat + 1, 999)}")
    return " ".join(found)


def _time(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return look.moment(row.started_ms), "quiet"


def _total(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    if row.state in LIVE:
        return figures.duration(elapsed_us(row, look.now_ms)) + look.glyphs.ellipsis, "live"
    return _number(figures.duration(row.total_us))


def _ttft(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return _number(figures.duration(row.ttfb_us))


def _tps(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return _number(figures.rate(tokens_per_second(row, look.now_ms)))


def _tokens_in(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return _number(figures.count(row.input_tokens, estimated=row.usage_basis == "estimated"))


def _tokens_out(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    estimated = row.usage_basis == "estimated" or row.state in LIVE
    return _number(figures.count(row.output_tokens, estimated=estimated))


def _cost(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return _number(figures.money(row.cost_usd, estimated=row.cost_basis == "estimated"))


def _number(text: str) -> tuple[str, Tone]:
    return text, "quiet" if text == figures.UNKNOWN else "plain"


def _word(field: Callable[[ExchangeSummary], str]) -> Callable[..., tuple[str, Tone]]:
    def cell(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
        text = clean(field(row))
        return (text, "plain") if text else (figures.UNKNOWN, "quiet")

    return cell


def _flags(row: ExchangeSummary, look: Look) -> tuple[str, Tone]:
    return f" {flags(row)}", "warn" if row.repeat > 2 else "quiet"


TIME: Final = Column(name="time", title="TIME", width=8, cell=_time)
STATUS: Final = Column(name="status", title="ST", width=9, cell=status)
CLIENT: Final = Column(
    name="client", title="CLIENT", width=11, share=1, cell=_word(lambda row: row.client)
)
KEY: Final = Column(name="key", title="KEY", width=8, share=1, cell=_word(lambda row: row.key))
ROUTE: Final = Column(
    name="route", title="ROUTE", width=8, share=1, cell=_word(lambda row: row.route)
)
MODEL: Final = Column(name="model", title="MODEL", width=16, share=4, cell=model)
PROVIDER: Final = Column(
    name="provider", title="PROVIDER", width=9, share=1, cell=_word(lambda row: row.provider)
)
TTFT: Final = Column(name="ttft", title="TTFT", width=6, right=True, cell=_ttft)
TOTAL: Final = Column(name="total", title="TOTAL", width=6, right=True, cell=_total)
TPS: Final = Column(name="tps", title="TOK/S", width=5, right=True, cell=_tps)
IN: Final = Column(name="in", title="IN", width=6, right=True, cell=_tokens_in)
OUT: Final = Column(name="out", title="OUT", width=6, right=True, cell=_tokens_out)
COST: Final = Column(name="cost", title="$", width=8, right=True, cell=_cost)
FLAGS: Final = Column(name="flags", title="", width=8, cell=_flags)

_SETS: Final[tuple[tuple[int, tuple[Column, ...]], ...]] = (
    (
        140,
        (TIME, STATUS, CLIENT, KEY, ROUTE, MODEL, PROVIDER, TTFT, TOTAL, TPS, IN, OUT, COST, FLAGS),
    ),
    (113, (TIME, STATUS, CLIENT, MODEL, PROVIDER, TTFT, TOTAL, TPS, IN, OUT, COST, FLAGS)),
    (72, (TIME, STATUS, MODEL, PROVIDER, TOTAL, OUT, COST)),
    (53, (TIME, STATUS, MODEL, TOTAL, OUT)),
    (0, (STATUS, MODEL, TOTAL)),
)
GUTTER: Final = 3  # the mark between spaces: titles stand under the first word of the lines above


def for_width(width: int) -> list[tuple[Column, int]]:
    """The columns that fit ``width`` cells beside the mark, each with its own width."""
    chosen = next(columns for least, columns in _SETS if max(0, width) >= least)
    spare = width - GUTTER - sum(column.width + 1 for column in chosen)
    shares = sum(column.share for column in chosen)
    widths = []
    for column in chosen:
        extra = max(spare * column.share // shares, column.share and 4 - column.width)
        widths.append((column, column.width + (extra if column.share else 0)))
    return widths
