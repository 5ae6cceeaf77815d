"""What the terminal remembers from one start to the next: filter, order, layout, theme.

A small JSON file beside the gateway's data: screen -> name -> text. Nothing in it is needed: one
that cannot be read or written costs the memory and nothing else.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

Memory = dict[str, dict[str, str]]

_LARGEST: Final = 64 * 1024


def recall(file: Path | None) -> Memory:
    """What was kept; empty when there is nothing that can be used."""
    if file is None:
        return {}
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
        return msgspec.json.decode(data, type=Memory) if len(data) <= _LARGEST else {}
    except (OSError, ValueError, msgspec.DecodeError):
        return {}


def keep(file: Path | None, memory: Memory) -> None:
    """Keeps it; the file is replaced as a whole."""
    data = msgspec.json.encode(memory)
    if file is None or len(data) > _LARGEST:
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(data)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
