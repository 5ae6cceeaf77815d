"""Makes a config whose secrets are replaced readable as YAML again (pure).

``{{secret:NAME}}`` stands for a secret, cut or padded with ``*`` to its length. Outside of quotes
that is no YAML, and where it was cut, a brace behind it may be its own or the file's: on each line
the reading is taken that leaves the braces balanced.
"""

import re
from itertools import product
from typing import Final

_MARK: Final = re.compile(r"\{\{secret:[^{}\n\"',\]]{0,200}(\}{0,2})\**")
_MOST: Final = 4  # marks of one line that are tried in every combination
WORD: Final = "sealed"


def readable(text: str) -> str:
    """The text with a plain word for every secret."""
    if "{{secret:" not in text:
        return text
    return "\n".join(_line(line) if "{{secret:" in line else line for line in text.split("\n"))


def _line(line: str) -> str:
    marks = list(_MARK.finditer(line))
    choices = [range(len(mark[1]), -1, -1) for mark in marks[:_MOST]]
    for taken in product(*choices):
        read = _without(line, marks, taken)
        if read.count("{") == read.count("}"):
            return read
    return _MARK.sub(WORD, line)


def _without(line: str, marks: list[re.Match[str]], taken: tuple[int, ...]) -> str:
    """The line with ``taken`` closing braces of each mark counted as the mark's own."""
    parts, at = [], 0
    for number, mark in enumerate(marks):
        own = taken[number] if number < len(taken) else len(mark[1])
        parts += [line[at : mark.start()], WORD, mark[1][own:]]
        at = mark.end()
    return "".join([*parts, line[at:]])
