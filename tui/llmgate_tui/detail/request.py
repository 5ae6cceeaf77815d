"""The Request tab: the caller's body, laid out or as it came, and what was changed on the way."""

from typing import Final, Literal

import msgspec

from llmgate_tui.detail import json_text
from llmgate_tui.widgets.line_text import Colour

Part = Literal["request", "sent", "answer"]
_SHOWN_FIELDS: Final = 6


class Body(msgspec.Struct, frozen=True):
    """A body ready to show: a note above it, its text, its lexer."""

    text: str
    colour: Colour | None = None
    note: str = ""


def render(body: bytes, sent: bytes | None = None, *, raw: bool = False) -> Body:
    """``sent`` is the body the provider got; None when it is not known."""
    note = difference(body, sent) if sent is not None else ""
    if not body:
        return Body("", None, note or "The request has no body.")
    return as_text(body, raw=raw, note=note)


def as_text(body: bytes, *, raw: bool, note: str = "") -> Body:
    """JSON laid out and coloured unless ``raw``; anything else as it is."""
    laid_out = None if raw else json_text.pretty(body)
    if laid_out is not None:
        return Body(laid_out, json_text.colour, note)
    return Body(body.decode("utf-8", "replace"), None, note)


def difference(body: bytes, sent: bytes) -> str:
    """One line on what the gateway changed; empty when it changed nothing."""
    if body == sent:
        return ""
    try:
        asked = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        given = msgspec.json.decode(sent, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return "The provider got other bytes than these."
    changes = [
        _change(name, asked.get(name), given.get(name))
        for name in [*asked, *(name for name in given if name not in asked)]
        if asked.get(name) != given.get(name)
    ]
    if not changes:
        return "The provider got the same fields, spelled otherwise."
    more = f" and {len(changes) - _SHOWN_FIELDS} more" if len(changes) > _SHOWN_FIELDS else ""
    return "Sent on with " + ", ".join(changes[:_SHOWN_FIELDS]) + more


def _change(name: str, before: msgspec.Raw | None, after: msgspec.Raw | None) -> str:
    if after is None:
        return f"{name} left out"
    shown = bytes(after).decode("utf-8", "replace")
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    return f"{name} {shown}" + (" added" if before is None else "")
