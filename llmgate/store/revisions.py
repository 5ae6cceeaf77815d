"""The accepted versions of the config: their texts, packed, the newest 1,000 of them.

Texts come here without secrets. When one more is kept than that, the oldest goes.
"""

from typing import Any, Final

import msgspec

from llmgate.store.codec import Packer, unpack
from llmgate.store.connection import open_reader
from llmgate.store.writer import Store
from llmgate.wire.editing import Revision

MOST: Final = 1_000

_COLUMNS: Final = "number, at_ms, who, etag, kind, of, summary"
_KEEP: Final = (
    f"INSERT OR REPLACE INTO revisions ({_COLUMNS}, codec, text)"  # noqa: S608 - constants
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_TRIM: Final = "DELETE FROM revisions WHERE number <= ?"
_LIST: Final = f"SELECT {_COLUMNS} FROM revisions ORDER BY number DESC LIMIT ?"  # noqa: S608 - constants
_TEXT: Final = "SELECT codec, text FROM revisions WHERE number = ? AND etag = ?"
_TEXT_BY_ETAG: Final = (
    "SELECT codec, text FROM revisions WHERE etag = ? ORDER BY number DESC LIMIT 1"
)


class Revisions:
    """Keeps and finds revisions in the store's file; errors are SQLite's and ``StoreProblem``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._packer = Packer()

    async def keep(self, revision: Revision, text: str) -> None:
        """Writes a revision and its sealed text; the same number again takes its place."""
        codec, _, data = self._packer.pack(text.encode("utf-8", "surrogatepass"))
        values = (
            revision.number,
            revision.at_ms,
            revision.who,
            revision.etag,
            revision.kind,
            revision.of,
            revision.summary,
            codec,
            data,
        )
        await self._store.write(_KEEP, values)
        await self._store.write(_TRIM, (revision.number - MOST,))

    async def newest(self, limit: int = MOST) -> list[Revision]:
        """The newest revisions, newest first."""
        rows = await self._rows(_LIST, (max(1, min(limit, MOST)),))
        names = [name.strip() for name in _COLUMNS.split(",")]
        return [
            msgspec.convert(dict(zip(names, row, strict=True)), Revision, strict=False)
            for row in rows
        ]

    async def text(self, number: int, etag: str) -> str | None:
        """The sealed text of a revision, None when it is not kept."""
        return await self._text(_TEXT, (number, etag))

    async def text_by_etag(self, etag: str) -> str | None:
        """The sealed text of the newest revision with this ETag."""
        return await self._text(_TEXT_BY_ETAG, (etag,))

    async def _text(self, query: str, values: tuple[Any, ...]) -> str | None:
        rows = await self._rows(query, values)
        if not rows:
            return None
        codec, data = rows[0]
        return unpack(codec, data).decode("utf-8", "surrogatepass")

    async def _rows(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        """Asked seldom: a connection of its own, closed again."""
        db = await open_reader(self._store.path)
        try:
            async with db.execute(query, values) as cursor:
                return list(await cursor.fetchall())
        finally:
            await db.close()
