"""What two sequences have in common, in order: the shortest edit where work allows, bounded always.

What is equal at both ends is set aside. The rest is tried with Myers' greedy algorithm ("An O(ND)
Difference Algorithm and Its Variations", 1986), which is quick when little differs and exact. When
more differs than the budget allows, runs of items that occur once on each side split the problem
(as patience diff does, with runs of several items, which chance does not repeat), and what lies
between is treated the same. A part that no split helps and no budget is left for counts as replaced
as a whole: still right, only coarser.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from typing import Final

BUDGET: Final = 1_500_000
"""Steps of the inner loop in one alignment, some tenths of a second."""

_TRY: Final = 50_000
_SMALL: Final = 300  # items in which the shortest edit is always found within a try
_DEEP: Final = 60  # steps an item where nothing else is left to try
_RUNS: Final = (16, 6, 2, 1)  # lengths of the runs that may split, the surest first

Match = tuple[int, int, int]
"""``length`` items from ``left`` on are those from ``right`` on."""


def align(a: Sequence[Hashable], b: Sequence[Hashable], budget: int = BUDGET) -> list[Match]:
    """Gives what is common as runs in order, longest possible where they touch."""
    numbers: dict[Hashable, int] = {}
    left = [numbers.setdefault(item, len(numbers)) for item in a]
    right = [numbers.setdefault(item, len(numbers)) for item in b]
    return list(_joined(_Aligner(left, right, budget).run()))


def _joined(matches: list[Match]) -> Iterator[Match]:
    """The matches in order, those that touch made one."""
    matches.sort()
    held: Match = (0, 0, 0)
    for i, j, n in matches:
        if held[0] + held[2] == i and held[1] + held[2] == j:
            held = (held[0], held[1], held[2] + n)
            continue
        if held[2]:
            yield held
        held = (i, j, n)
    if held[2]:
        yield held


class _Aligner:
    """One alignment: the matches so far and the budget that is left."""

    def __init__(self, a: list[int], b: list[int], budget: int) -> None:
        self._a, self._b = a, b
        self._left = budget
        self._tried = False
        self._found: list[Match] = []
        self._waiting = [(0, len(a), 0, len(b), 0)]  # parts to align, and how far to split them

    def run(self) -> list[Match]:
        while self._waiting:
            self._part(*self._waiting.pop())
        return self._found

    def _part(self, i: int, i_end: int, j: int, j_end: int, level: int) -> None:
        i, i_end, j, j_end = self._trim(i, i_end, j, j_end)
        if i == i_end or j == j_end or self._left <= 0:
            return
        last, size = level == len(_RUNS), i_end - i + j_end - j
        if last or size <= _SMALL or not self._tried:
            self._tried = True
            steps = min(self._left, max(_TRY, size * _DEEP if last else 0))
            if self._shortest(i, i_end, j, j_end, steps) or last:
                return
        anchors = self._anchors(i, i_end, j, j_end, _RUNS[level])
        if not anchors:
            self._waiting.append((i, i_end, j, j_end, level + 1))
            return
        for p, q, n in [*anchors, (i_end, j_end, 0)]:
            self._waiting.append((i, p, j, q, level))
            if n:
                self._found.append((p, q, n))
            i, j = p + n, q + n

    def _trim(self, i: int, i_end: int, j: int, j_end: int) -> tuple[int, int, int, int]:
        a, b = self._a, self._b
        start = i
        while i < i_end and j < j_end and a[i] == b[j]:
            i += 1
            j += 1
        if i > start:
            self._found.append((start, j - (i - start), i - start))
        end = i_end
        while i < i_end and j < j_end and a[i_end - 1] == b[j_end - 1]:
            i_end -= 1
            j_end -= 1
        if end > i_end:
            self._found.append((i_end, j_end, end - i_end))
        return i, i_end, j, j_end

    def _anchors(self, i: int, i_end: int, j: int, j_end: int, run: int) -> list[Match]:
        """Runs of ``run`` items that occur once on each side, the most that keep their order."""
        lefts = _once(self._a, i, i_end, run)
        rights = _once(self._b, j, j_end, run)
        self._left -= (i_end - i + j_end - j) // 4
        pairs = [
            (p, rights[key]) for key, p in lefts.items() if p >= 0 and rights.get(key, -1) >= 0
        ]
        pairs.sort()
        anchors: list[Match] = []
        p_end = q_end = -1
        for p, q in _rising(pairs):
            if p >= p_end and q >= q_end:
                anchors.append((p, q, run))
                p_end, q_end = p + run, q + run
        return anchors

    def _shortest(self, i: int, i_end: int, j: int, j_end: int, steps: int) -> bool:
        """Myers' greedy search; False when it would take more steps."""
        a, b = self._a[i:i_end], self._b[j:j_end]
        n, m = len(a), len(b)
        most = min(n + m, int((2 * steps) ** 0.5))
        middle = most + 1
        ends = [0] * (2 * most + 3)  # by diagonal: how far on the left
        trace: list[list[int]] = []
        for d in range(most + 1):
            trace.append(ends[middle - d - 1 : middle + d + 2])
            for k in range(-d, d + 1, 2):
                at = middle + k
                down = k == -d or (k != d and ends[at - 1] < ends[at + 1])
                x = ends[at + 1] if down else ends[at - 1] + 1
                y = x - k
                while x < n and y < m and a[x] == b[y]:
                    x += 1
                    y += 1
                ends[at] = x
                if x >= n and y >= m:
                    self._left -= d * d // 2
                    self._walk_back(trace, n, m, i, j)
                    return True
        self._left -= most * most // 2
        return False

    def _walk_back(self, trace: list[list[int]], x: int, y: int, i: int, j: int) -> None:
        """Collects the diagonals of the path that the search found."""
        for d in range(len(trace) - 1, -1, -1):
            ends, middle, k = trace[d], d + 1, x - y
            down = k == -d or (k != d and ends[middle + k - 1] < ends[middle + k + 1])
            before = k + 1 if down else k - 1
            x_before = ends[middle + before] if d else 0
            y_before = x_before - before if d else 0
            begin = (x_before if down else x_before + 1) if d else 0
            if x > begin:
                self._found.append((i + begin, j + begin - k, x - begin))
            x, y = x_before, y_before


def _once(items: list[int], begin: int, end: int, run: int) -> dict[Hashable, int]:
    """Where each run that occurs once begins; -1 for those that occur more often."""
    part = items[begin:end]
    runs: Iterator[Hashable] = (
        iter(part) if run == 1 else zip(*(part[offset:] for offset in range(run)), strict=False)
    )
    places: dict[Hashable, int] = {}
    for place, key in enumerate(runs, begin):
        places[key] = -1 if key in places else place
    return places


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs whose second numbers rise (patience sorting)."""
    tops: list[int] = []
    owners: list[int] = []
    before: list[int] = []
    for place, (_, q) in enumerate(pairs):
        pile = bisect_left(tops, q)
        before.append(owners[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(q)
            owners.append(place)
        else:
            tops[pile] = q
            owners[pile] = place
    chain: list[tuple[int, int]] = []
    place = owners[-1] if owners else -1
    while place >= 0:
        chain.append(pairs[place])
        place = before[place]
    return chain[::-1]
