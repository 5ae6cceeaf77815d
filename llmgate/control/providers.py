"""Providers over the control API: how they are doing, forms that edit them, probe and drain."""

from time import monotonic
from typing import Any

from litestar import Response, Router, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody

from llmgate.control.core import Core, now_ms
from llmgate.control.editing import AUTHOR, EDITS, ETAG, Author, tagged
from llmgate.control.form import Form
from llmgate.control.refusal import REFUSALS
from llmgate.upstream.probe import probe
from llmgate.upstream.providers import Provider
from llmgate.wire.editing import Path, Verdict
from llmgate.wire.forms import NewEntry, NewName, NewPlace
from llmgate.wire.gateway import ProviderView

_FORM = Form("providers", "provider")
_EDIT: Any = {"status_code": 200, "responses": EDITS, "dependencies": AUTHOR}


@get("/", summary="Providers and how they are doing", responses=REFUSALS)
async def get_providers(state: State) -> Response[list[ProviderView]]:
    """In the order of the file."""
    core: Core = state.core
    return tagged(core, core.providers())


@get("/{name:str}", summary="One provider", responses=REFUSALS)
async def get_provider(state: State, name: FromPath[str]) -> Response[ProviderView]:
    """By its name in the config."""
    return _view(state.core, name)


@post("/", summary="Add a provider", responses=EDITS, dependencies=AUTHOR)
async def add_provider(
    state: State, data: JSONBody[NewEntry], by: NamedDependency[Author]
) -> Response[Verdict]:
    """`settings` are the fields of a provider in config.yaml."""
    return await _FORM.add(state.core, by, data.name, data.settings, data.index)


@put("/{name:str}", summary="Replace a provider's settings", **_EDIT)
async def replace_provider(
    state: State,
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """What is not given is what it is by default."""
    return await _FORM.replace(state.core, by, name, data)


@patch("/{name:str}", summary="Change a provider's settings", **_EDIT)
async def patch_provider(
    state: State,
    name: FromPath[str],
    data: JSONBody[dict[str, Any]],
    by: NamedDependency[Author],
) -> Response[Verdict]:
    """A JSON merge patch: null removes a field, the rest stays."""
    return await _FORM.merge(state.core, by, name, data)


@delete("/{name:str}", summary="Remove a provider", **_EDIT)
async def remove_provider(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """One that a route sends to cannot go: 422 names the route."""
    return await _FORM.remove(state.core, by, name)


@post("/{name:str}/enable", summary="Enable a provider", **_EDIT)
async def enable_provider(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: true`; one that is enabled stays as it is."""
    return await _FORM.switch(state.core, by, name, enabled=True)


@post("/{name:str}/disable", summary="Disable a provider", **_EDIT)
async def disable_provider(
    state: State, name: FromPath[str], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Writes `enabled: false`: routes pass it over, requests in flight go on."""
    return await _FORM.switch(state.core, by, name, enabled=False)


@post("/{name:str}/rename", summary="Rename a provider", **_EDIT)
async def rename_provider(
    state: State, name: FromPath[str], data: JSONBody[NewName], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Targets of routes and sources of recordings that name it follow."""
    core: Core = state.core
    followers: list[Path] = [
        ["providers", other, "source"]
        for other, provider in core.snapshot.config.providers.items()
        if provider.source == name
    ]
    followers += [
        ["routes", route, "targets", index, "provider"]
        for route, rule in core.snapshot.config.routes.items()
        for index, target in enumerate(rule.targets)
        if target.provider == name
    ]
    return await _FORM.rename(core, by, name, data.to, followers)


@post("/{name:str}/move", summary="Move a provider to another place", **_EDIT)
async def move_provider(
    state: State, name: FromPath[str], data: JSONBody[NewPlace], by: NamedDependency[Author]
) -> Response[Verdict]:
    """The first that has a model takes it, where no route does."""
    return await _FORM.move(state.core, by, name, data.to)


@post("/{name:str}/drain", summary="Send it nothing new", status_code=200, responses=REFUSALS)
async def drain_provider(state: State, name: FromPath[str]) -> Response[ProviderView]:
    """Until it is resumed or the gateway restarts; the file stays as it is. Requests in flight go
    on, routes pass its targets over, and names that reach no other provider are answered 502.
    """
    _running(state.core, name)
    state.core.gateway.providers.drain(name, draining=True)
    return _view(state.core, name)


@post("/{name:str}/resume", summary="Send to it again", status_code=200, responses=REFUSALS)
async def resume_provider(state: State, name: FromPath[str]) -> Response[ProviderView]:
    """Ends draining."""
    _running(state.core, name)
    state.core.gateway.providers.drain(name, draining=False)
    return _view(state.core, name)


@post("/{name:str}/health", summary="Probe now", status_code=200, responses=REFUSALS)
async def probe_provider(state: State, name: FromPath[str]) -> Response[ProviderView]:
    """Asks for the models list, which costs nothing."""
    await probe(_running(state.core, name), now_ms=now_ms(), now_s=monotonic())
    return _view(state.core, name)


def _running(core: Core, name: str) -> Provider:
    provider = core.gateway.providers.get(name)
    if provider is None:
        raise NotFoundException(f"no provider is called '{name[:60]}'")
    return provider


def _view(core: Core, name: str) -> Response[ProviderView]:
    return tagged(core, core.provider(_running(core, name)))


providers_router = Router(
    "/providers",
    route_handlers=[
        get_providers,
        get_provider,
        add_provider,
        replace_provider,
        patch_provider,
        remove_provider,
        enable_provider,
        disable_provider,
        rename_provider,
        move_provider,
        drain_provider,
        resume_provider,
        probe_provider,
    ],
    tags=["providers"],
    response_headers=ETAG,
)
