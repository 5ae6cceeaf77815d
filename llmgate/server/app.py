"""The Litestar application: control API, health pages, and the data plane as a mounted ASGI
handler.
"""

from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request, Response, Router, asgi
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from llmgate import __version__
from llmgate.control.core import Core
from llmgate.control.router import as_written, control_router
from llmgate.errors import CallError
from llmgate.logs import Log
from llmgate.relay.caller import Scope
from llmgate.server.dataplane import DataPlane, nothing_here
from llmgate.server.guard import ADMITTED, Guard
from llmgate.server.public import health, health_detailed, metrics
from llmgate.server.schema import PlainPage

# A mount takes every path below it before routes with parameters are looked at, so the data plane
# is mounted where it serves and not at the root.
MOUNTS = (
    "/v1",
    "/v1beta",
    "/p",
    "/api",
    "/chat",
    "/completions",
    "/responses",
    "/embeddings",
    "/models",
    "/messages",
    "/ping",
    "/healthz",
)


_ABOUT = (
    "What the terminal is a client of. Bearer token: the file `admin-token` of the data folder."
    " Edits of the config carry `If-Match` with the ETag that every view of the config answers;"
    " a name in a path may hold any character, percent-encoded."
)


def build(core: Core, log: Log, token: str) -> Guard:
    """Puts the application together around a running core."""
    carry = DataPlane(core.gateway, log)

    @asgi([*MOUNTS], is_mount=True, copy_scope=False)
    async def data_plane(scope: Any, receive: Any, send: Any) -> None:
        await carry(scope, receive, send)

    @asgi(["/"], copy_scope=False)
    async def root(scope: Any, receive: Any, send: Any) -> None:
        await carry(scope, receive, send)

    app = Litestar(
        route_handlers=[
            control_router(_admitted),
            health,
            health_detailed,
            metrics,
            data_plane,
            root,
        ],
        openapi_config=OpenAPIConfig(
            title="llmgate control API",
            version=__version__,
            description=_ABOUT,
            components=Components(
                security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}
            ),
            openapi_router=Router("/schema", route_handlers=[], guards=[_admitted]),
            render_plugins=[PlainPage(), JsonRenderPlugin()],
        ),
        state=State({"core": core}),
        exception_handlers={
            HTTPException: _problem,
            RecursionError: _too_deep,
            UnicodeDecodeError: _no_text,
            Exception: _mistake(log),
        },
        logging_config=None,
        debug=False,
    )
    return Guard(
        app,  # type: ignore[arg-type] # its scope is a narrower TypedDict of the same thing
        as_written(app),
        lambda: core.holder.snapshot.config.server,
        token,
        _refused(log),
    )


def _refused(log: Log) -> Callable[[Scope, CallError], None]:
    def note(scope: Scope, error: CallError) -> None:
        what = f"{scope['method']} {scope['path'][:200]}: {error.message}"
        log.write("warning", what, error_type=error.error_type, status=error.status)

    return note


def _admitted(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """However a path was spelled: nobody gets in whose token the guard has not seen."""
    if not connection.scope.get(ADMITTED):
        raise NotAuthorizedException("the control API wants 'Authorization: Bearer <token>'")


def _problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, object]]:
    message, path = error.detail, request.url.path
    if isinstance(error, NotFoundException) and not path.startswith("/admin"):
        message = nothing_here(request.method, path)
    body: dict[str, object] = {"error": {"message": message, "status": error.status_code}}
    if error.extra:
        body["problems"] = error.extra
    return Response(body, status_code=error.status_code)


def _too_deep(_request: Request[Any, Any, Any], _error: Exception) -> Response[dict[str, object]]:
    return _unreadable("the body is nested too deep")


def _no_text(_request: Request[Any, Any, Any], _error: Exception) -> Response[dict[str, object]]:
    return _unreadable("the body is not UTF-8 text")


def _unreadable(message: str) -> Response[dict[str, object]]:
    return Response({"error": {"message": message, "status": 400}}, status_code=400)


def _mistake(log: Log) -> Any:
    def answer(_request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, object]]:
        log.failure("the control API failed", error)
        message = "the gateway failed; its log says how"
        return Response({"error": {"message": message, "status": 500}}, status_code=500)

    return answer
