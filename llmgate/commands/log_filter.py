"""`llmgate log --state` and `--error`: words that mean nothing are refused, with those that do."""

import difflib
import fnmatch
import re
from typing import Final, get_args

from llmgate.errors import ErrorType, Misuse
from llmgate.wire.exchanges import State

STATES: Final[tuple[str, ...]] = get_args(State)
ERROR_TYPES: Final[tuple[str, ...]] = get_args(ErrorType)

_GLOB: Final = re.compile(r"[*?\[]")
_MOST_NEAR: Final = 5


def state_filter(text: str) -> str:
    """The states asked for; raises when one is none of ours."""
    words = [word.lower() for word in _words(text)]
    for word in words:
        if word != "live" and not fnmatch.filter(STATES, word):
            raise Misuse(
                f"--state {word[:40]!r} is none of: {', '.join(STATES)}; `live` is the first three"
            )
    return ",".join(words)


def error_filter(text: str) -> str:
    """The error types asked for: a word finds the types that contain it, a glob stays as it is."""
    return ",".join(_error(word) for word in _words(text))


def _error(word: str) -> str:
    if _GLOB.search(word):
        return word
    asked = re.sub(r"[\s-]+", "_", word.lower())
    if asked in ERROR_TYPES:
        return asked
    if any(asked in known for known in ERROR_TYPES):
        return f"*{asked}*"
    raise Misuse(f"--error {word[:40]!r} is part of no error type; {_near(asked)}")


def _near(asked: str) -> str:
    """What may have been meant, else all there is."""
    pieces = {piece for known in ERROR_TYPES for piece in (known, *known.split("_"))}
    close = difflib.get_close_matches(asked[:64], sorted(pieces), n=3, cutoff=0.6)
    near = [known for known in ERROR_TYPES if any(piece in known for piece in close)]
    if near:
        return f"near are: {', '.join(near[:_MOST_NEAR])}"
    return f"the types are: {', '.join(ERROR_TYPES)}"


def _words(text: str) -> list[str]:
    """What stands between commas; commas alone are a word too, one that is refused."""
    return [word.strip() for word in text.split(",") if word.strip()] or ([text] if text else [])
