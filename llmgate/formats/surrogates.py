"""Lone surrogates in JSON: half an emoji, left where an agent cut a string.

Python's json and OpenAI accept ``"\\ud83d "``, msgspec refuses it. Such an escape is as long as
that of U+FFFD, so a body mended this way decodes, and places in it are places in the original.
"""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    rb"|u([dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)


def mend(data: bytes) -> bytes | None:
    """Replaces lone surrogates by U+FFFD, same length; None when there are none."""
    if b"\\ud" not in data and b"\\uD" not in data:
        return None
    mended = _ESCAPE.sub(_replacement, data)
    return None if mended == data else mended


def _replacement(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1] is None else b"\\ufffd"
