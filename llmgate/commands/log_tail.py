"""`llmgate log tail`: prints each exchange when it ends, reading the store beside the gateway."""

import asyncio
from collections.abc import Iterator

from llmgate.commands.log_table import one_line, print_json
from llmgate.store.filters import Filter
from llmgate.store.queries import Queries
from llmgate.wire.exchanges import LIVE, ExchangeSummary

POLL_S = 0.2


async def tail(queries: Queries, wanted: Filter, *, as_json: bool) -> int:
    """Follows until it is interrupted."""
    follower = Follower(queries, wanted)
    await follower.start()
    while True:
        for one in await follower.ended():
            if as_json:
                print_json([one])
            else:
                print(one_line(one))
        _flush()
        await asyncio.sleep(POLL_S)


class Follower:
    """Finds what has ended since it was last asked."""

    def __init__(self, queries: Queries, wanted: Filter) -> None:
        self._queries = queries
        self._wanted = wanted
        self._last = 0
        self._live: set[int] = set()

    async def start(self) -> None:
        """Begins here: what has ended already is not shown, what is live will be."""
        self._last = await self._queries.last_seq()
        self._live = set(await self._queries.live())

    async def ended(self) -> list[ExchangeSummary]:
        """Those that have ended and match, in the order they began."""
        rows = await self._queries.after(self._last, self._wanted, sorted(self._live))
        return list(self._take(rows))

    def _take(self, rows: list[tuple[int, ExchangeSummary, bool]]) -> Iterator[ExchangeSummary]:
        for seq, one, matches in rows:
            self._last = max(self._last, seq)
            if one.state in LIVE:
                self._live.add(seq)
                continue
            self._live.discard(seq)
            if matches:
                yield one


def _flush() -> None:
    print(end="", flush=True)
