"""The store over the control API: where the bytes are, cleaning up, giving space back."""

from litestar import Router, get, post
from litestar.datastructures import State

from llmgate.control.core import Core
from llmgate.control.refusal import STORED
from llmgate.store import upkeep
from llmgate.wire.keeping import Cleaned, StoreStats


@get("/", summary="Where the bytes of the store are", responses=STORED)
async def get_store(state: State) -> StoreStats:
    """Reads all of the store, so it takes a moment for a large one."""
    core: Core = state.core
    recording = core.snapshot.config.recording
    return await upkeep.stats(core.store.path, recording.keep_days, recording.keep_mb)


@post(
    "/gc",
    summary="Remove what is over the caps, and pieces nobody needs",
    status_code=200,
    responses=STORED,
)
async def collect_store(state: State) -> Cleaned:
    """Goes through the store in small steps while recording goes on."""
    core: Core = state.core
    return await upkeep.collect(core.store)


@post("/vacuum", summary="Give free pages back to the disk", status_code=200, responses=STORED)
async def vacuum_store(state: State) -> Cleaned:
    """In small steps while recording goes on; needs no room on the disk."""
    core: Core = state.core
    return await upkeep.vacuum(core.store)


store_router = Router("/store", route_handlers=[get_store, collect_store, vacuum_store])
