"""What an edit changes, as a unified diff for people."""

import difflib
from typing import Final

_MOST_LINES: Final = 2_000
_LARGEST_COMPARED: Final = 20_000  # lines; beyond it the comparison itself would be slow


def unified(before: str, after: str, name: str = "config.yaml") -> str:
    """The unified diff of two texts, three lines of context; empty when they are the same.

    It is bounded: what is left out at the end is counted in a last line.
    """
    if before == after:
        return ""
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > _LARGEST_COMPARED:
        return f"--- {name}\n+++ {name}\n(too long to compare)\n"
    lines = list(difflib.unified_diff(old, new, name, name, n=3, lineterm=""))
    shown = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        shown.append(f"(and {len(lines) - _MOST_LINES} lines more)")
    return "".join(f"{line}\n" for line in shown)


def _lines(text: str) -> list[str]:
    """The lines without their ends, but for what tells two of them apart."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], lines[-1] + "\n\\ No newline at end of file"]
