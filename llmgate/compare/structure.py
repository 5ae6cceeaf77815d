"""Where two JSON values differ, and how much of them agrees."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from llmgate.compare.json_value import below, compact, paired, same
from llmgate.wire.compare import Change

ROOT: Final = "$"
"""The path of the whole value."""

Likeness = Callable[[str, str], float]
"""How alike two texts are, 0 to 1."""

NEARLY: Final = 0.999
"""The most that values which are not equal reach."""

_NOTHING: Final = object()
_MOST_TEXTS: Final = 100  # texts that differ and are looked into, in one pair of values


def changes(left: Any, right: Any, path: str = "") -> Iterator[Change]:
    """The places where two values differ, the deepest that can be named."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in (*left, *(key for key in right if key not in left)):
            yield from _member(left.get(key, _NOTHING), right.get(key, _NOTHING), path, key)
    elif isinstance(left, list) and isinstance(right, list):
        for i, j in paired(left, right):
            before = _NOTHING if i is None else left[i]
            yield from _member(
                before, _NOTHING if j is None else right[j], path, i if j is None else j
            )
    elif not same(left, right):
        yield Change(path=path or ROOT, left=compact(left), right=compact(right))


def _member(left: Any, right: Any, path: str, key: Any) -> Iterator[Change]:
    place = below(path, key)
    if left is _NOTHING:
        yield Change(path=place, right=compact(right))
    elif right is _NOTHING:
        yield Change(path=place, left=compact(left))
    else:
        yield from changes(left, right, place)


def agreement(a: Any, b: Any, likeness: Likeness) -> float:
    """The share of paths with equal values, 0 to 1; texts count by how alike they are."""
    if same(a, b):
        return 1.0
    return min(NEARLY, 2 * _Agreement(likeness).of(a, b) / (_leaves(a) + _leaves(b)))


class _Agreement:
    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness
        self._texts = _MOST_TEXTS

    def of(self, a: Any, b: Any) -> float:
        """How many leaves agree."""
        if isinstance(a, dict) and isinstance(b, dict):
            return sum(self.of(a[key], b[key]) for key in sorted(a.keys() & b.keys())) or (
                1.0 if not a and not b else 0.0
            )
        if isinstance(a, list) and isinstance(b, list):
            pairs = ((a[i], b[j]) for i, j in paired(a, b) if i is not None and j is not None)
            return sum(self.of(one, other) for one, other in pairs) or float(not a and not b)
        if same(a, b):
            return 1.0
        if isinstance(a, str) and isinstance(b, str) and self._texts > 0:
            self._texts -= 1
            return self._likeness(a, b)
        return 0.0


def _leaves(value: Any) -> int:
    """How many values that hold no others there are; an empty object or list is one."""
    if isinstance(value, dict):
        return sum(map(_leaves, value.values())) or 1
    if isinstance(value, list):
        return sum(map(_leaves, value)) or 1
    return 1
