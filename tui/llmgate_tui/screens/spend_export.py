"""Keeps a report as a file in the working folder; no file is ever overwritten (no Textual)."""

import os
from pathlib import Path
from typing import Final

_MOST: Final = 1_000


def write_new(folder: Path, stem: str, data: bytes, suffix: str = ".csv") -> Path:
    """Writes ``stem.csv``, or ``stem-2.csv`` and so on, readable by its owner only."""
    for number in range(1, _MOST):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return path.absolute()
    raise FileExistsError(f"{stem}{suffix} and {_MOST:,} more exist in {folder}")
