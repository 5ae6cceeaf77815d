"""The caps of the store, and how the size cap is divided between the file and its log."""

import msgspec

_WAL_LIMIT = 16 << 20
_BATCH_LIMIT = 32 << 20
_DAY_MS = 86_400_000
_SLACK = 0.05  # a full store is brought a little below its cap, so that not every row trims
_PAGE = 4096
_INDEX_SHARE = 8  # exchanges are what the store is for: their words take one part in so many
_INDEX_TABLES = 8


class Caps(msgspec.Struct, frozen=True):
    """What may be kept; 0 or less means without limit."""

    keep_days: float
    keep_mb: float

    @property
    def keep_bytes(self) -> float:
        """The size cap in bytes."""
        return self.keep_mb * 1_000_000

    @property
    def wal_bytes(self) -> float:
        """The part of it that the write-ahead log may take."""
        return min(_WAL_LIMIT, self.keep_bytes / 8) if self.keep_bytes > 0 else _WAL_LIMIT

    @property
    def wal_pages(self) -> int:
        """Pages in the log from which on SQLite moves them into the file by itself."""
        return max(16, min(1000, int(self.wal_bytes / 2 / _PAGE)))

    @property
    def most_used(self) -> float:
        """What is left of the cap for the file itself; endless without a cap."""
        return self.keep_bytes - self.wal_bytes if self.keep_bytes > 0 else float("inf")

    @property
    def wanted(self) -> float:
        """What a store that was too large is brought down to."""
        return self.most_used * (1 - _SLACK)

    @property
    def index_bytes(self) -> float:
        """The most that the index of words takes; beyond it, it forgets the oldest words."""
        return self.keep_bytes / _INDEX_SHARE if self.keep_bytes > 0 else float("inf")

    @property
    def index_table_bytes(self) -> float:
        """From here on another table of the index is begun: small ones are dropped one by one."""
        return self.index_bytes / _INDEX_TABLES

    @property
    def batch_bytes(self) -> int:
        """The most that is written in one go, unless one exchange alone is more."""
        if self.keep_bytes <= 0:
            return _BATCH_LIMIT
        return int(min(_BATCH_LIMIT, max(64 << 10, self.keep_bytes / 32)))

    @property
    def largest(self) -> float:
        """One exchange with more than this is kept without its bodies."""
        return self.wal_bytes if self.keep_mb > 0 else float("inf")

    def oldest_ms(self, now_ms: int) -> int | None:
        """What began before this is too old; None when nothing is."""
        return now_ms - int(self.keep_days * _DAY_MS) if self.keep_days > 0 else None
