"""Limits over the control API: what is used of them, forms that edit them, counting anew.

A model's limits stand under ``limits:`` in the file, by a name that may be a glob or a /regex/; in
a path it is percent-encoded (``%2F`` for a slash).
"""

from time import time
from typing import Any

from litestar import Response, Router, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.core import Core
from llmgate.control.editing import AUTHOR, EDITS, ETAG, Author, edit, read, tagged
from llmgate.control.refusal import REFUSALS
from llmgate.control.written import merged
from llmgate.wire.editing import Path, Remove, Set, Verdict
from llmgate.wire.limits import LimitsView, Scope

_EDIT: Any = {"status_code": 200, "responses": EDITS, "dependencies": AUTHOR}
_SECTIONS = {"key": "keys", "provider": "providers"}


@get("/", summary="Every limit and what is used of it", responses=REFUSALS)
async def get_limits(state: State) -> Response[list[LimitsView]]:
    """Of keys, providers and models that have limits, in the order of the file."""
    core: Core = state.core
    return tagged(core, core.limits())


@get("/{of:str}/{name:str}", summary="The limits of one holder", responses=REFUSALS)
async def get_limits_of(
    state: State, of: FromPath[Scope], name: FromPath[str]
) -> Response[LimitsView]:
    """Of a key, a provider or a model (the name or pattern in the file)."""
    core: Core = state.core
    return tagged(core, _view(core, of, name))


@put("/{of:str}/{name:str}", summary="Set the limits of one holder", **_EDIT)
async def replace_limits(
    state: State,
    of: FromPath[Scope],
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """All of them at once: what is not given is no limit. A model that has none gets some."""
    core: Core = state.core
    return await edit(core, by, [Set(_path(core, of, name), data)], f"limits of {name[:60]} set")


@patch("/{of:str}/{name:str}", summary="Change the limits of one holder", **_EDIT)
async def patch_limits(
    state: State,
    of: FromPath[Scope],
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """A JSON merge patch: null takes a limit away, what is not given stays."""
    core: Core = state.core
    path = _path(core, of, name)
    edits = merged(path, data, await read(core, path))
    return await edit(core, by, edits, f"limits of {name[:60]} changed")


@delete("/{of:str}/{name:str}", summary="Remove the limits of one holder", **_EDIT)
async def remove_limits(
    state: State, of: FromPath[Scope], name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """What was counted is forgotten with them."""
    core: Core = state.core
    path = _path(core, of, name)
    if await read(core, path) is None:
        raise _unlimited(of, name)
    return await edit(core, by, [Remove(path)], f"limits of {name[:60]} removed")


@post(
    "/{of:str}/{name:str}/reset",
    summary="Count from nothing again",
    status_code=200,
    responses=REFUSALS,
)
async def reset_limits(
    state: State, of: FromPath[Scope], name: FromPath[str]
) -> Response[LimitsView]:
    """Windows and budgets are empty; what is in flight still counts."""
    core: Core = state.core
    _view(core, of, name)
    core.gateway.running.access.reset(of, name, time())
    return tagged(core, _view(core, of, name))


def _path(core: Core, of: Scope, name: str) -> Path:
    """Where the limits are in the file. Raises 404 for a key or provider nobody has."""
    if of == "model":
        return ["limits", name]
    section = _SECTIONS[of]
    if name not in getattr(core.snapshot.config, section):
        raise NotFoundException(f"no {of} is called '{name[:60]}'")
    return [section, name, "limits"]


def _view(core: Core, of: Scope, name: str) -> LimitsView:
    view = core.gateway.running.access.limits_of(of, name, time())
    if view is None:
        raise _unlimited(of, name)
    return view


def _unlimited(of: Scope, name: str) -> NotFoundException:
    return NotFoundException(f"{of} '{name[:60]}' has no limits")


limits_router = Router(
    "/limits",
    route_handlers=[
        get_limits,
        get_limits_of,
        replace_limits,
        patch_limits,
        remove_limits,
        reset_limits,
    ],
    tags=["limits"],
    response_headers=ETAG,
)
