"""Writes terms of the filter language for names that may hold anything (pure)."""

import re
from typing import Final

_LONGEST: Final = 500
_SIMPLE: Final = re.compile(rf"[\w./:@+\-]{{1,{_LONGEST}}}")
_SIGNS: Final = re.compile(r"[^\w.@+*:-]")


def exact(field: str, name: str) -> str:
    """The term for exactly this name; for an empty one, that there is none."""
    if not name:
        return f"-{field}:?*"
    if _SIMPLE.fullmatch(name) and name[0] not in "/~":
        return f"{field}:={name}"
    # a sign that means something to the filter becomes a glob's any-one-character
    glob = _SIGNS.sub("?", name[:_LONGEST])
    return f"{field}:{glob}{'*' if len(name) > _LONGEST else ''}"


def since(start_ms: int, now_ms: int) -> str:
    """The age that reaches back to a moment, in the largest unit that stays close."""
    minutes = max(1, -(-(now_ms - start_ms) // 60_000))
    return f"since:{minutes}m" if minutes < 48 * 60 else f"since:{-(-minutes // 60)}h"
