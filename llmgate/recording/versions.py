"""The versions of the recording format, and how a file of an older one is brought up to date."""

from collections.abc import Callable
from typing import Final

VERSION: Final = 1

CONVERTERS: dict[int, Callable[[list[bytes]], list[bytes]]] = {}
"""By version: turns the lines of a file into those of the next version."""
