"""The live feed over the control API (llmgate.wire.feed says what is on it)."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import HeaderParameter
from litestar.response import Stream

from llmgate.control.core import Core
from llmgate.control.refusal import REFUSALS

_NUMBER = re.compile(r"[0-9]{1,18}")


@get(
    "/events",
    summary="The live feed (SSE)",
    tags=["events"],
    media_type="text/event-stream",
    responses=REFUSALS,
)
async def stream_events(
    state: State,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> Stream:
    """A snapshot, or what was missed since ``Last-Event-ID``; then changes, heartbeats, at last
    ``bye``.
    """
    core: Core = state.core
    await core.refresh_spend()
    last = _NUMBER.fullmatch(last_event_id or "")
    return Stream(
        _feed(core, int(last[0]) if last else None),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def _feed(core: Core, last_seq: int | None) -> AsyncIterator[bytes]:
    async with core.hub.viewer(last_seq, core.newest) as viewer:
        async for event in viewer.events():
            yield event
