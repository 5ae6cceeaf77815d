"""What a reader of somebody's file gives, and how much of it is taken at most.

Readers are generators: an import of a long session log is many requests that repeat each other, and
nobody needs them all in memory at once.
"""

from collections.abc import Iterator
from typing import Final

from llmgate.errors import LlmgateError
from llmgate.recording.recording import Recording
from llmgate.wire.recordings import Skipped

MAX_BYTES: Final = 128 << 20
"""Of a file that is imported."""

MAX_RECORDINGS: Final = 10_000
MAX_BODIES: Final = 2 << 30
"""Of all requests and answers together; those of a session log grow with every turn."""

MAX_ANSWER: Final = 64 << 20
MAX_LINE: Final = 64 << 20
MAX_SKIPPED: Final = 100
"""Named one by one; the rest is counted."""

Found = Recording | Skipped
Items = Iterator[Found]


class NotImported(LlmgateError):
    """A file of which nothing can be taken; the message names it and says what to do."""


def skipped(what: str, why: str) -> Skipped:
    """Something that was left out, bounded."""
    return Skipped(what=what[:300], why=why[:500])


def foreign(what: str, why: str) -> Skipped:
    """Something that was meant for no model."""
    return Skipped(what=what[:300], why=why[:500], foreign=True)


def size_of(recording: Recording) -> int:
    """The bytes of its request and its answer."""
    return len(recording.body) + sum(map(len, recording.chunks))


def bounded(items: Items, name: str) -> Items:
    """The same, up to as many and as much as one import takes."""
    count, total = 0, 0
    for item in items:
        if isinstance(item, Recording):
            count, total = count + 1, total + size_of(item)
            if count > MAX_RECORDINGS or total > MAX_BODIES:
                limit = f"{MAX_RECORDINGS} requests or {MAX_BODIES >> 20} MB of bodies"
                yield skipped(name, f"the rest is over the limit of {limit}: split the file")
                return
        yield item


def condensed(left_out: Iterator[Skipped]) -> list[Skipped]:
    """What was left out, with equal reasons counted after the first few."""
    named: list[Skipped] = []
    more: dict[tuple[str, bool], int] = {}
    seen: dict[tuple[str, bool], int] = {}
    for item in left_out:
        kind = (item.why, item.foreign)
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= 5 and len(named) < MAX_SKIPPED:
            named.append(item)
        elif kind in more or len(more) < MAX_SKIPPED:
            more[kind] = more.get(kind, 0) + 1
    return named + [
        Skipped(what=f"{count} more", why=why, foreign=is_foreign)
        for (why, is_foreign), count in more.items()
    ]
