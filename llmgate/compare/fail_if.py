"""The rule of ``--fail-if``: when a replay counts as failed, ``similarity<0.8 or cost>2x``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from llmgate.compare.rule_figures import FIGURES, count_known, gathered, value_of
from llmgate.compare.rule_parser import BadRule, parse_rule
from llmgate.compare.rule_tree import Comparison, Node, Value, comparisons, reasons, truth
from llmgate.wire.replays import Cell, Matrix, MatrixRow
from llmgate.wire.safe_text import safe_text

__all__ = ("HELP", "BadRule", "Judgement", "Rule", "parse")

HELP: Final = """\
A rule compares figures of every result with numbers, or with the original's:
  similarity<0.8      0 to 1, or in percent: 80%; an answer that failed has 0
  cost>2x             more than twice what the original cost; cost>$0.05
  ttft>2s total>1.5x  times, in ms or s
  tps<20 in>4k out>1.2x tokens>8k status!=200
  failed, not ok      a result that ended badly, or a request that the target was refused
  mean.similarity<0.9, sum.cost>$1, mean.failed>5%
                      over all requests of a target instead of each
With --times over 1 the figures of a request are the medians of its results.
Joined by and, or, not and brackets. What is not known (a cost without a price) breaks no rule, and
is told; with `or unknown` it does."""

_MOST_LINES: Final = 500
_LONGEST_TITLE: Final = 60
_LONGEST_ERROR: Final = 120


class Judgement(msgspec.Struct, frozen=True):
    """What a rule says of a replay, a line for each: what breaks it, and what could not be
    judged.
    """

    broken: list[str]
    unjudged: list[str]


class Rule(msgspec.Struct, frozen=True):
    """A rule that was understood."""

    text: str
    node: Node

    def broken_by(self, matrix: Matrix) -> list[str]:
        """Says which results break it and by which figures; empty when none does."""
        return self.judge(matrix).broken

    def judge(self, matrix: Matrix) -> Judgement:
        """Looks at every result, and says what it could not judge, too."""
        broken: list[str] = []
        unjudged: list[str] = []
        for column in range(1, len(matrix.columns)):
            for found in self._column(matrix, column):
                holds, line = found
                (broken if holds else unjudged).append(line)
        return Judgement(_bounded(broken), _bounded(unjudged))

    def _column(self, matrix: Matrix, column: int) -> Iterator[tuple[bool, str]]:
        pairs = [(row.cells[0], row.cells[column]) for row in matrix.rows]
        at = _plain(matrix.columns[column])
        if all(one.scope != "cell" for one in comparisons(self.node)):
            yield from self._judged(_Look(pairs, None), f"all requests at {at}")
            return
        for row in matrix.rows:
            look = _Look(pairs, (row.cells[0], row.cells[column]))
            yield from self._judged(look, f"{_named(row)} at {at}{_trouble(row.cells[column])}")

    def _judged(self, look: "_Look", where: str) -> Iterator[tuple[bool, str]]:
        missing = [one for one in comparisons(self.node) if one.truth(look(one)) is None]
        holds = truth(self.node, look, unknown=bool(missing))
        if holds:
            told = [one.told(look(one)) for one in reasons(self.node, look)]
            told = told or _unknown(missing, look)
            yield True, f"{where}: {'; '.join(dict.fromkeys(told))}"
        elif holds is None:
            why = " and ".join(_unknown(missing, look))
            yield False, f"{where}: {why}, so `{self.text}` cannot be judged"
        elif gaps := list(dict.fromkeys(look.gaps(comparisons(self.node)))):
            yield False, f"{where}: {' and '.join(gaps)}"


class _Look:
    """Finds the figures of one result, and those of its whole column."""

    def __init__(self, pairs: Sequence[tuple[Cell, Cell]], here: tuple[Cell, Cell] | None) -> None:
        self._pairs = pairs
        self._here = here

    def __call__(self, one: Comparison) -> Value:
        figure = FIGURES[one.name]
        if one.scope != "cell":
            return gathered(figure, one.scope, self._pairs)
        if self._here is None:
            return None, None
        original, cell = self._here
        return value_of(figure, cell, original), figure.read(original)

    def gaps(self, named: Iterable[Comparison]) -> Iterator[str]:
        """Which means and sums were made without some of the requests."""
        if self._here is not None:
            return
        for one in named:
            known = count_known(FIGURES[one.name], self._pairs)
            if known < len(self._pairs):
                yield f"{one.label} is that of {known} requests of {len(self._pairs)}"


def parse(text: str) -> Rule:
    """Understands a rule; raises BadRule, whose text shows the place."""
    return Rule(text.strip(), parse_rule(text))


def _unknown(missing: Sequence[Comparison], look: _Look) -> list[str]:
    told = (
        f"{one.label} is unknown"
        if look(one)[0] is None
        else f"the original's {one.label} is unknown"
        for one in missing
    )
    return list(dict.fromkeys(told))


def _named(row: MatrixRow) -> str:
    title = _cut(_plain(row.title), _LONGEST_TITLE)
    return f'{row.source.id} "{title}"' if title else row.source.id


def _trouble(cell: Cell) -> str:
    """What went wrong with a result, in brackets."""
    status = f"{cell.status} " if (cell.status or 0) >= 400 else ""
    words = _plain(f"{status}{cell.error}".strip())
    return f" ({_cut(words, _LONGEST_ERROR)})" if words else ""


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _plain(text: str) -> str:
    return safe_text(text, newlines=False)


def _bounded(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"and {more:,} more"]
