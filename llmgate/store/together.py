"""Many rows in one statement.

SQLite lets go of the interpreter at every step of a statement and has to wait for it again. While
requests keep the interpreter busy that wait is milliseconds, so a step for each row would make the
writer fall behind just when there is most to write.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

_SIZES = (400, 64, 8, 1)  # few different texts, so that their prepared statements stay cached
FEW = (400, 64, 32, 16, *range(8, 0, -1))  # for rows that are mostly fewer than eight


def together(
    head: str, tail: str, rows: Sequence[tuple[Any, ...]], sizes: Sequence[int] = _SIZES
) -> Iterator[tuple[str, list[Any]]]:
    """Yields statements with their values: ``head VALUES (...), (...) tail`` for groups of rows."""
    at = 0
    while at < len(rows):
        size = next(size for size in sizes if size <= len(rows) - at)
        group = rows[at : at + size]
        yield _text(head, tail, len(group[0]), size), list(chain.from_iterable(group))
        at += size


@lru_cache(maxsize=32)
def _text(head: str, tail: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{head} VALUES {', '.join([row] * rows)} {tail}"
