"""The matrix is kept up: an answer is read once, however often the matrix is asked for."""

from pathlib import Path

import msgspec

from llmgate.replay.board import Board
from llmgate.replay.shelf import Shelf
from llmgate.store.queries import Part, Queries
from llmgate.store.replays import KeptReplays
from llmgate.store.writer import Store
from tests.flows.configs import CHAT
from tests.flows.replaying import TWO, staged


class Counting(Queries):
    """Notes which bodies are read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.read: list[tuple[str, Part]] = []

    async def body(self, exchange_id: str, part: Part) -> bytes | None:
        self.read.append((exchange_id, part))
        return await super().body(exchange_id, part)


async def test_an_answer_is_read_once_however_often_the_matrix_is_asked_for(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        source = await stage.recorded(CHAT)
        view = await stage.replayed(ids=[source], targets=[TWO], times=5)
        made = {row["id"] for row in await stage.rows(replay=view["id"])}
    store = await Store.open(tmp_path / "exchanges.sqlite")
    queries = Counting(store.path)
    try:
        kept = KeptReplays(store)
        record = await Shelf(kept, bytes).get(view["id"])
        board = Board(queries, kept, lambda _: None)
        first = await board.matrix(record, record.view)
        read = list(queries.read)
        again = await board.matrix(record, record.view)
        renamed = msgspec.structs.replace(record.view, problem="something to say")
        other = await board.matrix(record, renamed)
    finally:
        await queries.close()
        await store.close()

    assert sorted(name for name, part in read if part == "answer" and name in made) == sorted(made)
    assert queries.read == read
    assert again is first
    assert other.rows == first.rows
