"""Routes over the control API: what they do, forms that edit them and their place, dry runs."""

from typing import Any

from litestar import Response, Router, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.asking import answer_of
from llmgate.control.core import Core
from llmgate.control.editing import AUTHOR, EDITS, ETAG, Author, tagged
from llmgate.control.form import Form
from llmgate.control.refusal import REFUSALS
from llmgate.control.targets import TARGETS
from llmgate.wire.editing import RouteAnswer, RouteQuestion, Verdict
from llmgate.wire.forms import NewEntry, NewName, NewPlace
from llmgate.wire.gateway import RouteView

_FORM = Form("routes", "route")
_EDIT: Any = {"status_code": 200, "responses": EDITS, "dependencies": AUTHOR}


@get("/", summary="Routes in the order they are tried", responses=REFUSALS)
async def get_routes(state: State) -> Response[list[RouteView]]:
    """With the configured share of each target, and the observed one of the last five minutes.
    Disabled routes are in it too.
    """
    core: Core = state.core
    return tagged(core, core.routes())


@get("/{name:str}", summary="One route", responses=REFUSALS)
async def get_route(state: State, name: FromPath[str]) -> Response[RouteView]:
    """By its name in the config."""
    core: Core = state.core
    view = next((view for view in core.routes() if view.name == name), None)
    if view is None:
        raise NotFoundException(f"no route is called '{name[:60]}'")
    return tagged(core, view)


@post("/explain", summary="Where would this go?", status_code=200, responses=REFUSALS)
async def explain_route(state: State, data: JSONBody[RouteQuestion]) -> RouteAnswer:
    """The route, its targets in the order they would be tried, and why; nothing is sent and no
    wheel turns. With `edits`: as if they were applied, with each target's share before and after.
    """
    return await answer_of(state.core, data)


@post("/", summary="Add a route", responses=EDITS, dependencies=AUTHOR)
async def add_route(
    state: State, data: JSONBody[NewEntry], by: NamedDependency[Author]
) -> Response[Verdict]:
    """The first route that matches wins: `index` is its place, the end without it."""
    return await _FORM.add(state.core, by, data.name, data.settings, data.index)


@put("/{name:str}", summary="Replace a route's settings", **_EDIT)
async def replace_route(
    state: State,
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """What is not given is what it is by default; its place stays."""
    return await _FORM.replace(state.core, by, name, data)


@patch("/{name:str}", summary="Change a route's settings", **_EDIT)
async def patch_route(
    state: State,
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """A JSON merge patch: null removes a field, lists are replaced whole, the rest stays."""
    return await _FORM.merge(state.core, by, name, data)


@delete("/{name:str}", summary="Remove a route", **_EDIT)
async def remove_route(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Requests it took go to the next route that matches."""
    return await _FORM.remove(state.core, by, name)


@post("/{name:str}/enable", summary="Enable a route", **_EDIT)
async def enable_route(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: true`; one that is enabled stays as it is."""
    return await _FORM.switch(state.core, by, name, enabled=True)


@post("/{name:str}/disable", summary="Disable a route", **_EDIT)
async def disable_route(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: false`: it is passed over."""
    return await _FORM.switch(state.core, by, name, enabled=False)


@post("/{name:str}/rename", summary="Rename a route", **_EDIT)
async def rename_route(
    state: State, name: FromPath[str], data: JSONBody[NewName], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Its place and settings stay; what it has counted begins anew."""
    return await _FORM.rename(state.core, by, name, data.to, [])


@post("/{name:str}/move", summary="Move a route to another place", **_EDIT)
async def move_route(
    state: State, name: FromPath[str], data: JSONBody[NewPlace], by: NamedDependency[Author]
) -> Response[Verdict]:
    """The first route that matches wins."""
    return await _FORM.move(state.core, by, name, data.to)


routes_router = Router(
    "/routes",
    route_handlers=[
        get_routes,
        get_route,
        explain_route,
        add_route,
        replace_route,
        patch_route,
        remove_route,
        enable_route,
        disable_route,
        rename_route,
        move_route,
        *TARGETS,
    ],
    tags=["routes"],
    response_headers=ETAG,
)
