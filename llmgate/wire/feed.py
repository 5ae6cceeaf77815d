"""The live feed, ``GET /admin/v1/events``: server-sent events with JSON data.

The SSE ``id`` is ``seq``. A connection begins with ``snapshot`` (or, with ``Last-Event-ID`` still
held, with the missed ``changes``), then ``changes`` at most ten times a second, ``gap`` when this
viewer was too slow, ``heartbeat`` every two seconds, and ``bye`` when the gateway leaves on
purpose: any other end is a lost connection. The SSE event name equals the tag ``k``.
"""

from typing import Literal

import msgspec

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import ProviderView, Status

Level = Literal["info", "warning", "error"]


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to the gateway itself: reloads, health changes, limit hits, drops."""

    at_ms: int
    level: Level
    kind: str  # reload, health, limit, budget, drop, store, client, edit, replay
    text: str
    exchange: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot", tag_field="k"):
    """Where things stand: the newest exchanges (newest last), status, providers, recent notices."""

    seq: int
    status: Status
    exchanges: list[ExchangeSummary]
    providers: list[ProviderView]
    notices: list[Notice]


class Changes(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="changes", tag_field="k"
):
    """What changed since ``seq - 1``: whole summaries (insert or replace by id), news, status."""

    seq: int
    exchanges: list[ExchangeSummary] = []
    notices: list[Notice] = []
    status: Status | None = None
    providers: list[ProviderView] = []


class Gap(msgspec.Struct, frozen=True, kw_only=True, tag="gap", tag_field="k"):
    """This viewer missed ``first..last``; read the list again from the query API."""

    first: int
    last: int


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat", tag_field="k"):
    """Alive; ``status`` keeps the header right while nothing happens."""

    seq: int
    status: Status


class Bye(msgspec.Struct, frozen=True, kw_only=True, tag="bye", tag_field="k"):
    """The gateway closes this feed on purpose."""

    reason: str


FeedEvent = Snapshot | Changes | Gap | Heartbeat | Bye
