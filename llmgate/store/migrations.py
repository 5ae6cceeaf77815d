"""The schema as ordered migrations; the names of those applied are kept in the file itself.

``exchanges`` is a narrow row per exchange (the traffic list). ``parts`` holds everything else of
it, one row per part: the details, then the bodies. A part's id is ``seq * 8 + part``, so the parts
of an exchange lie next to each other and need no index; ``codec`` says how ``data`` is kept: by
itself, or as a manifest of ``pieces`` that bodies of one of the ``generations`` share. ``spend`` is
what exchanges cost (rollup.py), ``revisions`` every accepted version of the config, ``counters``
what limits have counted.
"""

from collections.abc import Awaitable, Callable

import aiosqlite

from llmgate.store import rollup
from llmgate.store.problems import NewerStore
from llmgate.store.sql import (
    FAILED,
    IS_ANNOTATED,
    IS_LIVE,
    IS_REPLAY,
    IS_SENT_AGAIN,
    WAS_LIMITED,
    WITH_SESSION,
)

Migration = Callable[[aiosqlite.Connection], Awaitable[None]]


async def exchanges_and_parts(db: aiosqlite.Connection) -> None:
    """The first tables."""
    for statement in _FIRST:
        await db.execute(statement)


_FIRST = (
    """
    CREATE TABLE exchanges (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        started_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        status INTEGER,
        error_type TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        served TEXT NOT NULL,
        client TEXT NOT NULL,
        key TEXT NOT NULL,
        session TEXT NOT NULL,
        route TEXT NOT NULL,
        protocol TEXT NOT NULL,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        stream INTEGER NOT NULL,
        transport TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        ttfb_us INTEGER,
        total_us INTEGER,
        own_us INTEGER,
        request_bytes INTEGER NOT NULL,
        response_bytes INTEGER NOT NULL,
        chunks INTEGER NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_tokens INTEGER,
        cache_write_tokens INTEGER,
        reasoning_tokens INTEGER,
        usage_basis TEXT NOT NULL,
        cost_usd REAL,
        cost_basis TEXT NOT NULL,
        price_source TEXT NOT NULL,
        finish TEXT NOT NULL,
        tool_calls INTEGER NOT NULL,
        repeat INTEGER NOT NULL,
        error TEXT NOT NULL
    )
    """,
    # Newest first, and the spend of a day without touching the table.
    """
    CREATE INDEX exchanges_by_time ON exchanges
        (started_ms, seq, cost_usd, cost_basis, input_tokens, output_tokens)
    """,
    f"CREATE INDEX exchanges_by_session ON exchanges (session, started_ms) WHERE {WITH_SESSION}",
    f"CREATE INDEX exchanges_failed ON exchanges (started_ms, seq) WHERE {FAILED}",
    "CREATE INDEX exchanges_live ON exchanges (state) WHERE state IN ('waiting', 'streaming')",
    """
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY,
        codec INTEGER NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL
    )
    """,
)


async def limits_of_exchanges(db: aiosqlite.Connection) -> None:
    """Which limit held or refused an exchange; queued ones are live."""
    for statement in (
        "ALTER TABLE exchanges ADD COLUMN limited_by TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE exchanges ADD COLUMN queued_us INTEGER",
        "DROP INDEX exchanges_live",
        f"CREATE INDEX exchanges_live ON exchanges (state) WHERE {IS_LIVE}",
        f"CREATE INDEX exchanges_limited ON exchanges (started_ms, seq) WHERE {WAS_LIMITED}",
    ):
        await db.execute(statement)


async def revisions_and_counters(db: aiosqlite.Connection) -> None:
    """Versions of the config, and what limits have counted."""
    await db.execute(
        """
        CREATE TABLE revisions (
            number INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            who TEXT NOT NULL,
            etag TEXT NOT NULL,
            kind TEXT NOT NULL,
            of INTEGER,
            summary TEXT NOT NULL,
            codec INTEGER NOT NULL,
            text BLOB NOT NULL
        )
        """
    )
    await db.execute("CREATE TABLE counters (name TEXT PRIMARY KEY, data BLOB NOT NULL)")


async def spend_by_slot(db: aiosqlite.Connection) -> None:
    """What exchanges cost, filled from those that are kept."""
    await db.execute(rollup.CREATE)
    await db.execute(rollup.add_rows(f"NOT ({IS_LIVE})"))


