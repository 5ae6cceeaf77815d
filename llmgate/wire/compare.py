"""What differs between two exchanges, and between two requests of one conversation."""

from typing import Literal

import msgspec

from llmgate.wire.exchanges import ExchangeSummary

VOLATILE: tuple[str, ...] = (
    "id",
    "created",
    "created_at",
    "completed_at",
    "system_fingerprint",
    "service_tier",
    "obfuscation",
    "request_id",
    "response_id",
    "item_id",
    "call_id",
    "tool_call_id",
    "tool_use_id",
    "signature",
    "encrypted_content",
    "sequence_number",
)
"""Keys whose values say nothing about the answer; a comparison leaves them out unless asked."""

SpanKind = Literal["same", "removed", "added"]


class Span(msgspec.Struct, frozen=True):
    """A stretch of text: in both, only left (``removed``), or only right (``added``)."""

    kind: SpanKind
    text: str


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a JSON value (``location.city``, ``days[2]``) whose sides differ.

    A side is JSON text, None where there is nothing.
    """

    path: str
    left: str | None = None
    right: str | None = None


class ToolDiff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pair of tool calls; a name is empty on the side that made no such call. Arguments are JSON
    text, indented.
    """

    left_name: str = ""
    right_name: str = ""
    left: str = ""
    right: str = ""
    same: bool = False
    changes: list[Change] = []
    changes_cut: bool = False  # there are more than the first 500


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure of both sides: status, model, finish, times, tokens, cost.

    ``unit``: us, tokens, usd, tokens/s, bytes, chunks or empty; texts are in ``left`` and
    ``right``, figures in ``left_value`` and ``right_value`` (None is unknown).
    """

    name: str
    unit: str = ""
    left: str = ""
    right: str = ""
    left_value: float | None = None
    right_value: float | None = None
    same: bool = False
    left_estimated: bool = False
    right_estimated: bool = False


class EventPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Two events of the streams beside each other (or the lines of a body that is no stream)."""

    left: str | None = None
    right: str | None = None
    same: bool = False


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /exchanges/{id}/compare?to={other}&volatile=false``: the second against the first.

    ``similarity`` (0 to 1) weighs text and tool calls; None when a side has no answer. With
    ``volatile`` nothing is left out; else ``ignored`` names the keys that were, where they
    occurred (``choices[].delta.tool_calls[].id``).
    """

    left: ExchangeSummary
    right: ExchangeSummary
    similarity: float | None = None
    text: list[Span] = []
    reasoning: list[Span] = []
    tools: list[ToolDiff] = []
    facts: list[Fact] = []
    events: list[EventPair] = []
    events_cut: int = 0  # pairs beyond the first 2,000
    ignored: list[str] = []
    problems: list[str] = []


EntryKind = Literal["kept", "added", "dropped", "changed"]


class PromptEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message (or system prompt, or tool definition) of a request against the one before.

    ``kept`` ones in a row are one entry with ``count``. ``tokens`` are estimated.
    """

    kind: EntryKind
    role: str = ""
    title: str = ""  # what it is: `tool result of Read`, or its first words
    count: int = 1
    chars: int = 0
    tokens: int = 0
    spans: list[Span] = []


class Weight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a part of a prompt weighs: a tool with its definition, calls and results, the system
    prompt, the user's or the assistant's text. ``tokens`` are estimated; ``share`` is 0 to 1.
    """

    name: str
    kind: Literal["system", "user", "assistant", "tool", "definitions", "other"]
    calls: int = 0
    results: int = 0
    chars: int = 0
    tokens: int = 0
    share: float = 0.0
    new_tokens: int = 0  # of them not in the request before


class PromptDiff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /exchanges/{id}/prompt?before={other}``: a request against the one before it, by
    default the previous turn of its conversation (``before`` is empty when there is none).

    ``input_tokens`` are as reported or estimated; ``resent_tokens`` were in both, ``cached_tokens``
    of them the provider read from its cache.
    """

    id: str
    before: str = ""
    entries: list[PromptEntry] = []
    settings: list[Change] = []  # model, temperature and the like
    weights: list[Weight] = []  # heaviest first
    input_tokens: int | None = None
    estimated: bool = False
    resent_tokens: int = 0
    added_tokens: int = 0
    dropped_tokens: int = 0
    cached_tokens: int | None = None
    turn: int = 0  # of the conversation, from 1; 0 when it is not known
    problem: str = ""
