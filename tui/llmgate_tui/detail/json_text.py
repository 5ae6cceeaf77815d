"""JSON for reading: laid out, and coloured line by line by a lexer that never fails."""

import re
from typing import Final

import msgspec

from llmgate_tui.widgets.line_text import Line

_TOKEN: Final = re.compile(
    r'(?P<text>"[^"\\]*(?:\\.[^"\\]*)*"?)(?P<colon>\s*:)?'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<literal>true|false|null)|[^\"\-\dtfn]+|.",
    re.DOTALL,
)


def pretty(body: bytes) -> str | None:
    """The same JSON on many lines, keys in order and numbers as written; None if it is none."""
    try:
        return msgspec.json.format(body, indent=2).decode("utf-8", "replace")
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def colour(text: str) -> Line:
    """Tones the parts of one line of JSON; the parts add up to the line."""
    line: Line = []
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "colon":
            line += [(token["text"], "key"), (token["colon"], "quiet")]
        elif kind in {"number", "literal"}:
            line.append((token[0], kind))
        else:
            line.append((token[0], "string" if kind == "text" else "quiet"))
    return line


def lines(data: bytes | str, indent: str = "") -> list[Line]:
    """Laid out and coloured if it is JSON, as it is otherwise."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    laid_out = pretty(raw)
    if laid_out is None:
        return [[(indent + text, "")] for text in raw.decode("utf-8", "replace").splitlines()]
    return [[(indent, ""), *colour(text)] for text in laid_out.split("\n")]
