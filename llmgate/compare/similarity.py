"""How alike two answers are, as one number."""

from typing import Final

from llmgate.compare.answers import Answer
from llmgate.compare.calls import calls_likeness, read_call
from llmgate.compare.text_likeness import NEARLY, text_likeness
from llmgate.compare.vectors import vectors_likeness

_TEXT: Final = 1.0
_CALLS: Final = 3.0


def similarity(a: Answer, b: Answer) -> float | None:
    """Gives 0 to 1; None when a side has no answer. The order of the two does not matter.

    Text counts by ``text_likeness``, tool calls by ``calls_likeness``; where there are no calls, or
    no text, on either side, the other alone counts. With both, the mean is taken; when both sides
    call tools, the calls weigh three times as much as what is said with them: models differ in what
    they say before they act. Embeddings count by ``vectors_likeness``. Ids of calls, reasoning,
    usage and times do not count. 1.0 is for equal answers only: the same text, and the same calls
    with arguments that are equal as JSON.
    """
    if not a.there or not b.there:
        return None
    if a.vectors or b.vectors:
        alike = vectors_likeness(a.vectors, b.vectors)
        return 1.0 if a.vectors == b.vectors else min(alike, NEARLY)
    parts: list[tuple[float, float]] = []  # weight, likeness
    if a.tools or b.tools:
        calls = calls_likeness(list(map(read_call, a.tools)), list(map(read_call, b.tools)))
        parts.append((_CALLS if a.tools and b.tools else _TEXT, calls))
    if a.text.strip() or b.text.strip() or not parts:
        parts.append((_TEXT, text_likeness(a.text, b.text)))
    mean = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
    return 1.0 if all(value == 1.0 for _, value in parts) else min(mean, NEARLY)
