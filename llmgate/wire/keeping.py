"""What is kept: marks, tags and notes on exchanges, and how the store is doing on disk."""

from typing import Final

import msgspec

EDITED: Final = "edited"
"""The tag of an answer to a request that was edited before it was sent again."""


class Annotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``PATCH /exchanges/{id}`` and ``POST /exchanges/annotate``: what is to be said of exchanges.

    None leaves as it is. A tag is a word without commas and blanks (at most 40 characters, at most
    20 of them), a note has at most 2,000 characters; an empty note takes it away. ``exported``
    says that there is a recording of it (the caps spare it then), False that caps may have it.
    """

    ids: list[str] = []  # of POST; at most 1,000
    marked: bool | None = None
    exported: bool | None = None
    note: str | None = None
    add_tags: list[str] = []
    remove_tags: list[str] = []


class StoreStats(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``GET /store``: where the bytes are. ``raw`` is what bodies were before, ``stored`` what
    they take on disk; ``pieces`` are the parts of bodies that several exchanges may share.
    """

    file: str
    exchanges: int = 0
    kept: int = 0  # marked or exported: no cap removes them
    oldest_ms: int | None = None
    newest_ms: int | None = None
    size_bytes: int = 0  # pages in use, and the write-ahead log
    file_bytes: int = 0
    free_bytes: int = 0  # pages that hold nothing
    wal_bytes: int = 0
    raw_bytes: int = 0
    stored_bytes: int = 0
    pieces: int = 0
    piece_bytes: int = 0
    index_bytes: int = 0  # of the search by words
    not_indexed: int = 0  # exchanges that the search by words does not know: not yet, or no more
    keep_days: float = 0
    keep_mb: float = 0


class Cleaned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /store/gc`` and ``POST /store/vacuum``: what was done."""

    removed: int = 0  # exchanges over the caps
    pieces: int = 0  # that nothing refers to any more
    freed_bytes: int = 0
    size_bytes: int = 0
    file_bytes: int = 0
