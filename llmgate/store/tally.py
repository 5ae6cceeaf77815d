"""Adds up spend in memory: one line per distinct slot and names, whatever the exchanges."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from llmgate.store.rollup import MOST_TOKENS, MOST_USD, SLOT_MS, TOKENS
from llmgate.store.rows import COLUMNS, Row

MOST_NAMES = 10_000  # callers choose names: memory stays bounded while nothing can be written

_LATEST_MS = 1 << 53
_IMPORTED = "import"
_pick = itemgetter(
    *(
        1 + COLUMNS.index(name)
        for name in (
            "started_ms",
            "provider",
            "model",
            "served",
            "key",
            "route",
            "client",
            "status",
            "error_type",
            "cost_usd",
            "cost_basis",
            "replay",
            *TOKENS,
        )
    )
)

Names = tuple[int, str, str, str, str, str]


class Tally:
    """Sums of ended exchanges, given as the rows that are written of them."""

    def __init__(self) -> None:
        self.sums: dict[Names, list[Any]] = {}

    def __bool__(self) -> bool:
        return bool(self.sums)

    def add(self, row: Row) -> None:
        """Counts an exchange."""
        at, provider, model, served, key, route, client, status, error, *costs = _pick(row)
        usd, basis, replay, *tokens = costs
        if not 0 <= at < _LATEST_MS:
            return  # no row can have it either
        if replay == _IMPORTED:
            return  # it was paid for long ago, and not through this gateway
        names = (at - at % SLOT_MS, provider, served or model, key, route, client)
        priced = usd is not None and usd == usd  # noqa: PLR0124 - not a number is not a price
        estimated = priced and basis == "estimated"
        cost = min(max(usd, 0.0), MOST_USD) if priced else 0.0
        one = [
            1,
            bool(error) or (status is not None and status >= 400),
            not priced and (tokens[0] is not None or tokens[1] is not None),
            estimated,
            cost,
            cost if estimated else 0.0,
        ]
        one += [0 if count is None else min(max(count, 0), MOST_TOKENS) for count in tokens]
        self._add(names, one)

    def _add(self, names: Names, one: list[Any]) -> None:
        sums = self.sums.get(names)
        if sums is None and len(self.sums) >= MOST_NAMES:
            slot_ms, provider, _, key, _, _ = names
            names = (slot_ms, provider, "", key, "", "")
            sums = self.sums.get(names)
        if sums is None:
            self.sums[names] = one
        else:
            for place, value in enumerate(one):
                sums[place] += value

    def merge(self, other: "Tally") -> None:
        """Adds what another has."""
        for names, sums in other.sums.items():
            self._add(names, list(sums))

    def rows(self) -> list[Row]:
        """As ``rollup.ADD`` takes them."""
        return [(*names, *sums) for names, sums in self.sums.items()]


def tally_of(rows: Iterable[Row]) -> Tally:
    """The sums of some rows."""
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally
