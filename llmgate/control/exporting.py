"""Reads exchanges from the store and makes recordings of them: for the control API and commands."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from llmgate.config.sealing import secrets_of
from llmgate.config.snapshot import Snapshot
from llmgate.errors import LlmgateError
from llmgate.recording.exporting.document import Document, NotExportable, document
from llmgate.recording.promote import Kept, NotPromotable, Wish, promote
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.store.queries import Queries
from llmgate.wire.recordings import ExportFormat, Skipped

MOST: Final = 1_000
"""Exchanges in one document."""

MOST_BYTES: Final = 256 << 20
"""Of bodies in one document."""


class NoSuchExchange(LlmgateError):
    """There is no exchange of that id."""


class Exported(msgspec.Struct, frozen=True):
    """A document, and the exchanges that are in it."""

    document: Document
    ids: list[str]


def rules_of(snapshot: Snapshot, redact: Iterable[str] = ()) -> Rules:
    """What must not get out: the config's secrets and patterns, ``redact`` (patterns, too), and
    the known shapes.
    """
    return Rules(secrets_of(snapshot), [*snapshot.config.recording.redact, *redact])


async def kept(queries: Queries, exchange_id: str) -> Kept:
    """All there is of one exchange; raises ``NoSuchExchange``."""
    detail = await queries.detail(exchange_id)
    if detail is None:
        raise NoSuchExchange(
            f"no exchange has the id '{exchange_id[:40]}', or several begin with it"
        )
    row = detail.summary.id
    request = await queries.body(row, "request")
    chunks, at_us = await queries.chunk_bytes(row)
    return Kept(detail=detail, request=request or b"", chunks=chunks, at_us=at_us)


async def recorded(
    queries: Queries, exchange_id: str, rules: Rules, wish: Wish
) -> tuple[str, Recording]:
    """The recording of one exchange, and its whole id; made beside the event loop."""
    found = await kept(queries, exchange_id)
    recording = await asyncio.to_thread(promote, found, rules, wish)
    return found.detail.summary.id, recording


async def export(
    queries: Queries, ids: Sequence[str], wanted: ExportFormat, rules: Rules, wish: Wish
) -> Exported:
    """Exchanges as one document; those of which none can be made are left out, each with why.

    Raises ``NoSuchExchange``, and ``NotExportable`` when nothing is left.
    """
    if len(ids) > MOST:
        raise NotExportable(f"{len(ids)} exchanges are too many for one document: at most {MOST}")
    recordings: list[Recording] = []
    done: list[str] = []
    skipped: list[Skipped] = []
    size = 0
    for exchange_id in dict.fromkeys(ids):
        try:
            name, recording = await recorded(queries, exchange_id, rules, wish)
        except NotPromotable as problem:
            skipped.append(Skipped(what=exchange_id, why=str(problem)))
            continue
        size += len(recording.body) + sum(map(len, recording.chunks))
        if size > MOST_BYTES:
            raise NotExportable(
                f"their bodies are over {MOST_BYTES >> 20} MB: export fewer at once"
            )
        recordings.append(recording)
        done.append(name)
    if not recordings and skipped:
        raise NotExportable(skipped[0].why)
    made = await asyncio.to_thread(document, recordings, wanted)
    return Exported(msgspec.structs.replace(made, skipped=[*skipped, *made.skipped]), done)
