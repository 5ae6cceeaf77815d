"""Usage as Anthropic reports it: ``input_tokens`` leaves out what was read from or put in cache."""

from typing import Any, Final

import msgspec

from llmgate.formats import lenient
from llmgate.formats.counting import checked
from llmgate.wire.blocks import Usage


class _Creation(msgspec.Struct):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _Creation | None = None
    output_tokens_details: _OutputDetails | None = None
    cost: float | None = None  # OpenRouter


_decoder: Final = msgspec.json.Decoder(_Usage)


def join(old: dict[str, Any], new: Any) -> dict[str, Any]:
    """Adds a later report to an earlier one: it replaces, but null and 0 do not erase a count."""
    if not isinstance(new, dict):
        return old
    return old | {name: value for name, value in new.items() if value or name not in old}


def read(raw: bytes) -> Usage | None:
    """Reads a usage object; None when it is none."""
    usage = lenient.decode(_decoder, raw)
    if usage is None:
        return None
    creation = usage.cache_creation or _Creation()
    write = usage.cache_creation_input_tokens
    if write is None and usage.cache_creation is not None:
        write = (creation.ephemeral_5m_input_tokens or 0) + (
            creation.ephemeral_1h_input_tokens or 0
        )
    fresh, read_ = usage.input_tokens, usage.cache_read_input_tokens
    details = usage.output_tokens_details or _OutputDetails()
    return checked(
        Usage(
            input_tokens=None if fresh is None else fresh + (read_ or 0) + (write or 0),
            output_tokens=usage.output_tokens,
            cache_read_tokens=read_,
            cache_write_tokens=write,
            cache_write_1h_tokens=creation.ephemeral_1h_input_tokens,
            reasoning_tokens=details.thinking_tokens,
            cost_usd=usage.cost,
        )
    )
