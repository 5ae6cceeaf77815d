"""How alike two answers are, as one number."""

from llmgate.compare.answers import Answer


def similarity(a: Answer, b: Answer) -> float | None:
    """Gives 0 to 1; None when a side has no answer."""
    if not a.there or not b.there:
        return None
    return float(a.text == b.text)
