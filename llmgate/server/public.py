"""Pages without a token: health and metrics."""

from litestar import Response, get
from litestar.datastructures import State

from llmgate import __version__
from llmgate.control.core import Core
from llmgate.wire.gateway import HealthDetail


@get("/health", summary="Alive", tags=["health"])
async def health() -> dict[str, str]:
    """Answers while the process serves."""
    return {"status": "ok", "version": __version__}


@get("/health/detailed", summary="How everything is doing", tags=["health"])
async def health_detailed(state: State) -> HealthDetail:
    """Providers, recording, config; no secrets."""
    core: Core = state.core
    return core.health()


@get("/metrics", summary="Prometheus metrics", tags=["health"])
async def metrics(state: State) -> Response[bytes]:
    """The text format."""
    core: Core = state.core
    return Response(
        core.metrics.text(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"}
    )
