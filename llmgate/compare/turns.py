"""Which request was the turn before: that of the same conversation with the most in common.

Sub-agents of one session interleave, and a client asks beside the conversation (for a title, say),
so the newest request before is often of another one.
"""

from collections.abc import Iterable

from llmgate.compare.prompt import shared
from llmgate.compare.prompt_units import Prompt, read_prompt
from llmgate.compare.side import Side
from llmgate.errors import BadRequest


def turn_before(now: Side, candidates: Iterable[Side]) -> Side | None:
    """Chooses among requests, the newest first; None when none is of the same conversation.

    A conversation that was summed up begins anew: then an equal system prompt tells, within a
    session. A request that was only sent once more is no turn, unless there is nothing else.
    """
    prompt = _read(now)
    if prompt is None:
        return None
    best: Side | None = None
    most = (False, 0, False)
    for side in candidates:
        other = _read(side)
        score = (False, 0, False) if other is None else _score(prompt, other, now, side)
        if score > most:
            best, most = side, score
    return best


def _score(prompt: Prompt, other: Prompt, now: Side, side: Side) -> tuple[bool, int, bool]:
    count, system = shared(prompt, other)
    session = now.summary.session
    summed_up = system and bool(session) and session == side.summary.session
    if not count and not summed_up:
        return False, 0, False
    again = [unit.key for unit in prompt.units] == [unit.key for unit in other.units]
    return not again, count, system


def _read(side: Side) -> Prompt | None:
    try:
        return read_prompt(side.summary.protocol, side.request or b"")
    except BadRequest:
        return None
