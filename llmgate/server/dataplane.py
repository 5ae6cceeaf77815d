"""The data plane under Litestar: one raw ASGI handler that hands every call to the gateway."""

from llmgate.errors import CallError, GatewayFault, NotTranslated, PathNotFound, UpgradeRequired
from llmgate.formats import catalog
from llmgate.gateway import Gateway
from llmgate.logs import Log
from llmgate.relay.caller import Caller, Receive, Scope, Send
from llmgate.wire.exchanges import Protocol
from llmgate.wire.paths import Place, place

_HELLO = b'{"name":"llmgate","docs":"point a base URL at /v1; GET /health; terminal: llmgate tui"}'
_GREETINGS = frozenset({"/", "/api/hello", "/ping", "/healthz"})
_NEVER = frozenset({"CONNECT", "TRACE"})  # a trace would show the provider's key to the caller
_LATER: frozenset[Protocol] = frozenset({"gemini", "ollama"})


class DataPlane:
    """Everything that is neither control API nor health page."""

    def __init__(self, gateway: Gateway, log: Log) -> None:
        self._gateway = gateway
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carries a call, or says why not; the last line of the server."""
        caller = Caller(scope, receive, send)
        where = place(caller.raw_path)
        try:
            if where.protocol is None or where.protocol in _LATER:
                await self._elsewhere(caller, where)
            else:
                _refuse_odd(caller, where)
                await self._gateway.carry(caller, where)
        except CallError as error:
            await self._gateway.turn_away(caller, where, error)
        except Exception as error:  # noqa: BLE001 - the last line: a mistake of ours ends one call only
            self._log.failure("a call failed inside the gateway", error)
            if not caller.head_sent:
                fault = GatewayFault("the gateway failed; its log says how")
                await _answer(caller, where.protocol or "raw", fault)

    async def _elsewhere(self, caller: Caller, where: Place) -> None:
        method = caller.scope["method"]
        if where.path in _GREETINGS and method in {"GET", "HEAD"}:
            headers = [(b"content-type", b"application/json")]
            return await caller.answer(200, headers, _HELLO if method == "GET" else b"")
        if where.protocol in _LATER:
            raise NotTranslated(
                f"the caller speaks {where.protocol}; this version carries OpenAI and Anthropic"
                f" protocols, and anything raw under /p/PROVIDER{where.path}"
            )
        raise PathNotFound(nothing_here(method, where.path))


def nothing_here(method: str, path: str) -> str:
    """What a caller is told who asks for a path that nobody serves."""
    return (
        f"nothing is served at {method} {path[:200]}; a base URL ends in /v1 for OpenAI clients"
        " and has no path for Anthropic clients"
    )


def _refuse_odd(caller: Caller, where: Place) -> None:
    """Codex tries a websocket first and falls back at once on 426, slowly on anything else."""
    if caller.scope["method"] in _NEVER:
        raise PathNotFound(nothing_here(caller.scope["method"], where.path))
    if any(n == b"upgrade" and v.lower() == b"websocket" for n, v in caller.headers):
        raise UpgradeRequired("websockets are not served here; use HTTP streaming on this path")


async def _answer(caller: Caller, protocol: Protocol, error: CallError) -> None:
    body = catalog.error_body(protocol, error.status, error.message)
    await caller.answer(error.status, [(b"content-type", b"application/json")], body)
