"""What a request of a conversation changed against the one before, and what its parts weigh.

Tokens are estimated by bytes. Where the provider reported the tokens of this request they are
spread over its parts, so that they add up.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, Final

import msgspec

from llmgate.compare.alignment import align
from llmgate.compare.prompt_units import Prompt, Unit, read_prompt
from llmgate.compare.prompt_weights import weigh
from llmgate.compare.side import Side
from llmgate.compare.spans import word_spans
from llmgate.compare.structure import changes
from llmgate.errors import BadRequest
from llmgate.wire.compare import Change, EntryKind, PromptDiff, PromptEntry, Span, SpanKind

MAX_ENTRIES: Final = 2_000

_PER_BYTE: Final = 0.27  # tokens, when nobody counted them
_ALIKE: Final = 0.5  # of their words in common: one unit, changed
_LONG_WORDS: Final = 20
_AT_ONCE: Final = 5_000
_NEAR: Final = 8  # units that are looked at for one that may have become another
_BUDGET: Final = 1_500_000  # steps of all word diffs together
_MOST_SETTINGS: Final = 100
_LONGEST: Final = 20_000  # characters of a text that is new or gone


class _Row(msgspec.Struct, frozen=True):
    """A unit of either side and what became of it; ``spans`` are those of a changed one."""

    kind: EntryKind
    unit: Unit
    spans: list[Span] = []

    @property
    def new(self) -> float:
        """How much of it is new, in bytes."""
        return self.unit.weight * self._share("added")

    @property
    def gone(self) -> float:
        """How much was given up, in bytes."""
        return self.unit.weight * self._share("removed")

    def _share(self, kind: SpanKind) -> float:
        if self.kind != "changed":
            return float(self.kind == ("added" if kind == "added" else "dropped"))
        now = sum(len(span.text) for span in self.spans if span.kind != "removed")
        return sum(len(span.text) for span in self.spans if span.kind == kind) / max(1, now)


def prompt_diff(now: Side, before: Side | None = None) -> PromptDiff:
    """Compares a request with the one before; without one everything is new."""
    found = PromptDiff(id=now.summary.id, before=before.summary.id if before else "")
    try:
        prompt = _read(now)
    except BadRequest as error:
        return msgspec.structs.replace(found, problem=error.message)
    problems: list[str] = []
    earlier: Prompt | None = None
    if before is not None:
        try:
            earlier = _read(before)
        except BadRequest as error:
            problems.append(f"of the request before: {error.message}")
    if prompt.continues:
        problems.append(
            f"it goes on from {prompt.continues[:80]}: what came before is kept by the provider,"
            " which counts its tokens too, and is not in this request"
        )
    return _diff(found, now, prompt, earlier, "; ".join(problems))


def _read(side: Side) -> Prompt:
    if not side.request:
        raise BadRequest("the request body is not kept")
    return read_prompt(side.summary.protocol, side.request)


def _diff(
    found: PromptDiff, now: Side, prompt: Prompt, earlier: Prompt | None, problem: str
) -> PromptDiff:
    rows = list(_rows(earlier.units if earlier else [], prompt.units))
    here = [row for row in rows if row.kind != "dropped"]
    whole = sum(row.unit.weight for row in here)
    reported = _reported(now) if not prompt.continues else None
    per_byte = reported / whole if reported and whole else _PER_BYTE
    total = reported or round(whole * per_byte)
    added = min(total, round(sum(row.new for row in here) * per_byte))
    return msgspec.structs.replace(
        found,
        entries=list(_entries(rows, per_byte)),
        settings=_settings(prompt, earlier),
        weights=weigh([(row.unit, row.new) for row in here], per_byte),
        input_tokens=total,
        estimated=reported is None,
        resent_tokens=total - added,
        added_tokens=added,
        dropped_tokens=round(sum(row.gone for row in rows) * per_byte),
        cached_tokens=now.summary.cache_read_tokens,
        turn=0 if prompt.continues else prompt.turn,
        problem=problem,
    )


def _reported(side: Side) -> int | None:
    row = side.summary
    return row.input_tokens or None if row.usage_basis == "reported" else None


def _settings(prompt: Prompt, earlier: Prompt | None) -> list[Change]:
    if earlier is None:
        return []
    return list(islice(changes(earlier.settings, prompt.settings), _MOST_SETTINGS))


def _rows(before: list[Unit], now: list[Unit]) -> Iterator[_Row]:
    """What became of every unit, in the order of the request; what was dropped in its old place."""
    runs = align([unit.key for unit in before], [unit.key for unit in now])
    gaps = _Gaps()
    i = j = 0
    for p, q, n in [*runs, (len(before), len(now), 0)]:
        yield from gaps.rows(before[i:p], now[j:q])
        yield from (_Row("kept", unit) for unit in now[q : q + n])
        i, j = p + n, q + n


class _Gaps:
    """Brings together what changed between units that were kept, on one budget."""

    def __init__(self) -> None:
        self._budget = _BUDGET

    def rows(self, before: list[Unit], now: list[Unit]) -> Iterator[_Row]:
        """The rows of one gap."""
        partners = self._partners(before, now)
        i = 0
        for j, unit in enumerate(now):
            partner = partners.get(j)
            if partner is None:
                yield _Row("added", unit)
                continue
            yield from (_Row("dropped", gone) for gone in before[i:partner])
            yield _Row("changed", unit, self._spans(before[partner].text, unit.text))
            i = partner + 1
        yield from (_Row("dropped", gone) for gone in before[i:])

    def _partners(self, before: list[Unit], now: list[Unit]) -> dict[int, int]:
        """Which new unit was which old one, by their words; in order."""
        words = [_words(unit) for unit in before] if now else []
        partners: dict[int, int] = {}
        i = 0
        for j, unit in enumerate(now):
            own = _words(unit) if i < len(before) else Counter()
            near = [
                (_overlap(words[p], own), -p)
                for p in range(i, min(i + _NEAR, len(before)))
                if _may_become(before[p], unit)
            ]
            alike, place = max(near, default=(0.0, 0))
            if alike >= _ALIKE:
                partners[j] = -place
                i = 1 - place
        return partners

    def _spans(self, before: str, now: str) -> list[Span]:
        given = min(self._budget, 600_000)
        self._budget -= min(given, 20 * (len(before) + len(now)))
        return word_spans(before, now, given)


def _may_become(old: Unit, new: Unit) -> bool:
    return (old.section, old.role, old.kind, old.tool) == (
        new.section,
        new.role,
        new.kind,
        new.tool,
    )


def _words(unit: Unit) -> "Counter[Any]":
    """The words of a text; pairs of characters where blanks do not part words."""
    words: Iterator[Any] = iter(unit.text.split())
    if unit.text.count(" ") * _LONG_WORDS < len(unit.text):
        words = pairwise(unit.text)
    found: Counter[Any] = Counter()
    while some := list(islice(words, _AT_ONCE)):  # counted at once, others wait for it
        found.update(some)
    return found


def _overlap(ours: "Counter[Any]", theirs: "Counter[Any]") -> float:
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def _entries(rows: list[_Row], per_byte: float) -> Iterator[PromptEntry]:
    """Rows as entries; those that were kept in a row, and all beyond a bound, are one."""
    waiting: list[_Row] = []
    for number, row in enumerate(rows):
        if waiting and not _together(waiting[0], row):
            yield _kept(waiting, per_byte)
            waiting = []
        if row.kind == "kept" or number >= MAX_ENTRIES:
            waiting.append(row)
        else:
            yield _entry(row, per_byte)
    if waiting:
        yield _kept(waiting, per_byte)


def _together(first: _Row, row: _Row) -> bool:
    return row.kind == first.kind and row.unit.section == first.unit.section


def _kept(rows: list[_Row], per_byte: float) -> PromptEntry:
    units = [row.unit for row in rows]
    count = len({unit.message for unit in units})
    alone = len(rows) == 1
    many = {"tools": "tool definitions", "system": "system prompts", "messages": "messages"}
    return PromptEntry(
        kind=rows[0].kind,
        role=units[0].role if len({unit.role for unit in units}) == 1 else "",
        title=units[0].title if alone else many[units[0].section],
        count=count,
        chars=sum(len(unit.text) for unit in units),
        tokens=round(sum(unit.weight for unit in units) * per_byte),
    )


def _entry(row: _Row, per_byte: float) -> PromptEntry:
    unit = row.unit
    sides: dict[str, SpanKind] = {"added": "added", "dropped": "removed"}
    text = unit.text if len(unit.text) <= _LONGEST else unit.text[:_LONGEST] + "…"
    return PromptEntry(
        kind=row.kind,
        role=unit.role,
        title=unit.title,
        chars=len(unit.text),
        tokens=round(unit.weight * per_byte),
        spans=row.spans or [Span(sides[row.kind], text)],
    )


def shared(a: Prompt, b: Prompt) -> tuple[int, bool]:
    """How many parts of messages two requests begin with alike, and whether their system prompts
    are alike: what tells the turns of one conversation from those of another.
    """
    ours, theirs = _spoken(a), _spoken(b)
    count = 0
    for one, other in zip(ours, theirs, strict=False):
        if one.key != other.key:
            break
        count += 1
    return count, _system(a) == _system(b)


def _spoken(prompt: Prompt) -> list[Unit]:
    return [unit for unit in prompt.units if unit.section == "messages"]


def _system(prompt: Prompt) -> list[Any]:
    return [unit.key for unit in prompt.units if unit.section == "system"]
