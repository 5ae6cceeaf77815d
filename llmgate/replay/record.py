"""A replay as it is kept: enough to show it, and to go on with it after a restart."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from llmgate.replay.tally import Tally, ended
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplayRefusal, ReplayView


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``view`` is without the body of an edit, which stands in ``body``; ``sources`` are in the
    order of the rows. ``done`` counts what has ended by ``source:target``, also of exchanges that
    are no longer kept by now.
    """

    view: ReplayView
    sources: list[str] = []
    body: str = ""
    refused: list[ReplayRefusal] = []
    done: dict[str, int] = {}


def encode(record: Record) -> bytes:
    """As bytes for the store."""
    return msgspec.json.encode(record)


def decode(data: bytes) -> Record | None:
    """None for one that this version does not understand."""
    try:
        return msgspec.json.decode(data, type=Record)
    except msgspec.DecodeError:
        return None


def done_by(rows: Iterable[ExchangeSummary], before: dict[str, int]) -> dict[str, int]:
    """How many have ended, by source and target."""
    counts = Counter(f"{row.parent}:{row.replay_target or 0}" for row in rows if ended(row))
    return {key: max(counts[key], before.get(key, 0)) for key in {*counts, *before}}


def counted(view: ReplayView, tally: Tally) -> ReplayView:
    """The view with these numbers."""
    return msgspec.structs.replace(
        view,
        done=tally.done,
        failed=tally.failed,
        spent_usd=tally.usd,
        spent_basis=tally.basis,
        unpriced=tally.unpriced,
    )
