"""The tool calls of two answers beside each other, and where their arguments differ."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from llmgate.compare.answers import ToolUse
from llmgate.compare.calls import Call, pair_calls, read_call
from llmgate.compare.json_value import encodable, in_order_of, pretty
from llmgate.compare.structure import ROOT, changes
from llmgate.wire.compare import Change, ToolDiff

MAX_CALLS: Final = 500
MAX_CHANGES: Final = 500

_LONGEST_VALUE: Final = 4_000  # characters of a side of a change; the whole is in the arguments


def tool_diffs(left: Sequence[ToolUse], right: Sequence[ToolUse]) -> list[ToolDiff]:
    """Pairs the calls, as far as the first ``MAX_CALLS`` of a side."""
    a, b = list(map(read_call, left[:MAX_CALLS])), list(map(read_call, right[:MAX_CALLS]))
    return [
        _diff(None if i is None else a[i], None if j is None else b[j]) for i, j in pair_calls(a, b)
    ]


def _diff(left: Call | None, right: Call | None) -> ToolDiff:
    found = list(islice(_changes(left, right), MAX_CHANGES + 1))
    names = (left.name if left else "", right.name if right else "")
    return ToolDiff(
        left_name=names[0],
        right_name=names[1],
        left=_shown(left, None),
        right=_shown(right, left),
        same=left is not None and right is not None and names[0] == names[1] and not found,
        changes=[_cut(change) for change in found[:MAX_CHANGES]],
        changes_cut=len(found) > MAX_CHANGES,
    )


def _changes(left: Call | None, right: Call | None) -> Iterator[Change]:
    if left is None or right is None:
        return
    if left.valid and right.valid:
        yield from changes(left.value, right.value)
    elif left.arguments != right.arguments:
        sides = (encodable(left.arguments), encodable(right.arguments))
        yield Change(path=ROOT, left=sides[0], right=sides[1])


def _shown(call: Call | None, other: Call | None) -> str:
    """The arguments with indentation; keys in the order of the call beside it."""
    if call is None:
        return ""
    if not call.valid:
        return encodable(call.arguments)
    beside = other is not None and other.valid
    return pretty(in_order_of(call.value, other.value) if beside and other else call.value)


def _cut(change: Change) -> Change:
    return Change(path=change.path, left=_short(change.left), right=_short(change.right))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
