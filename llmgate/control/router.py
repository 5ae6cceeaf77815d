"""The control API in one router: every endpoint, who is let in, how a refusal looks.

Names stand in paths as they are written there: the path is not decoded before it is split, so a
name may hold a slash (``%2F``).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from litestar import Response, Router
from litestar.types import ASGIApp, Guard, Receive, Scope, Send

from llmgate.control.compare import compare_router
from llmgate.control.config import config_router
from llmgate.control.events import stream_events
from llmgate.control.exchanges import exchanges_router
from llmgate.control.importing import import_router
from llmgate.control.keys import keys_router
from llmgate.control.limits import limits_router
from llmgate.control.providers import providers_router
from llmgate.control.recordings import export_routers
from llmgate.control.refusal import Reason, Refusal
from llmgate.control.refused import NoSuchRevision, NotEditable, Refused, Stale
from llmgate.control.replays import replays_router
from llmgate.control.routes import routes_router
from llmgate.control.spend import spend_router
from llmgate.control.state import get_status
from llmgate.control.store import store_router
from llmgate.replay.problems import BadReplay, NoSuchReplay, NotNow
from llmgate.store.problems import BadAnnotation, BadFilter, StoreProblem
from llmgate.wire.editing import Conflict, Verdict

PREFIX = "/admin/v1"
_LARGEST_FORM = 1_000_000


def control_router(admitted: Guard) -> Router:
    """Everything below ``/admin/v1``; ``admitted`` lets in or raises."""
    return Router(
        PREFIX,
        route_handlers=[
            get_status,
            config_router,
            providers_router,
            routes_router,
            keys_router,
            limits_router,
            spend_router,
            exchanges_router,
            store_router,
            compare_router,
            replays_router,
            *export_routers,
            import_router,
            stream_events,
        ],
        guards=[admitted],
        security=[{"token": []}],
        middleware=[_named],
        exception_handlers={
            Stale: _stale,
            Refused: _refused,
            NotEditable: _not_editable,
            NoSuchRevision: _not_found,
            StoreProblem: _unreadable,
            BadFilter: _bad_request,
            BadReplay: _bad_request,
            NoSuchReplay: _not_found,
            NotNow: _not_now,
            BadAnnotation: _bad_request,
            OverflowError: _too_large,
        },
        request_max_body_size=_LARGEST_FORM,
    )


def as_written(app: Callable[..., Any]) -> Callable[..., Any]:
    """Has the control API's paths split before they are decoded."""

    async def splitting(scope: Any, receive: Any, send: Any) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if raw.startswith(PREFIX.encode() + b"/"):
            scope = {**scope, "path": _unmistaken(scope["method"], raw.decode("latin-1"))}
        await app(scope, receive, send)

    return splitting


def _unmistaken(method: str, path: str) -> str:
    """A route may be called `explain`: only the question itself is not about it."""
    question = f"{PREFIX}/routes/explain"
    if path.startswith(question) and (method, path) != ("POST", question):
        return path.replace("/explain", "/%65xplain", 1)
    return path


def _named(app: ASGIApp) -> ASGIApp:
    """Decodes the names that stand in a path."""

    async def decoding(scope: Scope, receive: Receive, send: Send) -> None:
        given: dict[str, Any] = scope["path_params"]
        scope["path_params"] = {
            name: unquote(value) if isinstance(value, str) else value
            for name, value in given.items()
        }
        await app(scope, receive, send)

    return decoding


def _stale(_request: Any, error: Stale) -> Response[Conflict]:
    return Response(error.conflict, status_code=412, headers={"etag": error.conflict.etag})


def _refused(_request: Any, error: Refused) -> Response[Verdict]:
    return Response(error.verdict, status_code=422, headers={"etag": error.verdict.etag})


def _not_editable(_request: Any, error: NotEditable) -> Response[Refusal]:
    return _refusal(409, error)


def _not_found(_request: Any, error: NoSuchRevision | NoSuchReplay) -> Response[Refusal]:
    return _refusal(404, error)


def _not_now(_request: Any, error: NotNow) -> Response[Refusal]:
    return _refusal(409, error)


def _unreadable(_request: Any, error: StoreProblem) -> Response[Refusal]:
    return _refusal(503, error)


def _bad_request(_request: Any, error: Exception) -> Response[Refusal]:
    return _refusal(400, error)


def _too_large(_request: Any, _error: OverflowError) -> Response[Refusal]:
    return _refusal(400, ValueError("a number in this request is larger than any of ours"))


def _refusal(status: int, error: Exception) -> Response[Refusal]:
    return Response(Refusal(Reason(str(error), status)), status_code=status)
