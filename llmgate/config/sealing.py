"""Literal secrets in a config's text, found and replaced, so that the text can be kept and shown.

``seal`` puts ``{{secret:<16 hex of its SHA-256>}}`` in the place of each; ``unseal`` brings the
text back to the last character. The literals are kept elsewhere (``Vault``), never in the store.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import islice
from typing import Final

import msgspec

from llmgate.config.credentials import Scrubber, keeps
from llmgate.config.snapshot import Snapshot

SHORTEST: Final = 6
"""Shorter ones are not looked for: they would be found in every other word."""

_FURTHEST: Final = 1000  # characters looked at after a name
_MOST_ON_A_LINE: Final = 100
_MARK = re.compile(r"\{\{secret:([0-9a-f]{16})\}\}")
_NAMES = r"[\w.-]{0,64}?(?:api[_-]?keys?|key|token|secret|password|passwd|auth\w*|cookie)"
_FIELD = re.compile(rf"""(?i)(?<![\w-]){_NAMES}["']?[ \t]{{0,64}}:[ \t]{{0,64}}(?=\S)""")
_VALUE = re.compile(
    r""""((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|((?:\$\{[^{}]*\}|[^\s,#\[\]{}"'])[^\s,#\]}]*)"""
)
_ITEM = re.compile(
    r"""^[ \t]*(?:#[ \t]*)?-[ \t]+(?P<value>["']?[\w./+=-]{20,}["']?)[ \t]*(?:#.*)?$"""
)
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*(?::?-([^{}]*))?\}")


class Sealed(msgspec.Struct, frozen=True):
    """A text without its secrets, and what stands behind each mark."""

    text: str
    secrets: dict[str, str]


class Ambiguous(ValueError):
    """A replacement that may stand for more than one secret; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def secrets_of(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The secrets of a config, with those in headers too: (name shown, secret)."""
    found = list(snapshot.secrets)
    for name, provider in snapshot.config.providers.items():
        shown = f"providers.{name}"
        found += [
            (shown, value) for field, value in provider.headers.items() if not keeps(field.lower())
        ]
    return [(name, secret) for name, secret in found if len(secret) >= SHORTEST]


def likely_secrets(text: str, *, items: bool = True) -> list[str]:
    """What looks like a secret in a text, comments included: what stands behind a name that secrets
    have and, with ``items``, long items of lists, of which some are none.
    """
    found: list[str] = []
    for line in text.splitlines():
        for match in islice(_FIELD.finditer(line), _MOST_ON_A_LINE):
            found += _literals(line[match.end() : match.end() + _FURTHEST])
        if items and (item := _ITEM.match(line)):
            found += _literals(item["value"])
    return list(dict.fromkeys(found))


def seal(text: str, secrets: Iterable[str]) -> Sealed:
    """The text with a mark for each secret; text that looks like a mark is sealed as well."""
    literals = {secret for secret in secrets if len(secret) >= SHORTEST and secret in text}
    literals |= {match.group() for match in _MARK.finditer(text)}
    if not literals:
        return Sealed(text, {})
    marks = {literal: _digest(literal) for literal in literals}
    longest_first = sorted(literals, key=lambda literal: (-len(literal), literal))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    used: dict[str, str] = {}

    def mark(match: re.Match[str]) -> str:
        used[marks[match.group()]] = match.group()
        return f"{{{{secret:{marks[match.group()]}}}}}"

    return Sealed(pattern.sub(mark, text), used)


def unseal(text: str, secrets: Mapping[str, str]) -> str:
    """The text as it was. Raises ``KeyError`` for a mark whose secret is gone."""
    return _MARK.sub(lambda match: secrets[match[1]], text)


def restored(text: str, base: str, shown_for: Iterable[tuple[str, str]]) -> str:
    """A text from somebody who was shown ``base`` with replacements: each is the secret again.

    Raises ``Ambiguous`` where a replacement may stand for several secrets of the base.
    """
    stands_for: dict[str, list[str]] = {}
    for name, secret in dict.fromkeys(shown_for):
        if secret in base:
            filler = Scrubber([(name, secret)]).scrub_text(secret)
            stands_for.setdefault(filler, []).append(secret)
    for filler in sorted(stands_for, key=len, reverse=True):
        if filler in text and filler not in base:
            text = _filled(text, filler, _in_order(base, stands_for[filler]))
    return text


def _in_order(base: str, secrets: list[str]) -> list[str]:
    return re.findall("|".join(map(re.escape, secrets)), base)


def _filled(text: str, filler: str, secrets: list[str]) -> str:
    first, *pieces = text.split(filler)
    if len(set(secrets)) > 1 and len(pieces) != len(secrets):
        raise Ambiguous(first.count("\n") + 1)
    if len(pieces) != len(secrets):
        secrets = secrets[:1] * len(pieces)
    return first + "".join(s + p for s, p in zip(secrets, pieces, strict=True))


def _digest(literal: str) -> str:
    return sha256(literal.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _literals(value: str) -> list[str]:
    """The values at the beginning of a line's rest: one, or those of a list."""
    found: list[str] = []
    several = value.startswith("[")
    value = value.partition("]")[0] if several else value
    for match in _VALUE.finditer(value):
        literal = next(group for group in match.groups() if group is not None)
        found += _without_variables(literal)
        if not several:
            break
    return found


def _without_variables(literal: str) -> list[str]:
    pieces = [default or "" for default in _VARIABLE.findall(literal)]
    if not pieces:
        scheme, space, rest = literal.partition(" ")
        pieces = [rest if space and scheme.lower() in {"bearer", "basic"} else literal]
    return [piece for piece in pieces if len(piece) >= 2 * SHORTEST]
