"""How alike two texts are: the words they share in order, alone and in pairs, and their marks."""

from typing import Final

from llmgate.compare.common import common_share
from llmgate.compare.words import is_word, tokens_of

NEARLY: Final = 0.999
"""The most that texts which are not equal reach."""

_WORDS, _PAIRS, _ALL = 0.4, 0.4, 0.2


def text_likeness(a: str, b: str) -> float:
    """Gives 0 to 1, and 1 only for equal texts (blanks at both ends aside).

    ``0.4 * words + 0.4 * pairs + 0.2 * all``, each of them twice the length of the longest common
    subsequence over both lengths: of the words without regard to case; of each word with the one
    before it, which unrelated texts hardly share; of words and marks as they are written.
    """
    a, b = a.strip(), b.strip()
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    ours, theirs = _written(a), _written(b)
    whole = common_share(ours, theirs)
    mine, yours = _words(ours), _words(theirs)
    if not mine and not yours:
        return min(whole, NEARLY)
    words, pairs = common_share(mine, yours), common_share(_pairs(mine), _pairs(yours))
    return min(_WORDS * words + _PAIRS * pairs + _ALL * whole, NEARLY)


def _written(text: str) -> list[str]:
    return [one.text for one in tokens_of(text) if not one.text.isspace()]


def _words(tokens: list[str]) -> list[str]:
    return [token.casefold() for token in tokens if is_word(token)]


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *words], words, strict=False))
