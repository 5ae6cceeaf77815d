"""How long the longest common subsequence of two sequences is: exact, symmetric, and quick.

Bit-parallel (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): a row of the usual
table is one integer, so an item costs a few operations on it. Very long sequences are compared by
the runs of items they share, which is nearly the same where order is kept within a passage.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

LONGEST: Final = 60_000  # items of a side; beyond, runs are counted
_RUN: Final = 4


def common_share(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """The share of both sequences that is common in order, 0 to 1; 1 for two empty ones."""
    if a == b:
        return 1.0
    if max(len(a), len(b)) > LONGEST:
        return _shared_runs(a, b)
    return 2 * common_length(a, b) / (len(a) + len(b))


def common_length(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The length of the longest common subsequence."""
    begin, end = _ends(a, b)
    a, b = a[begin : len(a) - end], b[begin : len(b) - end]
    if len(a) < len(b):  # integers as long as the longer side: fewer steps
        a, b = b, a
    masks: dict[Hashable, int] = {}
    for place, item in enumerate(a):
        masks[item] = masks.get(item, 0) | 1 << place
    every = (1 << len(a)) - 1
    row = every
    for item in b:
        found = row & masks.get(item, 0)
        if found:
            row = ((row + found) | (row - found)) & every
    return begin + end + len(a) - row.bit_count()


def _ends(a: Sequence[Hashable], b: Sequence[Hashable]) -> tuple[int, int]:
    shortest = min(len(a), len(b))
    begin = end = 0
    while begin < shortest and a[begin] == b[begin]:
        begin += 1
    while end < shortest - begin and a[-1 - end] == b[-1 - end]:
        end += 1
    return begin, end


def _shared_runs(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    ours, theirs = _runs(a), _runs(b)
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def _runs(items: Sequence[Hashable]) -> Counter[tuple[Hashable, ...]]:
    return Counter(zip(*(items[offset:] for offset in range(_RUN)), strict=False))
