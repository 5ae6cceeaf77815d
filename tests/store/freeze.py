"""Writes a store of the present version as an SQL script, to be kept as a fixture for ever.

python -m tests.store.freeze > tests/store/NUMBER_version.sql

The tables of the index of words are filled through the tables they consist of.
"""

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llmgate.store.annotations import annotate
from llmgate.store.replays import KeptReplays
from llmgate.store.revisions import Revisions
from llmgate.store.writer import Store
from llmgate.wire.editing import Revision
from llmgate.wire.keeping import Annotation
from tests.store.making import begin, fail, finish

QUESTION = b'{"model":"gpt-4o","messages":[{"role":"user","content":"Where is the lighthouse?"}]}'
EVENTS = (b'data: {"text":"On the "}\n\n', b'data: {"text":"cliff."}\n\n', b"data: [DONE]\n\n")
PARAGRAPH = (
    "The lamp of lighthouse %d is lit at dusk, and its keeper writes down the weather. " * 12
)


def conversation(turns: int) -> bytes:
    """A request that is kept in pieces, which it shares with that of the turn before."""
    said = b",".join(
        b'{"role":"user","content":"%b"}' % (PARAGRAPH % ((number,) * 12)).encode()
        for number in range(turns)
    )
    return b'{"model":"gpt-4o","messages":[%b]}' % said


async def fill(path: Path) -> None:
    """Something in every table."""
    store = await Store.open(path, keep_days=0)
    first = begin(1, request=QUESTION)
    first.transport, first.session, first.replay, first.parent = "sse", "s-1", "r-1", "x000009"
    first.sent_body = QUESTION.replace(b"gpt-4o", b"gpt-4o-mini")
    refused = fail(begin(2), 429, "upstream_rate_limited", "slow down")
    turns = [begin(3, request=conversation(6)), begin(4, request=conversation(7))]
    for one in (first, refused, *turns):
        store.begun(one)
        store.ended(one if one is refused else finish(one, *EVENTS))
        await store.flush()
    store.begun(begin(5))
    await store.flush()
    await annotate(store, [first.id], Annotation(marked=True, add_tags=["kept"], note="a note"))
    await KeptReplays(store).keep("r-1", 1, b'{"of":"a replay"}')
    await Revisions(store).keep(Revision(number=1, at_ms=1, who="file", etag="e1"), "sealed text")
    store.keep_counters({"key:ide": b"\x01counted"})
    await store.flush()
    await store.indexing.catch_up()
    await store.write("INSERT INTO blocks VALUES (7, 1, 2)")
    await store.write("INSERT INTO block_names VALUES (0, 'long gone', 7)")
    await store.close()


def script(db: sqlite3.Connection) -> Iterator[str]:
    """The statements that make the file anew."""
    yield "-- A file of a version of llmgate, made by freeze.py: it has to open for ever."
    yield "PRAGMA auto_vacuum = INCREMENTAL;"
    yield "BEGIN;"
    found = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL").fetchall()
    virtual = [name for _, name, sql in found if sql.startswith("CREATE VIRTUAL")]
    shadows = {name for _, name, _ in found for one in virtual if name.startswith(f"{one}_")}
    for kind in ("table", "index"):
        for _, name, sql in (one for one in found if one[0] == kind):
            if name not in shadows and not name.startswith("sqlite_"):
                yield f"{sql};"
            if name in shadows:
                yield f"DELETE FROM {name};"
            if kind == "table" and name not in virtual and not name.startswith("sqlite_"):
                yield from rows(db, name)
    yield "COMMIT;"


def rows(db: sqlite3.Connection, table: str) -> Iterator[str]:
    """A table's rows as statements, blobs in hex."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    quoted = " || ',' || ".join(f'quote("{name}")' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    for (values,) in db.execute(f"SELECT {quoted} FROM {table}"):
        yield f"INSERT INTO {table} ({names}) VALUES ({values});"


def main() -> None:
    """Fills a store and prints it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exchanges.sqlite"
        asyncio.run(fill(path))
        with contextlib.closing(sqlite3.connect(path)) as db:
            sys.stdout.writelines(f"{line}\n" for line in script(db))


if __name__ == "__main__":
    main()
