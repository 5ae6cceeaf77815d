"""Replays over the control API: estimate, start, follow, stop, resume, forget; their matrix."""

from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody, QueryParameter

from llmgate.control.core import Core
from llmgate.control.refusal import STORED, refusal
from llmgate.replay.problems import BadReplay
from llmgate.wire.replays import Matrix, ReplayEstimate, ReplaySpec, ReplayView

_LARGEST = 64_000_000  # a request body stands in it
STARTS = {**STORED, 409: refusal("As many replays as may run are running"), 413: refusal("Too big")}
CHANGES = {**STORED, 409: refusal("The replay is in a state in which this cannot be done")}


class ReplayForm(ReplaySpec, frozen=True, kw_only=True, omit_defaults=True):
    """The spec as it is read from a body."""

    set: dict[str, Any] = msgspec.field(default_factory=dict)  # decoded before we get it


def _spec(form: ReplayForm) -> ReplaySpec:
    given = {name: getattr(form, name) for name in ReplaySpec.__struct_fields__}
    given["set"] = {k: msgspec.Raw(msgspec.json.encode(v)) for k, v in form.set.items()}
    return ReplaySpec(**given)


@post(
    "/estimate",
    summary="What a replay would send and cost; nothing is sent",
    status_code=200,
    request_max_body_size=_LARGEST,
    responses=STARTS,
)
async def estimate_replay(state: State, data: JSONBody[ReplayForm]) -> ReplayEstimate:
    """Also which exchanges a target cannot take, and why. Tokens are as they were reported for a
    model of the same family, else estimated; answers are taken to be as long as the recorded ones.
    """
    core: Core = state.core
    return await core.replays.estimate(_spec(data))


@post(
    "/",
    summary="Send recorded requests again",
    status_code=200,
    request_max_body_size=_LARGEST,
    responses=STARTS,
)
async def start_replay(state: State, data: JSONBody[ReplayForm]) -> ReplayView:
    """Each request is sent as it was recorded, and its answer is kept as an exchange whose `parent`
    is the one sent again. Tools are never executed. With `limit_usd` nothing is begun that would
    go over it by its estimate; requests without a known price are refused then.
    """
    core: Core = state.core
    return await core.replays.start(_spec(data))


@get("/", summary="Replays, newest first", responses=STORED)
async def list_replays(state: State) -> list[ReplayView]:
    """The newest 200, without what was refused one by one."""
    core: Core = state.core
    return await core.replays.views()


@get("/{replay_id:str}", summary="One replay and how far it is", responses=STORED)
async def get_replay(state: State, replay_id: FromPath[str]) -> ReplayView:
    """The id, or a beginning of it that no other replay has."""
    core: Core = state.core
    return await core.replays.get(replay_id)


@get("/{replay_id:str}/matrix", summary="What came of each request at each place", responses=STORED)
async def get_matrix(state: State, replay_id: FromPath[str]) -> Matrix:
    """The first column is the original; while the replay runs, cells are filled as answers end."""
    core: Core = state.core
    return await core.replays.matrix(replay_id)


@post("/{replay_id:str}/stop", summary="Begin nothing more", status_code=200, responses=CHANGES)
async def stop_replay(state: State, replay_id: FromPath[str]) -> ReplayView:
    """What is under way ends by itself; asked a second time it is cancelled."""
    core: Core = state.core
    return await core.replays.stop(replay_id)


@post(
    "/{replay_id:str}/resume",
    summary="Send what has not been answered yet",
    status_code=200,
    responses=CHANGES,
)
async def resume_replay(
    state: State,
    replay_id: FromPath[str],
    limit_usd: Annotated[float | None, QueryParameter(ge=0, le=1_000_000)] = None,
) -> ReplayView:
    """What has ended, well or badly, is not sent again. `limit_usd` replaces the limit, for all
    that the replay has spent and will spend.
    """
    core: Core = state.core
    return await core.replays.resume(replay_id, limit_usd)


@delete("/{replay_id:str}", summary="Forget a replay", status_code=200, responses=STORED)
async def delete_replay(state: State, replay_id: FromPath[str]) -> ReplayView:
    """One that runs is ended; the exchanges that came of it stay."""
    core: Core = state.core
    return await core.replays.delete(replay_id)


@post(
    "/{exchange_id:str}/replay",
    summary="Send one exchange again",
    status_code=200,
    request_max_body_size=_LARGEST,
    responses=STARTS,
)
async def replay_exchange(
    state: State, exchange_id: FromPath[str], data: JSONBody[ReplayForm]
) -> ReplayView:
    """A replay of this exchange alone: `ids` and `filter` stay empty. Edit and resend is `body`, or
    `set` for some fields of it.
    """
    core: Core = state.core
    if data.ids or data.filter:
        raise BadReplay("the path names the exchange: leave `ids` and `filter` out")
    return await core.replays.start(msgspec.structs.replace(_spec(data), ids=[exchange_id]))


replays_router = Router(
    "/replays",
    route_handlers=[
        estimate_replay,
        start_replay,
        list_replays,
        get_replay,
        get_matrix,
        stop_replay,
        resume_replay,
        delete_replay,
    ],
    tags=["replays"],
)
