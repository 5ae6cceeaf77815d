"""Tool calls of two answers brought together: in order where names agree, then by what they say."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from llmgate.compare.alignment import align
from llmgate.compare.answers import ToolUse
from llmgate.compare.common import common_share
from llmgate.compare.json_value import NoJson, read_json
from llmgate.compare.structure import agreement
from llmgate.compare.text_likeness import text_likeness

_NAME, _ARGUMENTS = 0.4, 0.6
_MOST_WORK: Final = 400_000  # characters of arguments looked at to find the best pairs
_MOST_PAIRS: Final = 2_500
_ALIKE: Final = 0.5  # arguments of calls by different names that still belong together


class Call(msgspec.Struct, frozen=True):
    """A tool call, its arguments read; ``value`` is the text itself when it is no JSON."""

    name: str
    arguments: str
    value: Any
    valid: bool


Pair = tuple[int | None, int | None]
"""The numbers of two calls that belong together, None on the side that made no such call."""


def read_call(use: ToolUse) -> Call:
    """Reads the arguments of a call."""
    try:
        return Call(use.name, use.arguments, read_json(use.arguments), valid=True)
    except NoJson:
        return Call(use.name, use.arguments, use.arguments, valid=False)


def call_likeness(a: Call, b: Call) -> float:
    """``0.4`` for the name and ``0.6`` times the share of arguments that agree; 0 for two names."""
    return _NAME + _ARGUMENTS * _agreement(a, b) if a.name == b.name else 0.0


def calls_likeness(a: Sequence[Call], b: Sequence[Call]) -> float:
    """The likeness of the pairs that, in order, give the most, over all calls; 0 to 1."""
    if not _is_small(a, b):
        exact = common_share(list(map(_key, a)), list(map(_key, b)))
        named = common_share([one.name for one in a], [one.name for one in b])
        return _NAME * named + _ARGUMENTS * exact
    scores, pairs = _best_in_order(a, b)
    return 2 * sum(scores[i][j] for i, j in pairs) / (len(a) + len(b))


def pair_calls(a: Sequence[Call], b: Sequence[Call]) -> list[Pair]:
    """Pairs calls: in order by likeness, then those of one name wherever they are, then those that
    ask the same of a tool by another name.
    """
    inner = _pairs_in_order(a, b)
    paired: list[tuple[int, int]] = list(inner)
    taken_a, taken_b = {i for i, _ in inner}, {j for _, j in inner}
    free_a = [i for i in range(len(a)) if i not in taken_a]
    free_b = [j for j in range(len(b)) if j not in taken_b]
    for i in list(free_a):
        j = _partner(a[i], b, free_b)
        if j is not None:
            paired.append((i, j))
            free_a.remove(i)
            free_b.remove(j)
    return _in_reading_order(paired, free_a, free_b)


def _pairs_in_order(a: Sequence[Call], b: Sequence[Call]) -> list[tuple[int, int]]:
    if _is_small(a, b):
        return _best_in_order(a, b)[1]
    runs = align([one.name for one in a], [one.name for one in b])
    return [(p + n, q + n) for p, q, length in runs for n in range(length)]


def _partner(call: Call, others: Sequence[Call], free: Sequence[int]) -> int | None:
    """The call among those that are left which says most alike: of its name, else of another."""
    if len(free) > _MOST_PAIRS // 50 or len(call.arguments) * len(free) > _MOST_WORK:
        return next((j for j in free if others[j].name == call.name), None)
    scored = [(call_likeness(call, others[j]), _agreement(call, others[j]), -j) for j in free]
    named, alike, j = max(scored, default=(0.0, 0.0, 0))
    return -j if named or alike >= _ALIKE else None


def _in_reading_order(
    paired: list[tuple[int, int]], free_a: Sequence[int], free_b: Sequence[int]
) -> list[Pair]:
    rows: list[Pair] = sorted(paired)
    rows += [(i, None) for i in free_a]
    rows.sort(key=lambda row: row[0] or 0)
    for j in free_b:  # after the call that came before it on its own side
        before = [at for at, row in enumerate(rows) if row[1] is not None and row[1] < j]
        rows.insert(before[-1] + 1 if before else 0, (None, j))
    return rows


def _is_small(a: Sequence[Call], b: Sequence[Call]) -> bool:
    size = sum(len(one.arguments) for one in a) * len(b)
    size += sum(len(one.arguments) for one in b) * len(a)
    one_each = len(a) == len(b) == 1
    return one_each or (len(a) * len(b) <= _MOST_PAIRS and size <= _MOST_WORK)


def _best_in_order(
    a: Sequence[Call], b: Sequence[Call]
) -> tuple[list[list[float]], list[tuple[int, int]]]:
    """The likeness of every pair, and the pairs that, in order, add up to the most."""
    scores = [[call_likeness(one, other) for other in b] for one in a]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            taken = best[i + 1][j + 1] + scores[i][j]
            best[i][j] = max(taken, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        if scores[i][j] and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return scores, pairs


def _agreement(a: Call, b: Call) -> float:
    if a.arguments == b.arguments:
        return 1.0
    if a.valid and b.valid:
        return agreement(a.value, b.value, text_likeness)
    return text_likeness(a.arguments, b.arguments)


def _key(call: Call) -> tuple[str, str]:
    return call.name, call.arguments
