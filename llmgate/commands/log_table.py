"""Recorded exchanges as a table that fits the terminal, or as JSON lines."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from llmgate.wire.blocks import Basis
from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.safe_text import safe_text

UNKNOWN = "-"


class Column(msgspec.Struct, frozen=True):
    """A column: the widest it may get, how soon it gives way on a narrow terminal."""

    title: str
    text: Callable[[ExchangeSummary], str]
    widest: int
    gives_way: int = 0
    right: bool = False


def duration(us: int | None) -> str:
    """412ms, 3.1s, 2m05s."""
    if us is None:
        return UNKNOWN
    if us < 999_500:
        return f"{us / 1000:.0f}ms" if us >= 1000 else "<1ms"
    seconds = us / 1e6
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    return f"{round(seconds) // 60}m{round(seconds) % 60:02d}s"


def tokens(number: int | None, basis: Basis) -> str:
    """1,204, with ``~`` for an estimate."""
    return UNKNOWN if number is None else f"{number:,}{_tilde(basis)}"


def money(usd: float | None, basis: Basis) -> str:
    """0.0151, with ``~`` for an estimate."""
    if usd is None:
        return UNKNOWN
    digits = f"{usd:.2f}" if usd >= 1 else f"{usd:.4f}"
    return f"{'<0.0001' if 0 < usd < 0.00005 else digits}{_tilde(basis)}"


def _tilde(basis: Basis) -> str:
    return "~" if basis == "estimated" else ""


def model(one: ExchangeSummary) -> str:
    """As asked, and as sent when that differs."""
    if not one.served or one.served == one.model:
        return one.model or UNKNOWN
    return f"{one.model or UNKNOWN} → {one.served}"


def outcome(one: ExchangeSummary) -> str:
    """The status, or the word for what is not an ordinary ending."""
    if one.state in LIVE:
        return "live"
    status = UNKNOWN if one.status is None else str(one.status)
    if one.state == "finished" or (one.state == "failed" and (one.status or 0) >= 400):
        return status
    return f"{status} {one.state}"


def clock_time(ms: int) -> str:
    """The time of day here, with the date when it is not today's."""
    moment, today = time.localtime(ms / 1000), time.localtime()
    same_day = moment[:3] == today[:3]
    return time.strftime("%H:%M:%S" if same_day else "%m-%d %H:%M:%S", moment)


COLUMNS = (
    Column("TIME", lambda one: clock_time(one.started_ms), 14),
    Column("ID", lambda one: one.id, 40),
    Column("STATUS", outcome, 13),
    Column("CLIENT", lambda one: one.client or UNKNOWN, 16, gives_way=5),
    Column("MODEL", model, 44),
    Column("PROVIDER", lambda one: one.provider or UNKNOWN, 16, gives_way=3),
    Column("TTFT", lambda one: duration(one.ttfb_us), 8, gives_way=4, right=True),
    Column("TOTAL", lambda one: duration(one.total_us), 8, gives_way=1, right=True),
    Column("IN", lambda one: tokens(one.input_tokens, one.usage_basis), 10, 6, right=True),
    Column("OUT", lambda one: tokens(one.output_tokens, one.usage_basis), 10, 6, right=True),
    Column("$", lambda one: money(one.cost_usd, one.cost_basis), 9, 2, right=True),
    Column("ERROR", lambda one: one.error_type, 24, gives_way=7),
)
_MODEL_PLACE = 4
_MODEL_LEAST = 12


def terminal_width() -> int | None:
    """Columns of the terminal; None when the output goes to a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_table(found: Sequence[ExchangeSummary], *, as_json: bool, width: int | None) -> None:
    """All of them, newest last."""
    if as_json:
        print_json(found)
        return
    for line in table(found, width):
        print(line)


def print_json(found: Iterable[ExchangeSummary]) -> None:
    """One JSON object a line."""
    for one in found:
        print(msgspec.json.encode(one).decode())


def table(found: Sequence[ExchangeSummary], width: int | None) -> list[str]:
    """A heading and a line each; columns are left out, then the model cut, to fit ``width``."""
    if not found:
        return []
    cells = [[_cell(column, one) for one in found] for column in COLUMNS]
    widths = [
        max(len(column.title), *map(len, texts)) if any(texts) else 0
        for column, texts in zip(COLUMNS, cells, strict=True)
    ]
    if width is not None:
        _narrow(widths, width)
    shown = [place for place, wide in enumerate(widths) if wide]
    titles = [COLUMNS[place].title for place in shown]
    rows = ([cells[place][number] for place in shown] for number in range(len(found)))
    return [_line(texts, shown, widths) for texts in (titles, *rows)]


def one_line(one: ExchangeSummary) -> str:
    """An exchange on a line of its own, columns as wide as usual: for tailing."""
    usual = (8, 26, 6, 12, 28, 12, 7, 7, 8, 8, 9, 0)
    texts = [_cell(column, one) for column in COLUMNS]
    return "  ".join(
        text.rjust(wide) if column.right else text.ljust(wide)
        for column, text, wide in zip(COLUMNS, texts, usual, strict=True)
    ).rstrip()


def _cell(column: Column, one: ExchangeSummary) -> str:
    return _cut(safe_text(column.text(one), newlines=False), column.widest)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _line(texts: Sequence[str], shown: Sequence[int], widths: Sequence[int]) -> str:
    return "  ".join(
        _cut(text, widths[place]).rjust(widths[place])
        if COLUMNS[place].right
        else _cut(text, widths[place]).ljust(widths[place])
        for text, place in zip(texts, shown, strict=True)
    ).rstrip()


def _narrow(widths: list[int], width: int) -> None:
    """Makes room: the model gives up some letters, then whole columns go."""
    order = sorted(range(len(COLUMNS)), key=lambda place: -COLUMNS[place].gives_way)
    for place in order:
        over = _total(widths) - width
        if over <= 0:
            return
        spare = max(0, widths[_MODEL_PLACE] - _MODEL_LEAST)
        if spare >= over:
            widths[_MODEL_PLACE] -= over
            return
        if COLUMNS[place].gives_way:
            widths[place] = 0
    widths[_MODEL_PLACE] = max(0, widths[_MODEL_PLACE] - max(0, _total(widths) - width))


def _total(widths: Sequence[int]) -> int:
    return sum(wide + 2 for wide in widths if wide) - 2
