"""Single values as YAML text, in quotes where they need them."""

import re
import textwrap
from typing import Any, Final

from llmgate.config.nodes import scalar

_WIDEST: Final = 100
# What another reader of YAML (1.1) may take for something else than text.
_WORDS: Final = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "~"}
)
_NUMBERS: Final = re.compile(
    r"[-+.]?\d[\d_.,:eE+-]*|0[xob][\da-fA-F_]+|[-+]?\.(inf|nan)", re.IGNORECASE
)
_LEADING: Final = frozenset("-?:,[]{}#&*!|>'\"%@`=~<")
_FLOW: Final = frozenset(",[]{}")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def written(value: Any, *, flow: bool, quote: str = "", habit: str = '"') -> str:
    """A value on one line; text keeps ``quote`` (empty: none) if it can, else takes ``habit``."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case int() | float():
            return repr(value)
        case _:
            return _text(str(value), flow=flow, quote=quote, habit=habit)


def _text(text: str, *, flow: bool, quote: str, habit: str) -> str:
    if not quote and plain_is_safe(text, flow=flow):
        return text
    if (quote or habit) == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain_is_safe(text: str, *, flow: bool) -> bool:
    """True for text that every reader of YAML takes for this text without quotes."""
    if not text or not text.isprintable() or text != text.strip():
        return False
    if text[0] in _LEADING or text.startswith("...") or text.endswith(":"):
        return False
    if ": " in text or " #" in text or (flow and not _FLOW.isdisjoint(text)):
        return False
    if text.lower() in _WORDS or _NUMBERS.fullmatch(text):
        return False
    return isinstance(scalar(text, plain=True), str)


def block_lines(text: str, style: str, indent: int) -> list[str] | None:
    """A header and its lines (``|`` or ``>``), None when text cannot be written so."""
    body = text.removesuffix("\n")
    lines = body.split("\n")
    printable = all(line.replace("\t", " ").isprintable() for line in lines)
    if not body or body.endswith("\n") or not printable or lines[0][:1] in {"", " ", "\t"}:
        return None
    if any(line and not line.strip() for line in lines) or "\t" in body[:1]:
        return None
    header = style + ("" if text.endswith("\n") else "-")
    if style == ">":
        if any(line[:1] in {" ", "\t"} for line in lines):
            return None
        lines = _folded(lines, indent)
    return [header, *(" " * indent + line if line else "" for line in lines)]


def _folded(lines: list[str], indent: int) -> list[str]:
    """Lines that fold back into these: one break more where one is meant, long ones wrapped."""
    found: list[str] = []
    for place, line in enumerate(lines):
        if place and line:
            found.append("")
        found += _wrapped(line, max(20, _WIDEST - indent)) if line else [""]
    return found


def _wrapped(line: str, width: int) -> list[str]:
    if "  " in line or "\t" in line or line != line.strip():
        return [line]
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
