"""The targets of a route over the control API: add, change, remove, reorder."""

from typing import Any

from litestar import Response, delete, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.core import Core
from llmgate.control.editing import AUTHOR, EDITS, Author, edit, read
from llmgate.control.written import merged
from llmgate.wire.editing import Edit, Insert, Move, Path, Remove, Verdict
from llmgate.wire.forms import NewPlace, NewTarget

_EDIT: Any = {"status_code": 200, "responses": EDITS, "dependencies": AUTHOR}


@post("/{name:str}/targets", summary="Add a target", responses=EDITS, dependencies=AUTHOR)
async def add_target(
    state: State, name: FromPath[str], data: JSONBody[NewTarget], by: NamedDependency[Author]
) -> Response[Verdict]:
    """`settings` are provider, weight and model; `index` is its place, the end without it."""
    path, count = _targets(state.core, name)
    index = count if data.index is None else data.index
    edits: list[Edit] = [Insert(path, index, data.settings)]
    return await edit(state.core, by, edits, f"target of route {name[:60]} added", status=201)


@patch("/{name:str}/targets/{index:int}", summary="Change a target", **_EDIT)
async def patch_target(
    state: State,
    name: FromPath[str],
    index: FromPath[int],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """A JSON merge patch: `{"weight": 70}`, null removes a field."""
    core: Core = state.core
    path = _target(core, name, index)
    edits = merged(path, data, await read(core, path))
    return await edit(core, by, edits, f"target {index} of route {name[:60]} changed")


@delete("/{name:str}/targets/{index:int}", summary="Remove a target", **_EDIT)
async def remove_target(
    state: State, name: FromPath[str], index: FromPath[int], by: NamedDependency[Author]
) -> Response[Verdict]:
    """The last one of a route cannot go: remove or disable the route."""
    path = _target(state.core, name, index)
    note = f"target {index} of route {name[:60]} removed"
    return await edit(state.core, by, [Remove(path)], note)


@post("/{name:str}/targets/{index:int}/move", summary="Move a target", **_EDIT)
async def move_target(
    state: State,
    name: FromPath[str],
    index: FromPath[int],
    data: JSONBody[NewPlace],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """The order is what `strategy: priority` goes by."""
    path = _target(state.core, name, index)
    note = f"target {index} of route {name[:60]} moved"
    return await edit(state.core, by, [Move(path, data.to)], note)


def _targets(core: Core, name: str) -> tuple[Path, int]:
    """Where a route's targets are and how many there are. Raises 404."""
    route = core.snapshot.config.routes.get(name)
    if route is None:
        raise NotFoundException(f"no route is called '{name[:60]}'")
    return ["routes", name, "targets"], len(route.targets)


def _target(core: Core, name: str, index: int) -> Path:
    path, count = _targets(core, name)
    if not 0 <= index < count:
        raise NotFoundException(f"route '{name[:60]}' has no target {index}: they count from 0")
    return [*path, index]


TARGETS = [add_target, patch_target, remove_target, move_target]
