"""The one way a name is matched everywhere in config.yaml: literally, as a glob, or as a /regex/.

Matching is case-sensitive. A name longer than ``LONGEST`` characters matches nothing but a literal
and ``*``, so that a pattern never works on unbounded input.
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Final

LONGEST: Final = 512


def is_regex(pattern: str) -> bool:
    """True for ``/.../``; a single ``/`` or ``//`` is a literal."""
    return len(pattern) > 2 and pattern[0] == "/" and pattern[-1] == "/"


def is_glob(pattern: str) -> bool:
    """True when the pattern holds a glob character and is no regex."""
    return not is_regex(pattern) and any(mark in pattern for mark in "*?[")


def is_literal(pattern: str) -> bool:
    """True when the pattern stands for itself alone."""
    return not is_regex(pattern) and not is_glob(pattern)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compiles a pattern for ``fullmatch``; raises ``re.error`` on a bad /regex/."""
    if is_regex(pattern):
        return re.compile(pattern[1:-1])
    return re.compile(fnmatch.translate(pattern))


class Patterns:
    """Any of several patterns: a set of literals, and the rest compiled."""

    __slots__ = ("_all", "_compiled", "_literals")

    def __init__(self, patterns: Iterable[str]) -> None:
        given = list(patterns)
        self._all = "*" in given
        self._literals = frozenset(pattern for pattern in given if is_literal(pattern))
        globs = [fnmatch.translate(pattern) for pattern in given if is_glob(pattern)]
        self._compiled = tuple(
            [re.compile("|".join(globs))] * bool(globs)
            + [compile_pattern(pattern) for pattern in given if is_regex(pattern)]
        )

    def match(self, name: str) -> bool:
        """True when one of the patterns takes the whole name."""
        if self._all or name in self._literals:
            return True
        if len(name) > LONGEST:
            return False
        return any(pattern.fullmatch(name) for pattern in self._compiled)


class Renames:
    """A provider's ``models``: name asked for -> its own name. Exact wins over glob over /regex/.

    Among globs, and among regexes, the first one written wins. ``\\1`` in the new name of a regex
    is its first group.
    """

    __slots__ = ("_exact", "_globs", "_regexes")

    def __init__(self, models: Mapping[str, str]) -> None:
        self._exact = {old: new for old, new in models.items() if is_literal(old)}
        self._globs = [(compile_pattern(o), n) for o, n in models.items() if is_glob(o)]
        self._regexes = [(compile_pattern(o), n) for o, n in models.items() if is_regex(o)]

    @property
    def exact(self) -> Mapping[str, str]:
        """The names given literally."""
        return self._exact

    def find(self, name: str) -> str | None:
        """The provider's name, or None when no line of the map takes it."""
        if (new := self._exact.get(name)) is not None:
            return new
        if len(name) > LONGEST:
            return None
        for pattern, new in self._globs:
            if pattern.fullmatch(name):
                return new
        for pattern, new in self._regexes:
            if found := pattern.fullmatch(name):
                return found.expand(new)
        return None
