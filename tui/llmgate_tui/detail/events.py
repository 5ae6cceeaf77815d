"""The Events tab: the answer event by event as it arrived, with times; each opens into its JSON."""

from bisect import insort
from collections.abc import Sequence
from typing import Final

import msgspec

from llmgate.wire.exchanges import Chunk
from llmgate.wire.sse import Decoder
from llmgate_tui import figures, units
from llmgate_tui.detail import json_text
from llmgate_tui.text import clean, fit
from llmgate_tui.widgets.line_text import Fold, Item, Line

_WIDE: Final = 76  # below, the table leaves out bytes and type
_LEAST: Final = 8  # cells of data
_ENOUGH: Final = 8  # gaps, before a median says something
_NOTABLE_US: Final = 100_000
_LONG_US: Final = 1_000_000
_RAW: Final = msgspec.Raw(b"")


class _Choice(msgspec.Struct):
    delta: msgspec.Raw = _RAW
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    """What differs from one event to the next, below the ids that every one repeats."""

    choices: list[_Choice] = []
    delta: msgspec.Raw = _RAW


_EVENT: Final = msgspec.json.Decoder(_Event)


class EventTable:
    """Splits chunks into events and makes rows of them, some at a time as the answer grows."""

    def __init__(self, transport: str, width: int) -> None:
        self._wide = width >= _WIDE
        self._room = max(_LEAST, width - (62 if self._wide else 27))
        self._decoder = Decoder() if transport in {"sse", ""} else None
        self._number = 0
        self._before_us: int | None = None
        self._gaps: list[int] = []  # sorted, for the median so far

    @property
    def head(self) -> Line:
        """The names of the columns."""
        if self._wide:
            names = f"{'#':>5}  {'t':>7}  {'Δt':>8}  {'bytes':>7}  {'type':<22}  data"
        else:
            names = f"{'#':>5} {'t':>7} {'Δt':>8} data"
        return [("  " + names, "quiet")]

    def rows(self, chunks: Sequence[Chunk]) -> list[Item]:
        """The events that these chunks complete."""
        return [row for chunk in chunks for row in self._of(chunk)]

    def _of(self, chunk: Chunk) -> list[Item]:
        data = chunk.text.encode("utf-8", "surrogatepass")
        if self._decoder is None:
            return [self._row(chunk.at_us, "chunk", data)]
        events = self._decoder.feed(data)
        if not events and _says_nothing(chunk.text):
            return [self._row(chunk.at_us, "keep-alive", data)]
        return [self._row(chunk.at_us, event.name or "data", event.data) for event in events]

    def _row(self, at_us: int, kind: str, data: bytes) -> Fold:
        first = self._before_us is None
        gap = at_us - (self._before_us or 0)
        slow = not first and self._is_slow(gap)
        self._before_us = at_us
        sign = "▲" if slow else " "
        line = self._cells(at_us, sign + f"{_gap(gap, first):>7}", kind, data)
        self._number += 1
        return Fold(line, lambda: json_text.lines(data, "         "))

    def _cells(self, at_us: int, gap: str, kind: str, data: bytes) -> Line:
        tone = "warn" if gap.startswith("▲") else ""
        told = gist(data)[: self._room * 4].decode("utf-8", "replace")
        shown = (fit(clean(told), self._room), "")
        at, kind_tone = units.duration_us(at_us), "quiet" if kind == "data" else "accent"
        if not self._wide:
            return [(f"{self._number:>5} {at:>7} ", "quiet"), (gap, tone), (" ", ""), shown]
        return [
            (f"{self._number:>5}  {at:>7}  ", "quiet"),
            (gap, tone),
            (f"  {figures.grouped(len(data)):>7}  ", "quiet"),
            (fit(clean(kind), 22), kind_tone),
            ("  ", ""),
            shown,
        ]

    def _is_slow(self, gap: int) -> bool:
        """Far beyond what has been usual so far."""
        usual = self._gaps[len(self._gaps) // 2] if len(self._gaps) >= _ENOUGH else None
        insort(self._gaps, gap)
        if usual is None:
            return gap > _LONG_US
        return gap > max(5 * usual, _NOTABLE_US)


def gist(data: bytes) -> bytes:
    """The delta of an event that has one, else the event."""
    try:
        event = _EVENT.decode(data)
    except (msgspec.DecodeError, UnicodeError):
        return data
    if not event.choices:
        return bytes(event.delta) or data
    first = event.choices[0]
    finish = f"  finish {first.finish_reason}".encode() if first.finish_reason else b""
    return bytes(first.delta) + finish if first.delta else data


def _gap(gap: int, first: bool) -> str:
    if first:
        return units.UNKNOWN
    return units.duration_us(gap) if gap else "·"


def _says_nothing(text: str) -> bool:
    return not text.strip() or text.startswith(":")


def render(chunks: Sequence[Chunk], transport: str, width: int) -> list[Item]:
    """The whole table."""
    if not chunks:
        return [[("No part of an answer has arrived.", "quiet")]]
    table = EventTable(transport, width)
    return [table.head, *table.rows(chunks)]
