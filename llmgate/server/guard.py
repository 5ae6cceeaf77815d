"""The door: which Host, which Origin, and who may use the control API. Plain ASGI around
everything.

A web page must reach neither the data plane nor the control API of a process that holds every key
(DESIGN, section 8): a foreign Host header means DNS rebinding, an Origin means a page. CORS
preflights carry no credentials, so they are answered here, before authentication.
"""

from collections.abc import Awaitable, Callable
from hmac import compare_digest

import msgspec

from llmgate.config.model import Server
from llmgate.errors import CallError, InvalidKey, OriginRefused
from llmgate.formats import catalog
from llmgate.relay.caller import RawHeaders, Receive, Scope, Send
from llmgate.wire.paths import place

App = Callable[[Scope, Receive, Send], Awaitable[None]]
ADMITTED = "llmgate.admitted"  # in the scope once the control API's token was right
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
_KEPT = 256


class Guard:
    """Wraps the application; ``control`` is how it is called for those whose token was right,
    ``server`` gives the running ``server:`` section.

    ``on_refusal`` is told of everybody who is not let in.
    """

    def __init__(
        self,
        app: App,
        control: App,
        server: Callable[[], Server],
        token: str,
        on_refusal: Callable[[Scope, CallError], None],
    ) -> None:
        self._app = app
        self._control = control
        self._server = server
        self._on_refusal = on_refusal
        self._token = f"Bearer {token}".encode()
        self._section: Server | None = None
        self._hosts: dict[bytes, bool] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through or refuses it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            cors = self._check(scope)
        except CallError as error:
            self._on_refusal(scope, error)
            return await _refuse(scope, send, error)
        if cors and scope["method"] == "OPTIONS":
            return await _preflight(scope, send, cors)
        app = self._control if ADMITTED in scope else self._app
        return await app(scope, receive, _with(send, cors) if cors else send)

    def _check(self, scope: Scope) -> RawHeaders:
        """Gives the CORS headers to add. Raises ``OriginRefused`` and ``InvalidKey``."""
        host = origin = authorization = b""
        for name, value in scope["headers"]:
            if name == b"host":
                if host and value != host:
                    raise OriginRefused("the request has two Host headers")
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                authorization = value
        self._check_host(host)
        cors = self._check_origin(origin) if origin else []
        preflight = bool(cors) and scope["method"] == "OPTIONS"
        if not preflight and _guarded(scope["path"]):
            self._check_token(authorization)
            scope[ADMITTED] = True
        return cors

    def _check_host(self, host: bytes) -> None:
        server = self._server()
        if server is not self._section:
            self._section, self._hosts = server, {}
        known = self._hosts.get(host)
        if known is None:
            known = _allowed(host.decode("latin-1"), server)
            if len(self._hosts) < _KEPT:
                self._hosts[host] = known
        if not known:
            raise OriginRefused(
                "this Host header is not one of the gateway's names;"
                " add it to server.allowed_hosts in config.yaml if it should be"
            )

    def _check_origin(self, origin: bytes) -> RawHeaders:
        """Gives the CORS headers for an allowed origin. Raises ``OriginRefused``."""
        name = origin.decode("latin-1")
        allowed = self._server().cors_origins
        if name not in allowed and "*" not in allowed:
            raise OriginRefused(
                "web pages may not use the gateway; add the page's origin to"
                " server.cors_origins in config.yaml if it should"
            )
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]

    def _check_token(self, authorization: bytes) -> None:
        if not compare_digest(authorization, self._token):
            raise InvalidKey(
                "the control API wants 'Authorization: Bearer <token>';"
                " the token is in the file admin-token of the data folder"
            )


def _guarded(path: str) -> bool:
    """Litestar reads ``//admin`` as ``/admin``, so the slashes in front say nothing."""
    return path.lstrip("/").startswith(("admin", "schema"))


def _allowed(header: str, server: Server) -> bool:
    host = header.lower()
    if not host.endswith("]"):
        name, colon, port = host.rpartition(":")
        if colon and port.isdigit() and (":" not in name or name.startswith("[")):
            host = name
    names = {server.host.lower(), *(h.lower() for h in server.allowed_hosts)}
    return host in _LOOPBACK or host in names or (host == "" and not server.allowed_hosts)


async def _refuse(scope: Scope, send: Send, error: CallError) -> None:
    path = scope["path"]
    if _guarded(path):
        body = msgspec.json.encode({"error": {"message": error.message, "status": error.status}})
    else:
        protocol = place(path).protocol or "raw"
        body = catalog.error_body(protocol, error.status, error.message)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _preflight(scope: Scope, send: Send, cors: RawHeaders) -> None:
    """Answers a preflight with the headers it asks for: SDKs in browsers send many."""
    asked = dict(scope["headers"]).get(b"access-control-request-headers", b"*")
    headers = [
        *cors,
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", b"600"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _with(send: Send, extra: RawHeaders) -> Send:
    async def sending(message: Scope) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending
