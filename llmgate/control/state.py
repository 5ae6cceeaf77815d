"""The gateway's own state over the control API: status, config, providers, routes, keys."""

from time import monotonic

from litestar import Router, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from llmgate.control.core import Core, now_ms
from llmgate.control.refusal import REFUSALS
from llmgate.upstream.probe import probe
from llmgate.wire.gateway import ConfigView, KeyView, ProviderView, RouteView, Status


@get("/status", summary="Everything a glance should tell", tags=["gateway"], responses=REFUSALS)
async def get_status(state: State) -> Status:
    """The header line of the terminal."""
    core: Core = state.core
    await core.store.flush()
    await core.refresh_spend(fresh=True)
    return core.status()


@get(
    "/config",
    summary="The running config and the problems of a refused edit",
    tags=["config"],
    responses=REFUSALS,
)
async def get_config(state: State) -> ConfigView:
    """Secrets are never in it: the file's own text holds ${VAR}s, literal ones are replaced."""
    core: Core = state.core
    return core.config()


@get(
    "/config/version",
    summary="The version of the running config",
    tags=["config"],
    responses=REFUSALS,
)
async def get_config_version(state: State) -> dict[str, int]:
    """Counts up with every accepted change."""
    core: Core = state.core
    return {"version": core.holder.snapshot.version}


@post(
    "/config/reload",
    summary="Read the file again now",
    status_code=200,
    tags=["config"],
    responses=REFUSALS,
)
async def reload_config(state: State) -> ConfigView:
    """The same as saving the file: a broken one is refused and reported in ``problems``."""
    core: Core = state.core
    await core.holder.reload_now()
    return core.config()


@get(
    "/providers", summary="Providers and how they are doing", tags=["providers"], responses=REFUSALS
)
async def get_providers(state: State) -> list[ProviderView]:
    """In the order of the file."""
    core: Core = state.core
    return core.providers()


@get("/providers/{name:str}", summary="One provider", tags=["providers"], responses=REFUSALS)
async def get_provider(state: State, name: FromPath[str]) -> ProviderView:
    """By its name in the config."""
    core: Core = state.core
    provider = core.gateway.providers.get(name)
    if provider is None:
        raise NotFoundException(f"no provider is called '{name[:60]}'")
    return provider.view(monotonic(), now_ms())


@post(
    "/providers/{name:str}/health",
    summary="Probe now",
    status_code=200,
    tags=["providers"],
    responses=REFUSALS,
)
async def probe_provider(state: State, name: FromPath[str]) -> ProviderView:
    """Asks for the models list, which costs nothing."""
    core: Core = state.core
    provider = core.gateway.providers.get(name)
    if provider is None:
        raise NotFoundException(f"no provider is called '{name[:60]}'")
    await probe(provider, now_ms=now_ms(), now_s=monotonic())
    return provider.view(monotonic(), now_ms())


@get("/routes", summary="Routes in the order they are tried", tags=["routes"], responses=REFUSALS)
async def get_routes(state: State) -> list[RouteView]:
    """With the configured share of each target."""
    core: Core = state.core
    return core.routes()


@get("/keys", summary="Callers' keys, without the keys", tags=["keys"], responses=REFUSALS)
async def get_keys(state: State) -> list[KeyView]:
    """Name, last digits, what it may do, what is left of its limit."""
    core: Core = state.core
    return core.keys()


state_router = Router(
    "/",
    route_handlers=[
        get_status,
        get_config,
        get_config_version,
        reload_config,
        get_providers,
        get_provider,
        probe_provider,
        get_routes,
        get_keys,
    ],
)
