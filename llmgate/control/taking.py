"""Puts imported recordings into the store: a few at a time, so that serving goes on beside it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from llmgate.control.core import Core, now_ms
from llmgate.exchange import Exchange
from llmgate.prices.price import cost
from llmgate.recording.importing.found import Found, Items, condensed, size_of
from llmgate.recording.recording import Recording
from llmgate.store.annotations import annotate, is_tag
from llmgate.store.imported import TAG, exchange_of, known_ids
from llmgate.store.problems import StoreProblem
from llmgate.wire.keeping import Annotation
from llmgate.wire.recordings import ImportAnswer, Skipped

_AT_ONCE: Final = 50
_BYTES: Final = 2 << 20
_TOLD: Final = 500
_LONGEST_NOTE: Final = 300
_MOST_TAGS: Final = 10
_TRIES: Final = 5

_Made = dict[str, tuple[Exchange, Recording]]


class _Taken(msgspec.Struct):
    """What was done so far."""

    ids: dict[str, None] = {}
    known: dict[str, None] = {}
    skipped: list[Skipped] = []
    told: int = 0


async def take_in(core: Core, items: Items) -> ImportAnswer:
    """Writes every recording that is not there yet; raises ``NotImported`` and ``StoreProblem``."""
    taken = _Taken()
    while batch := await asyncio.to_thread(_next, items):
        taken.skipped += [item for item in batch if isinstance(item, Skipped)]
        recordings = [item for item in batch if isinstance(item, Recording)]
        if recordings:
            await _take(core, recordings, taken)
    return ImportAnswer(
        ids=list(taken.ids),
        known=len(taken.known),
        already=list(taken.known),
        skipped=condensed(iter(taken.skipped)),
    )


def _next(items: Iterator[Found]) -> list[Found]:
    """A few items; reading is work for a thread."""
    batch: list[Found] = []
    size = 0
    for item in items:
        batch.append(item)
        size += size_of(item) if isinstance(item, Recording) else 0
        if len(batch) >= _AT_ONCE or size >= _BYTES:
            break
    return batch


async def _take(core: Core, recordings: Sequence[Recording], taken: _Taken) -> None:
    made = await asyncio.to_thread(_made, recordings, now_ms())
    known = await known_ids(core.store, [key for key in made if key not in taken.ids])
    taken.known.update(dict.fromkeys(key for key in made if key in known))
    new = {key: pair for key, pair in made.items() if key not in known and key not in taken.ids}
    for exchange, _ in new.values():
        _price(core, exchange)
    for _ in range(_TRIES):
        new = await _keep(core, new, taken)
        if not new:
            return
    why = "it could not be kept: the store is over its caps"
    taken.skipped += [
        Skipped(what=recording.name or recording.title, why=why) for _, recording in new.values()
    ]


async def _keep(core: Core, new: _Made, taken: _Taken) -> _Made:
    """Writes and notes them. Gives back those that the caps took away in between, for another go:
    an old exchange is safe from them once it counts as exported.
    """
    for exchange, _ in new.values():
        core.store.ended(exchange)
    if not await core.store.flush():
        raise StoreProblem(core.store.status().problem or "the store cannot be written")
    kept = await _mark(core, {key: of for key, (_, of) in new.items()}, taken)
    taken.ids.update(dict.fromkeys(key for key in new if key in kept))
    return {key: pair for key, pair in new.items() if key not in kept}


def _made(recordings: Sequence[Recording], now: int) -> _Made:
    """The exchanges by id; hashing them is work for a thread."""
    return {one.id: (one, of) for of in recordings for one in (exchange_of(of, now),)}


def _price(core: Core, exchange: Exchange) -> None:
    """What it would have cost at the provider whose protocol it is in."""
    anthropic = exchange.protocol.startswith("anthropic")
    priced = cost(
        exchange.usage,
        usage_basis=exchange.usage_basis,
        provider_kind="anthropic" if anthropic else "openai",
        base_url="",
        model=exchange.served or exchange.model,
        prices=core.snapshot.config.prices,
        at_ms=exchange.started_ms,
    )
    exchange.cost_usd = priced.usd
    exchange.cost_basis = "unknown" if priced.usd is None else "estimated"
    exchange.price_source = priced.source


async def _mark(core: Core, new: dict[str, Recording], taken: _Taken) -> set[str]:
    """Notes that they are recordings, so that they stay however old they are; says which are
    there.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for key, recording in new.items():
        groups[core.scrub_text(recording.note[:_LONGEST_NOTE]), _tags(recording)].append(key)
    kept: set[str] = set()
    for (note, tags), ids in groups.items():
        said = Annotation(exported=True, note=note or None, add_tags=[TAG, *tags])
        rows = await annotate(core.store, ids, said)
        kept.update(row.id for row in rows)
        if taken.told < _TOLD:
            taken.told += len(rows)
            core.hub.changed(rows)
    return kept


def _tags(recording: Recording) -> tuple[str, ...]:
    """The recording's own tags, as far as the store takes them."""
    return tuple(tag for tag in recording.tags if is_tag(tag))[:_MOST_TAGS]
