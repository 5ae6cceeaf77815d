"""Callers' keys over the control API: what they may do, forms that edit them, new ones."""

from typing import Any

from litestar import Response, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.core import Core
from llmgate.control.editing import AUTHOR, EDITS, ETAG, Author, answer, tagged
from llmgate.control.form import Form
from llmgate.control.refusal import REFUSALS
from llmgate.wire.editing import NewKey, Path, Verdict
from llmgate.wire.forms import NewName, NewPlace
from llmgate.wire.gateway import KeyView

_FORM = Form("keys", "key")
_EDIT: Any = {"status_code": 200, "responses": EDITS, "dependencies": AUTHOR}


@get("/", summary="Callers' keys, without the keys", responses=REFUSALS)
async def get_keys(state: State) -> Response[list[KeyView]]:
    """Name, last digits, what it may do, what is left of its limits."""
    core: Core = state.core
    return tagged(core, core.key_views())


@get("/{name:str}", summary="One key, without the key", responses=REFUSALS)
async def get_key(state: State, name: FromPath[str]) -> Response[KeyView]:
    """By its name in the config."""
    core: Core = state.core
    views = {view.name: view for view in core.key_views()}
    view = views.get(name)
    if view is None:
        raise NotFoundException(f"no key is called '{name[:60]}'")
    return tagged(core, view)


@post("/", summary="Make a key", responses=EDITS, dependencies=AUTHOR)
async def add_key(
    state: State, data: JSONBody[NewKey], by: NamedDependency[Author]
) -> Response[Verdict]:
    """The gateway makes the key; `secret` of the answer is it, this once. With `variable` the file
    gets `${VARIABLE}` and the `.env` beside it the line.
    """
    core: Core = state.core
    _FORM.new(core, data.name)
    return answer(await core.editor.new_key(data, by.if_match, by.who), 201)


@patch("/{name:str}", summary="Change what a key may do", **_EDIT)
async def patch_key(
    state: State,
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """A JSON merge patch: null removes a field, the rest stays."""
    return await _FORM.merge(state.core, by, name, data)


@delete("/{name:str}", summary="Revoke a key", **_EDIT)
async def remove_key(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Callers that use it are answered 401 from then on. The last one cannot go while a route
    names it; without any key, callers on this machine need none.
    """
    return await _FORM.remove(state.core, by, name)


@post("/{name:str}/enable", summary="Let a key in again", **_EDIT)
async def enable_key(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: true`; one that is enabled stays as it is."""
    return await _FORM.switch(state.core, by, name, enabled=True)


@post("/{name:str}/disable", summary="Refuse a key", **_EDIT)
async def disable_key(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: false`: callers that use it are answered 401."""
    return await _FORM.switch(state.core, by, name, enabled=False)


@post("/{name:str}/rename", summary="Rename a key", **_EDIT)
async def rename_key(
    state: State, name: FromPath[str], data: JSONBody[NewName], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Routes that match it by name follow; what is recorded keeps the old name."""
    core: Core = state.core
    return await _FORM.rename(core, by, name, data.to, _followers(core, name))


@post("/{name:str}/move", summary="Move a key to another place", **_EDIT)
async def move_key(
    state: State, name: FromPath[str], data: JSONBody[NewPlace], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Only for the eye: keys have no order of their own."""
    return await _FORM.move(state.core, by, name, data.to)


def _followers(core: Core, name: str) -> list[Path]:
    found: list[Path] = []
    for route, rule in core.snapshot.config.routes.items():
        path: Path = ["routes", route, "match", "key"]
        if rule.match.key == name:
            found.append(path)
        elif isinstance(rule.match.key, list):
            found += [[*path, n] for n, key in enumerate(rule.match.key) if key == name]
    return found


keys_router = Router(
    "/keys",
    route_handlers=[
        get_keys,
        get_key,
        add_key,
        patch_key,
        remove_key,
        enable_key,
        disable_key,
        rename_key,
        move_key,
    ],
    tags=["keys"],
    response_headers=ETAG,
)
