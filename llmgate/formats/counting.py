"""Arithmetic on usage: what several reports of one answer amount to."""

import msgspec

from llmgate.wire.blocks import Usage

_FIELDS = Usage.__struct_fields__


def merge(old: Usage, new: Usage) -> Usage:
    """Takes the last known value of each field, but a later 0 erases no earlier count."""
    changes = {
        name: value
        for name in _FIELDS
        if (value := getattr(new, name)) is not None and (value or not getattr(old, name))
    }
    return msgspec.structs.replace(old, **changes)


def checked(usage: Usage) -> Usage:
    """Puts right what cannot be: parts greater than the whole, negative counts."""
    output, reasoning = usage.output_tokens, usage.reasoning_tokens
    if output is not None and reasoning is not None and reasoning > output:
        usage = msgspec.structs.replace(usage, reasoning_tokens=output)
    negative = {
        name: 0 for name in _FIELDS if (value := getattr(usage, name)) is not None and value < 0
    }
    return msgspec.structs.replace(usage, **negative) if negative else usage
