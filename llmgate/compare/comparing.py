"""Two exchanges beside each other: text, tool calls, figures, events."""

from collections.abc import Iterator
from typing import Final

import msgspec

from llmgate.compare.answers import Answer, read_answer
from llmgate.compare.events import Items, beside, items_of
from llmgate.compare.facts import facts_of
from llmgate.compare.json_value import encodable
from llmgate.compare.side import Side
from llmgate.compare.similarity import similarity
from llmgate.compare.spans import word_spans
from llmgate.compare.tool_diffs import MAX_CALLS, tool_diffs
from llmgate.compare.volatile import Stripper
from llmgate.wire.compare import Comparison
from llmgate.wire.exchanges import LIVE

__all__ = ("Side", "compare")

MAX_BYTES: Final = 8_000_000


def compare(left: Side, right: Side, *, volatile: bool = False) -> Comparison:
    """Compares the second exchange with the first; with ``volatile`` nothing is left out."""
    whole = (left, right)
    left, right = map(_bounded, whole)
    a, b = _answer(left), _answer(right)
    named = "openai.models" in {left.summary.protocol, right.summary.protocol}
    stripper = Stripper(whole=volatile or named)
    ours, theirs = items_of(left, stripper), items_of(right, stripper)
    events, cut = beside(ours, theirs)
    return Comparison(
        left=left.summary,
        right=right.summary,
        similarity=similarity(a, b),
        text=word_spans(encodable(a.text), encodable(b.text)),
        reasoning=word_spans(encodable(a.reasoning), encodable(b.reasoning)),
        tools=tool_diffs(a.tools, b.tools),
        facts=facts_of(left, right),
        events=events,
        events_cut=cut,
        ignored=stripper.ignored,
        problems=[
            *_too_long(*whole),
            *_missing("left", left, a),
            *_missing("right", right, b),
            *_unlike(left, right, ours, theirs),
            *_cut_calls(a, b),
        ],
    )


def _bounded(side: Side) -> Side:
    if not side.answer or len(side.answer) <= MAX_BYTES:
        return side
    return msgspec.structs.replace(side, answer=side.answer[:MAX_BYTES])


def _too_long(*sides: Side) -> Iterator[str]:
    longest = max(len(side.answer or b"") for side in sides)
    if longest > MAX_BYTES:
        yield f"of {longest:,} bytes only the first {MAX_BYTES:,} of an answer are compared"


def _answer(side: Side) -> Answer:
    return read_answer(side.summary.protocol, side.content_type, side.answer)


def _missing(name: str, side: Side, answer: Answer) -> Iterator[str]:
    """Why there is less of a side than one might expect."""
    row = side.summary
    if row.state in LIVE:
        yield f"the {name} exchange is still {row.state}: what has come so far is compared"
    if side.answer is None:
        yield f"the answer of the {name} exchange is not kept"
    elif not side.answer:
        yield f"the {name} exchange has no answer: {row.error or row.error_type or row.state}"
    elif not answer.there and row.state not in LIVE:
        reason = row.error or row.error_type or f"nothing in it is read as {row.protocol}"
        yield f"the answer of the {name} exchange says nothing: {reason}"


def _unlike(left: Side, right: Side, ours: Items, theirs: Items) -> Iterator[str]:
    if left.answer and right.answer and ours.stream != theirs.stream:
        yield "one answer is a stream and the other is not: their events do not line up"
    elif left.summary.protocol != right.summary.protocol and ours.items and theirs.items:
        protocols = f"{left.summary.protocol} and {right.summary.protocol}"
        yield f"the protocols differ ({protocols}): their events do not line up"


def _cut_calls(a: Answer, b: Answer) -> Iterator[str]:
    most = max(len(a.tools), len(b.tools))
    if most > MAX_CALLS:
        yield f"of up to {most:,} tool calls only the first {MAX_CALLS} of a side are shown"
