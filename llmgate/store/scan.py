"""How far a search in bodies goes: so many exchanges, bytes and seconds, then a cursor goes on."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from llmgate.store.encoder import PARTS_PER_EXCHANGE
from llmgate.store.looking import Wanted
from llmgate.store.rows import COLUMNS, from_row
from llmgate.wire.exchanges import ExchangeSummary

AT_ONCE: Final = 64  # exchanges whose bodies are looked at together
LISTED: Final = 512  # rows asked of the list at once
_GROUP_BYTES: Final = 4 << 20  # looked at before others have their turn

_REQUEST_BYTES = 1 + COLUMNS.index("request_bytes")
_RESPONSE_BYTES = 1 + COLUMNS.index("response_bytes")


class Budget(msgspec.Struct, frozen=True):
    """What one page of a search may read."""

    exchanges: int
    bytes: int
    seconds: float


BUDGET: Final = Budget(5_000, 256 << 20, 0.2)


class Scan:
    """What a search has found and read so far."""

    def __init__(self, budget: Budget, limit: int, monotonic: Callable[[], float]) -> None:
        self.found: list[ExchangeSummary] = []
        self.last: Any = None
        self._budget = budget
        self._limit = limit
        self._monotonic = monotonic
        self._until = monotonic() + budget.seconds
        self._exchanges = 0
        self._bytes = 0

    def is_over(self) -> bool:
        """The page is full, or as much has been read as one page may, but always something."""
        return self._exchanges > 0 and (
            len(self.found) >= self._limit
            or self._exchanges >= self._budget.exchanges
            or self._bytes >= self._budget.bytes
            or self.is_late()
        )

    def is_late(self) -> bool:
        """The time is over, whether something was read or not."""
        return self._monotonic() >= self._until

    def take(self, rows: list[Any], hits: set[int]) -> None:
        """Takes in some rows, newest first, and which of them matched."""
        for row in rows:
            self.last = row
            self._exchanges += 1
            self._bytes += _size(row)
            if row[0] in hits:
                self.found.append(from_row(row[1:]))
                if len(self.found) >= self._limit:
                    return


def groups(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows with about so many bytes together, and not too many."""
    group: list[Any] = []
    size = 0
    for row in rows:
        group.append(row)
        size += _size(row)
        if size >= _GROUP_BYTES or len(group) >= AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def part_ids(rows: list[Any], what: Wanted) -> str:
    """The parts that have to be read, as SQL."""
    return ", ".join(
        str(int(row[0]) * PARTS_PER_EXCHANGE + place) for row in rows for place in what.places
    )


def _size(row: Any) -> int:
    return int(row[_REQUEST_BYTES]) + int(row[_RESPONSE_BYTES])
