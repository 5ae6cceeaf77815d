"""One transaction of the writer: exchanges, their bodies, what they cost, counters."""

from collections.abc import Iterable

import aiosqlite

from llmgate.store import rollup
from llmgate.store.encoder import Written
from llmgate.store.ledger import Page
from llmgate.store.rows import INSERT, OR_UPDATE, Row
from llmgate.store.tally import tally_of
from llmgate.store.together import FEW, together

_PIECES = "INSERT INTO pieces"
_PARTS = "INSERT OR REPLACE INTO parts"
_COUNTERS = "INSERT OR REPLACE INTO counters (name, data)"
_GENERATIONS = "INSERT INTO generations"
_WIDENED = (
    "ON CONFLICT (number) DO UPDATE SET first_seq = min(first_seq, excluded.first_seq),"
    " last_seq = max(last_seq, excluded.last_seq), swept = 0"
)


async def write(db: aiosqlite.Connection, written: list[Written], page: Page | None = None) -> None:
    """Exchanges and what they cost together: none is counted twice or not at all."""
    tally = tally_of(item.row for item in written if item.ended)
    if page is not None:
        tally.merge(page.tally)
        await _write_counters(db, page.counters)
    for statement, values in (
        *together(_PIECES, "", [piece for item in written for piece in item.pieces]),
        *together(_GENERATIONS, _WIDENED, _generations(written), FEW),
        *together(INSERT, OR_UPDATE, [item.row for item in written]),
        *together(_PARTS, "", [part for item in written for part in item.parts]),
        *together(rollup.ADD, rollup.ONTO, tally.rows(), FEW),
    ):
        await db.execute(statement, values)
    await db.commit()


def _generations(written: Iterable[Written]) -> list[Row]:
    """Which exchanges refer to a generation: from the first to the last of them."""
    ranges: dict[int, tuple[int, int]] = {}
    for item in written:
        seq = item.row[0]
        for number in item.generations:
            first, last = ranges.get(number, (seq, seq))
            ranges[number] = (min(first, seq), max(last, seq))
    return [(number, first, last, 0) for number, (first, last) in ranges.items()]


async def _write_counters(db: aiosqlite.Connection, counters: dict[str, bytes]) -> None:
    if counters:
        for statement, values in together(_COUNTERS, "", list(counters.items())):
            await db.execute(statement, values)
        await db.execute("DELETE FROM counters WHERE length(data) = 0")
