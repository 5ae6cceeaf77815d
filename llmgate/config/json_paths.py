"""Places in a JSON body, as people write them: ``metadata.user_id``, ``messages[*].cache_control``.

Names are joined by dots; ``[0]`` is an element of a list, ``[*]`` every one; a name with a dot, a
bracket or a quote in it is written ``["like.this"]``. A place that is not there is no mistake.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 500
DEEPEST: Final = 32

Step = str | int | None
"""A name, an element's number, or None for every element."""

JsonPath = tuple[Step, ...]

_NAME: Final = re.compile(r"[^.\[\]\"'\s]+")
_INDEX: Final = re.compile(r"\[(\d{1,6})\]")
_QUOTED: Final = re.compile(r'\["(?:[^"\\]|\\.)*"\]')


class BadPath(ValueError):
    """A text that is no such place; says where it stops being one."""


def parse_path(text: str) -> JsonPath:
    """The steps of a place. Raises ``BadPath``."""
    if not text or len(text) > LONGEST:
        raise BadPath(f"must have 1 to {LONGEST} characters")
    steps: list[Step] = []
    at = 0
    while at < len(text):
        step, at = _step(text, at, first=not steps)
        steps.append(step)
    if len(steps) > DEEPEST:
        raise BadPath(f"has more than {DEEPEST} steps")
    return tuple(steps)


def _step(text: str, at: int, *, first: bool) -> tuple[Step, int]:
    """The step that begins at ``at``, and where the next one begins."""
    if text.startswith("[*]", at):
        return None, at + 3
    if found := _INDEX.match(text, at):
        return int(found[1]), found.end()
    if found := _QUOTED.match(text, at):
        return str(json.loads(found.group()[1:-1])), found.end()
    if not first:
        if text[at] != ".":
            raise BadPath(f"cannot be read from `{text[at : at + 20]}` on")
        at += 1
    if found := _NAME.match(text, at):
        return found.group(), found.end()
    raise BadPath(f"has no name where `{text[at : at + 20]}` begins")


def without(value: object, paths: Iterable[JsonPath]) -> object:
    """The value without what is at these places; nothing in ``value`` itself changes."""
    for path in paths:
        value = _without(value, path)
    return value


def _without(value: object, path: JsonPath) -> object:
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and isinstance(step, str):
        if step not in value:
            return value
        if not rest:
            return {key: item for key, item in value.items() if key != step}
        return {**value, step: _without(value[step], rest)}
    if isinstance(value, list) and not isinstance(step, str):
        if not rest:
            return [] if step is None else [*value[:step], *value[step + 1 :]]
        return [
            _without(item, rest) if step is None or step == n else item
            for n, item in enumerate(value)
        ]
    return value
