"""Arithmetic on usage: what several reports of one answer amount to."""

from typing import Final

import msgspec

from llmgate.wire.blocks import Usage

_MOST: Final = 10**12
_FIELDS: Final = Usage.__struct_fields__


def merge(old: Usage, new: Usage) -> Usage:
    """Takes the last known value of each field, but a later 0 erases no earlier count."""
    changes = {
        name: value
        for name in _FIELDS
        if (value := getattr(new, name)) is not None and (value or not getattr(old, name))
    }
    return msgspec.structs.replace(old, **changes)


def checked(usage: Usage) -> Usage:
    """Puts right what cannot be: parts greater than the whole, negative or absurd counts."""
    output, reasoning = usage.output_tokens, usage.reasoning_tokens
    if output is not None and reasoning is not None and reasoning > output:
        usage = msgspec.structs.replace(usage, reasoning_tokens=output)
    wrong = {
        name: 0 if value < 0 else None
        for name in _FIELDS
        if (value := getattr(usage, name)) is not None and not 0 <= value <= _MOST
    }
    return msgspec.structs.replace(usage, **wrong) if wrong else usage
