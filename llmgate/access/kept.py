"""Counters as bytes, so that they survive a restart; bytes that make no sense are not believed.

What is reserved for requests in flight is kept as used: after a restart nobody settles it.
"""

import sys
from array import array
from itertools import pairwise
from math import isfinite
from typing import Final

import msgspec

from llmgate.access.budget import Budget
from llmgate.access.limiter import Limiter
from llmgate.access.window import MOST, Window

_VERSION: Final = 1
_MOST_ENTRIES: Final = 4_000  # above, a kept window is coarser than the one in memory
_MOST_AMOUNT: Final = 10**15


class _Entries(msgspec.Struct, array_like=True, frozen=True):
    """A window: moments (8-byte floats) and amounts (8-byte integers), little-endian."""

    stamps: bytes
    amounts: bytes
    guessed: bool = False


class _Money(msgspec.Struct, array_like=True, frozen=True):
    """A budget's period, what is spent in it, the share that was warned of."""

    start_s: float
    end_s: float
    spent: int
    warned: float
    guessed: bool = False


class _Counters(msgspec.Struct, frozen=True, omit_defaults=True):
    """A holder's counters."""

    version: int
    windows: dict[str, _Entries] = {}
    budgets: dict[str, _Money] = {}
    level: float | None = None
    level_s: float | None = None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(_Counters)


def pack(limiter: Limiter, now_s: float, offset_s: float) -> bytes:
    """The counters of a holder; moments become those of the wall clock."""
    bucket = limiter.bucket
    windows: dict[str, _Entries] = {w.name: _entries(w, now_s, offset_s) for w in _windows(limiter)}
    budgets: dict[str, _Money] = {
        b.name: _Money(b.start_s, b.end_s, b.spent + b.reserved, b.warned, b.guessed)
        for b in limiter.budgets
        if b.end_s > b.start_s
    }
    counters = _Counters(_VERSION, windows, budgets)
    if bucket is not None and bucket.stamp_s is not None:
        counters = msgspec.structs.replace(
            counters, level=bucket.level, level_s=bucket.stamp_s - offset_s
        )
    return _encoder.encode(counters)


def unpack(limiter: Limiter, data: bytes, now_s: float) -> str:
    """Gives a holder its counters back; says what is wrong with bytes that are not believed."""
    try:
        counters = _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        return f"the kept counters of {limiter.who} cannot be read: {str(error)[:120]}"
    if counters.version != _VERSION:
        return f"the kept counters of {limiter.who} are of another version ({counters.version})"
    read = {name: _arrays(entries) for name, entries in counters.windows.items()}
    if not all(read.values()) or not all(map(_sane, counters.budgets.values())):
        return f"the kept counters of {limiter.who} make no sense"
    for window in _windows(limiter):
        if (found := read.get(window.name)) is not None:
            guessed = counters.windows[window.name].guessed
            window.load(*_not_after(found, now_s), guessed=guessed)
    for budget in limiter.budgets:
        _load_budget(budget, counters.budgets.get(budget.name))
    _load_bucket(limiter, counters, now_s)
    return ""


def _windows(limiter: Limiter) -> tuple[Window, ...]:
    return (*limiter.windows, *limiter.token_windows)


def _entries(window: Window, now_s: float, offset_s: float) -> _Entries:
    window.expire(now_s)
    stamps, amounts = window.entries(_MOST_ENTRIES)
    if offset_s:
        stamps = array("d", [stamp - offset_s for stamp in stamps])
    guessed = window.total > 0 and window.estimated(now_s)
    return _Entries(_little(stamps), _little(amounts), guessed)


def _little(values: "array[float] | array[int]") -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def _arrays(entries: _Entries) -> "tuple[array[float], array[int]] | None":
    """The entries, or None when they are none that a window could have."""
    size = len(entries.stamps)
    if size != len(entries.amounts) or size % 8 or size > MOST * 8:
        return None
    stamps, amounts = array("d", entries.stamps), array("q", entries.amounts)
    if sys.byteorder == "big":
        stamps.byteswap()
        amounts.byteswap()
    ordered = all(a <= b for a, b in pairwise(stamps)) and all(map(isfinite, stamps))
    return (stamps, amounts) if ordered and all(0 <= a <= _MOST_AMOUNT for a in amounts) else None


def _not_after(
    entries: "tuple[array[float], array[int]]", now_s: float
) -> "tuple[array[float], array[int]]":
    """The same, moved back when the clock was set back meanwhile."""
    stamps, amounts = entries
    if not stamps or stamps[-1] <= now_s:
        return entries
    late_s = stamps[-1] - now_s
    return array("d", [stamp - late_s for stamp in stamps]), amounts


def _sane(money: _Money) -> bool:
    times = isfinite(money.start_s) and isfinite(money.end_s) and money.start_s < money.end_s
    return times and 0 <= money.spent <= _MOST_AMOUNT * 1000 and 0 <= money.warned <= 1


def _load_budget(budget: Budget, money: _Money | None) -> None:
    if money is not None:
        budget.load(money.start_s, money.end_s, money.spent, money.warned, guessed=money.guessed)


def _load_bucket(limiter: Limiter, counters: _Counters, now_s: float) -> None:
    bucket, level, at_s = limiter.bucket, counters.level, counters.level_s
    if bucket is None or level is None or at_s is None:
        return
    if isfinite(level) and isfinite(at_s):
        bucket.level = min(float(bucket.size), max(0.0, level))
        bucket.stamp_s = min(at_s, now_s)
