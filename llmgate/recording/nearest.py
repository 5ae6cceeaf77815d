"""Chooses the recording that answers a request best, in an order of importance.

What may not answer is left out first: another protocol, another framing (streamed or not), a tool
call that the caller does not offer, whose arguments do not fit its schema or that it did not ask
for, a tool call in answer to a tool result (an agent would go in circles), an error or a broken
stream that was not asked for by its tag (`llmgate:error` in the last user text). Of the rest the
highest wins by these, in this order:

1. the tags asked for with `llmgate:TAG`
2. the encoding of embeddings
3. an answer to a tool result for a tool result
4. a tool call where one is asked for
5. JSON for JSON, an image for an image
6. as many tools offered: none, a few, or an agent's many
7. no reasoning where none was allowed
8. words shared with the last user text
9. the same family of model
10. the first by file name
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from llmgate.recording.asked import Asked, Offer, read_asked, words
from llmgate.recording.canonical import parse
from llmgate.recording.recording import Recording

ONLY_IF_ASKED: Final = frozenset({"error", "cut"})
"""Tags of recordings that end badly: never chosen by surprise."""

CHANCE: Final = 0.03

Score = tuple[int, bool, bool, bool, bool, bool, bool, bool, float, int]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A recording with what it is found by."""

    recording: Recording
    asked: Asked
    tags: frozenset[str]
    calls: tuple[tuple[str, frozenset[str]], ...]  # tools it calls, with the names of arguments
    reasoning: bool

    @property
    def failed(self) -> bool:
        """The provider refused: the same JSON whether a stream was asked for or not."""
        return self.recording.status >= 400


def make_card(recording: Recording) -> Card:
    """Reads what a recording is found by."""
    calls = tuple((call.name, _names(call.arguments)) for call in recording.tool_calls)
    tags = frozenset(recording.tags)
    return Card(
        recording=recording,
        asked=read_asked(recording.body),
        tags=tags,
        calls=calls,
        reasoning="reasoning" in tags,
    )


def _names(arguments: str) -> frozenset[str]:
    value = parse(arguments.encode())
    return frozenset(value) if isinstance(value, dict) else frozenset()


def nearest(cards: Iterable[Card], asked: Asked, *, stream: bool) -> Recording | None:
    """Gives the best recording of one protocol, None when none may answer."""
    able = [card for card in cards if _may_answer(card, asked, stream=stream)]
    best = max(able, key=lambda card: _score(card, asked), default=None)
    return None if best is None else best.recording


def _may_answer(card: Card, asked: Asked, *, stream: bool) -> bool:
    if card.tags & ONLY_IF_ASKED and not card.tags & asked.wishes:
        return False
    if card.recording.stream != stream and not card.failed:
        return False
    return not card.calls or _may_call(card, asked)


def _may_call(card: Card, asked: Asked) -> bool:
    """Whether the caller offers these tools and asks for what they do."""
    if asked.tool_result or asked.choice == "none" or (len(card.calls) > 1 and not asked.parallel):
        return False
    if not all(_fits(asked.tools.get(name), given) for name, given in card.calls):
        return False
    if asked.choice == "must" or card.tags & asked.wishes:
        return True
    return any(_name_words(name) & asked.words for name, _ in card.calls)


def _fits(offer: Offer | None, given: frozenset[str]) -> bool:
    """Whether a call with these arguments fits what is offered."""
    if offer is None or not offer.required <= given:
        return False
    return offer.properties is None or given <= offer.properties


@lru_cache(maxsize=256)
def _name_words(name: str) -> frozenset[str]:
    return words(name.replace("_", " ")) - {"run", "call"}


def _score(card: Card, asked: Asked) -> Score:
    own = card.asked
    return (
        len(card.tags & asked.wishes),
        (own.encoding or "float") == (asked.encoding or "float"),
        own.tool_result == asked.tool_result,
        bool(card.calls),
        own.json == asked.json,
        own.image == asked.image,
        _many(own) == _many(asked),
        asked.reasoning or not card.reasoning,
        _overlap(own.words, asked.words),
        _kinship(own.model, asked.model),
    )


def _many(asked: Asked) -> int:
    """How many tools are offered: 0 none, 1 a few, 2 as many as agents bring."""
    return (len(asked.tools) > 0) + (len(asked.tools) > 3)


def _overlap(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """The cosine of two sets of words, squared; a word or two shared by a long text is chance."""
    shared = len(ours & theirs)
    cosine = shared * shared / (len(ours) * len(theirs)) if shared else 0.0
    return cosine if cosine > CHANCE else 0.0


def _kinship(ours: str, theirs: str) -> int:
    """How many segments two names share: `claude-sonnet-4-5` and `claude-opus-4-5` one."""
    pairs = zip(_segments(ours), _segments(theirs), strict=False)
    same = [a == b for a, b in pairs]
    return same.index(False) if False in same else len(same)


def _segments(model: str) -> list[str]:
    return model.lower().rpartition("/")[2].replace(".", "-").split("-")
