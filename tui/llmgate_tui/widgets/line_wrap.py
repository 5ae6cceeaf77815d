"""Where a line of text breaks into rows of a number of cells."""

from rich.cells import cell_len


def hanging(text: str, width: int) -> int:
    """How far the continuations of a line are set in: as far as the line itself, within reason."""
    indent = len(text) - len(text.lstrip(" "))
    return indent if indent <= width // 3 else 0


def cuts(text: str, width: int, indent: int, known: list[int] | None = None) -> list[int]:
    """Where the rows of a line begin: after a space where there is one, else anywhere.

    All but the first are set in by ``indent``. ``known`` are the rows of a shorter version of the
    line: all but the last stay.
    """
    starts = known or [0]
    at, end = starts[-1], len(text)
    plain = text.isascii()
    while True:
        room = max(1, width - (indent if at else 0))
        stop = at + room if plain else _reach(text, at, room)
        if stop >= end:
            return starts
        space = text.rfind(" ", at, stop + 1)
        at = space + 1 if space > at + room // 3 else stop
        if at >= end:  # the line ends with the space
            return starts
        starts.append(at)


def _reach(text: str, at: int, room: int) -> int:
    """The end of what fits into ``room`` cells from ``at`` on, at least one character."""
    part = text[at : at + room]
    if cell_len(part) <= room:
        return at + len(part)
    low, high = 1, len(part)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if cell_len(part[:middle]) <= room else (low, middle)
    return at + low
