"""The notices of the gateway and the news of the connection as one list (no Textual)."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from llmgate.wire.feed import Level, Notice
from llmgate_tui.connection import Link
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.text import clean

Cell = str | tuple[str, str]
Least = Literal["all", "warning", "error"]
LEASTS: Final[tuple[Least, ...]] = ("all", "warning", "error")

_RANKS: Final = {"info": 0, "warning": 1, "error": 2}
_LEAST_RANKS: Final = {"all": 0, "warning": 1, "error": 2}
_OWN: Final = 200


class Entry(msgspec.Struct, frozen=True):
    """A notice and an id that stays with it."""

    id: str
    notice: Notice


class EventLog:
    """What the Events screen lists: told of the connection, asked with the notices of now."""

    def __init__(self) -> None:
        self.own: deque[Notice] = deque(maxlen=_OWN)
        self._word = ""
        self._down = False
        self._cleared_ms = 0

    def link(self, link: Link, at_ms: int) -> bool:
        """Notes that the connection stands otherwise; False when there is nothing to note."""
        before, self._word = self._word, link.word
        if link.word in {before, "connecting"} or (link.up and not self._down):
            return False
        self._down = not link.up
        level: Level = "info"
        if not link.up:
            level = "warning" if link.word in {"stale", "stopped"} else "error"
        reason = f": {link.reason}" if link.reason else ""
        word = "there again" if link.up else link.word
        self.own.append(
            Notice(at_ms=at_ms, level=level, kind="feed", text=f"connection {word}{reason}")
        )
        return True

    def clear(self, at_ms: int) -> None:
        """Shows nothing that happened up to now."""
        self._cleared_ms = at_ms

    def entries(self, notices: Iterable[Notice], least: Least, text: str) -> list[Entry]:
        """By time, newest last: those at or above the level that hold the text."""
        everything = sorted(
            (notice for notice in (*notices, *self.own) if notice.at_ms > self._cleared_ms),
            key=lambda notice: notice.at_ms,
        )
        seen: Counter[tuple[int, str, str]] = Counter()
        found = []
        for notice in everything:
            name = (notice.at_ms, notice.kind, notice.text)
            seen[name] += 1
            if _RANKS[notice.level] >= _LEAST_RANKS[least] and _holds(notice, text):
                id_ = f"{notice.at_ms} {seen[name]} {notice.kind} {notice.text}"
                found.append(Entry(id_, notice))
        return found


def cells(notice: Notice, moment: Callable[[int], str], glyphs: Glyphs) -> list[Cell]:
    """Time, level as sign and word, kind, a sign that an exchange belongs to it, text."""
    levels = {
        "info": (" ", "quiet"),
        "warning": (glyphs.warning, "warn"),
        "error": (glyphs.bad, "bad"),
    }
    sign, tone = levels[notice.level]
    return [
        (moment(notice.at_ms), "quiet"),
        (sign, tone),
        (notice.level, tone),
        (clean(notice.kind), "quiet"),
        (glyphs.arrow if notice.exchange else "", "accent"),
        clean(notice.text),
    ]


def as_text(notice: Notice, local: Callable[[int], time.struct_time]) -> str:
    """The line as it is copied."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", local(notice.at_ms))
    about = f" (exchange {notice.exchange})" if notice.exchange else ""
    return clean(f"{when} {notice.level} {notice.kind}: {notice.text}{about}")


def _holds(notice: Notice, text: str) -> bool:
    return not text or text in f"{notice.level} {notice.kind} {notice.text}".lower()