async def replays_and_annotations(db: aiosqlite.Connection) -> None:
    """Which exchange is sent again by which; marks, tags and notes; the replays themselves.

    Their indexes are among ``LATER``.
    """
    for statement in (
        "ALTER TABLE exchanges ADD COLUMN parent TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE exchanges ADD COLUMN replay TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE exchanges ADD COLUMN marked INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE exchanges ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE exchanges ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE exchanges ADD COLUMN exported INTEGER NOT NULL DEFAULT 0",
        """
        CREATE TABLE replays (
            id TEXT PRIMARY KEY,
            created_ms INTEGER NOT NULL,
            data BLOB NOT NULL
        )
        """,
    ):
        await db.execute(statement)


async def targets_of_replays(db: aiosqlite.Connection) -> None:
    """Which of a replay's targets an exchange was sent to: what is done is known after a crash."""
    await db.execute("ALTER TABLE exchanges ADD COLUMN replay_target INTEGER")


async def shared_pieces(db: aiosqlite.Connection) -> None:
    """Pieces of bodies, and the generations they belong to (sharing.py)."""
    for statement in (
        """
        CREATE TABLE pieces (
            id INTEGER PRIMARY KEY,
            codec INTEGER NOT NULL,
            size INTEGER NOT NULL,
            data BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE generations (
            number INTEGER PRIMARY KEY,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            swept INTEGER NOT NULL
        )
        """,
    ):
        await db.execute(statement)


async def search_by_words(db: aiosqlite.Connection) -> None:
    """How far the index of words has come (indexing.py); the indexes themselves come with it."""
    for statement in (
        """
        CREATE TABLE word_indexes (
            number INTEGER PRIMARY KEY,
            first_seq INTEGER NOT NULL,
            docs INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        )
        """,
        "CREATE TABLE indexed (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL)",
        "INSERT INTO indexed VALUES (1, 0)",
        "CREATE TABLE index_later (seq INTEGER PRIMARY KEY)",
    ):
        await db.execute(statement)


async def blocks_of_names(db: aiosqlite.Connection) -> None:
    """Which names occur in which stretch of exchanges (blocks.py), filled in the background."""
    await db.execute(
        """
        CREATE TABLE blocks (
            number INTEGER PRIMARY KEY,
            first_ms INTEGER NOT NULL,
            last_ms INTEGER NOT NULL
        )
        """
    )
    await db.execute(
        """
        CREATE TABLE block_names (
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            block INTEGER NOT NULL,
            PRIMARY KEY (kind, name, block)
        ) WITHOUT ROWID
        """
    )


MIGRATIONS: tuple[Migration, ...] = (
    exchanges_and_parts,
    limits_of_exchanges,
    revisions_and_counters,
    spend_by_slot,
    replays_and_annotations,
    targets_of_replays,
    shared_pieces,
    search_by_words,
    blocks_of_names,
)


LATER: dict[str, str] = {
    "exchanges_replayed": f"(replay, seq) WHERE {IS_REPLAY}",
    "exchanges_again": f"(parent, seq) WHERE {IS_SENT_AGAIN}",
    "exchanges_annotated": f"(started_ms, seq) WHERE {IS_ANNOTATED}",
}
"""Indexes of ``exchanges`` that a large store is given while it is used already: making one reads
every row, a second and more for a million of them."""

_SMALL = 20_000  # rows


def names() -> list[str]:
    """The migrations this version knows, in order."""
    return [migration.__name__ for migration in MIGRATIONS]


async def migrate(db: aiosqlite.Connection) -> list[str]:
    """Brings the file up to date, one transaction per step; returns what it applied."""
    await db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    async with db.execute("SELECT name FROM migrations") as cursor:
        done = {str(row[0]) async for row in cursor}
    unknown = sorted(done - set(names()))
    if unknown:
        raise NewerStore(unknown[0])
    applied = [step for step in MIGRATIONS if step.__name__ not in done]
    for step in applied:
        await db.execute("BEGIN IMMEDIATE")
        await step(db)
        await db.execute("INSERT INTO migrations VALUES (?)", (step.__name__,))
        await db.commit()
    async with db.execute("SELECT max(seq) FROM exchanges") as cursor:
        row = await cursor.fetchone()
    while row and (row[0] or 0) < _SMALL and await make_index(db):
        pass
    return [step.__name__ for step in applied]


async def make_index(db: aiosqlite.Connection) -> int:
    """Makes one of ``LATER`` that is not there yet; 0 when there is none."""
    async with db.execute("SELECT name FROM sqlite_master WHERE type = 'index'") as cursor:
        there = {str(row[0]) async for row in cursor}
    for name, definition in LATER.items():
        if name not in there:
            await db.execute(f"CREATE INDEX {name} ON exchanges {definition}")
            await db.commit()
            return 1
    return 0
