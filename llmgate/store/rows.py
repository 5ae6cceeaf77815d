"""An ExchangeSummary as a row of the exchanges table, and back."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from llmgate.wire.exchanges import ExchangeSummary

COLUMNS: tuple[str, ...] = (
    "id",
    "started_ms",
    "state",
    "status",
    "error_type",
    "provider",
    "model",
    "served",
    "client",
    "key",
    "session",
    "route",
    "protocol",
    "method",
    "path",
    "stream",
    "transport",
    "attempts",
    "ttfb_us",
    "total_us",
    "own_us",
    "request_bytes",
    "response_bytes",
    "chunks",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "usage_basis",
    "cost_usd",
    "cost_basis",
    "price_source",
    "finish",
    "tool_calls",
    "repeat",
    "error",
    "limited_by",
    "queued_us",
    "parent",
    "replay",
    "replay_target",
)
"""What the writer writes, without ``seq``."""

ANNOTATIONS: tuple[str, ...] = ("marked", "tags", "note", "exported")
"""What people say of a row later: written apart, never by the one who writes the exchange."""

UNTRUSTED: tuple[str, ...] = (
    "provider",
    "model",
    "served",
    "client",
    "session",
    "route",
    "method",
    "path",
    "finish",
    "error",
    "limited_by",
)
"""Text that a caller or a provider chose: bounded and scrubbed."""

_PLACES = tuple(COLUMNS.index(name) for name in UNTRUSTED)
_MAX_NAME = 300
_MAX_ERROR = 2000
_ALL_SHORT = 600
_STREAM = COLUMNS.index("stream")

SELECT = f"SELECT {', '.join((*COLUMNS, *ANNOTATIONS))} FROM exchanges"  # noqa: S608 - constants
INSERT = f"INSERT INTO exchanges (seq, {', '.join(COLUMNS)})"
OR_UPDATE = "ON CONFLICT (seq) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in COLUMNS if name not in {"id", "started_ms"}
)

_values = attrgetter(*COLUMNS)
_untrusted = attrgetter(*UNTRUSTED)

Row = tuple[Any, ...]


def untrusted_text(summary: ExchangeSummary) -> str:
    """Every untrusted field in one string: asked once whether any of them needs work."""
    return "\n".join(_untrusted(summary))


def to_row(seq: int, summary: ExchangeSummary) -> Row:
    """The row as it is."""
    return (seq, *_values(summary))


def plain(text: str) -> bool:
    """Whether fields joined as ``text`` are short, and plain enough to be stored as they are."""
    return len(text) <= _ALL_SHORT and text.isascii()


def bounded(row: Row) -> Row:
    """The row with untrusted text cut to a sane length and without lone surrogates."""
    cells = list(row)
    for place in _PLACES:
        limit = _MAX_ERROR if COLUMNS[place] == "error" else _MAX_NAME
        text = cells[place + 1][:limit]
        cells[place + 1] = text if text.isascii() else clean(text)
    return tuple(cells)


def mapped(row: Row, change: Any) -> Row:
    """The row with ``change`` applied to each untrusted text."""
    cells = list(row)
    for place in _PLACES:
        cells[place + 1] = change(cells[place + 1])
    return tuple(cells)


def cleaned(summary: ExchangeSummary, change: Callable[[str], str]) -> ExchangeSummary:
    """The summary with ``change`` applied to each untrusted text."""
    texts = zip(UNTRUSTED, _untrusted(summary), strict=True)
    changed = {name: new for name, text in texts if (new := change(text)) != text}
    return msgspec.structs.replace(summary, **changed) if changed else summary


def clean(text: str) -> str:
    """The text without what UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def from_row(row: Row) -> ExchangeSummary:
    """The summary that a ``SELECT`` row stands for."""
    fields = dict(zip((*COLUMNS, *ANNOTATIONS), row, strict=True))
    fields["stream"] = bool(row[_STREAM])
    fields["marked"] = bool(fields["marked"])
    fields["exported"] = bool(fields["exported"])
    return ExchangeSummary(**fields)
