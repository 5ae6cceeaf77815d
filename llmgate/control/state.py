"""The gateway's own state over the control API: the header line of the terminal."""

from litestar import get
from litestar.datastructures import State

from llmgate.control.core import Core
from llmgate.control.refusal import REFUSALS
from llmgate.wire.gateway import Status


@get("/status", summary="Everything a glance should tell", tags=["gateway"], responses=REFUSALS)
async def get_status(state: State) -> Status:
    """The header line of the terminal."""
    core: Core = state.core
    await core.store.flush()
    await core.refresh_spend(fresh=True)
    return core.status()
