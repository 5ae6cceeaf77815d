"""The live feed over the control API (llmgate.wire.feed says what is on it)."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import HeaderParameter
from litestar.response import Stream

from llmgate.control.core import Core
from llmgate.control.refusal import REFUSALS


@get("/events", summary="The live feed (SSE)", tags=["events"], responses=REFUSALS)
async def stream_events(
    state: State,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> Stream:
    """A snapshot, or what was missed since ``Last-Event-ID``; then changes, heartbeats, at last
    ``bye``.
    """
    core: Core = state.core
    await core.refresh_spend()
    last = int(last_event_id) if last_event_id and last_event_id.isdigit() else None
    return Stream(
        _feed(core, last),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


async def _feed(core: Core, last_seq: int | None) -> AsyncIterator[bytes]:
    async with core.hub.viewer(last_seq, core.newest) as viewer:
        async for event in viewer.events():
            yield event
