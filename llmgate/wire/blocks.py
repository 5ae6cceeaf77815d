"""The neutral block-event stream that every provider's answer is read into.

One answer is ``Started``, then blocks (``BlockStarted``, ``BlockDelta``..., ``BlockStopped``), then
``Finished`` and ``UsageReported`` in any order. Readers (llmgate.formats) are tolerant and emit
this strict grammar: a block is started once, deltas carry the index of a started block, indices
count from 0 in order of first appearance, every block is stopped before ``Finished`` is emitted at
the end of input.
"""

from typing import Literal

import msgspec

BlockKind = Literal["text", "reasoning", "tool_call", "refusal", "image", "audio", "other"]
DeltaKind = Literal["text", "json", "reasoning", "signature", "citation"]
FinishReason = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"
]
Basis = Literal["reported", "estimated", "unknown"]


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Token counts of one exchange. ``None`` is unknown, never 0.

    ``input_tokens`` is the total and includes ``cache_read_tokens`` and ``cache_write_tokens``;
    ``output_tokens`` includes ``reasoning_tokens``. ``cache_write_1h_tokens`` is the part of
    ``cache_write_tokens`` with the long lifetime. ``cost_usd`` is what the provider itself charged.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    cost_usd: float | None = None


class Started(msgspec.Struct, frozen=True, tag="start", tag_field="k"):
    """The answer has begun; ``model`` is the name the provider reports."""

    id: str = ""
    model: str = ""


class BlockStarted(msgspec.Struct, frozen=True, tag="block", tag_field="k"):
    """A block begins; ``id`` and ``name`` belong to tool calls."""

    index: int
    kind: BlockKind
    id: str = ""
    name: str = ""


class BlockDelta(msgspec.Struct, frozen=True, tag="delta", tag_field="k"):
    """More of a block: text, tool arguments (``json``), reasoning, its signature, a citation."""

    index: int
    kind: DeltaKind
    text: str


class BlockStopped(msgspec.Struct, frozen=True, tag="stop", tag_field="k"):
    """A block is complete."""

    index: int


class Finished(msgspec.Struct, frozen=True, tag="finish", tag_field="k"):
    """The provider says why the answer ended; ``raw`` is its own word."""

    reason: FinishReason
    raw: str = ""


class UsageReported(msgspec.Struct, frozen=True, tag="usage", tag_field="k"):
    """What the provider counted so far; a later one replaces an earlier one."""

    usage: Usage


class Failed(msgspec.Struct, frozen=True, tag="error", tag_field="k"):
    """The provider reported an error, in the body or in mid-stream."""

    message: str
    type: str = ""
    code: str = ""
    status: int | None = None


class Note(msgspec.Struct, frozen=True, tag="note", tag_field="k"):
    """Something odd that a reader tolerated; shown to people, never to callers."""

    text: str


BlockEvent = (
    Started | BlockStarted | BlockDelta | BlockStopped | Finished | UsageReported | Failed | Note
)
