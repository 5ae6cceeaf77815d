"""`llmgate tui --web`: the same terminal UI in a browser on this machine, by textual-serve.

Whoever opens the page can do what the terminal can do, so it listens on loopback only and lets in
one token, made anew at every start and printed with the address. The page loads nothing from
elsewhere: the content security policy keeps textual-serve's web font from being fetched.
"""

import hmac
import secrets
import shlex
import sys
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

_COOKIE: Final = "llmgate-web"
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; frame-ancestors 'none'"
)


class GuardedServer(Server):
    """Refuses foreign hosts, foreign origins and everybody without the token."""

    def __init__(self, command: str, port: int, token: str) -> None:
        super().__init__(command, host="127.0.0.1", port=port, title="llmgate")
        self._token = token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    def initialize_logging(self) -> None:
        """Says nothing of its own: the address is printed once."""

    async def on_startup(self, app: web.Application) -> None:
        """Prints where to go."""
        print(f"llmgate in the browser: {self.public_url}/?token={self._token}")
        print("Ctrl-C ends it.", flush=True)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.host not in self._hosts:
                raise web.HTTPMisdirectedRequest(text=f"open {self.public_url} instead")
            origin = request.headers.get("origin")
            if origin is not None and origin.removeprefix("http://") not in self._hosts:
                raise web.HTTPForbidden(text="another site may not use this page")
            if self._holds(request.query.get("token", "")) and request.path == "/":
                return self._welcome()
            if not self._holds(request.cookies.get(_COOKIE, "")):
                raise web.HTTPUnauthorized(text="open the address that llmgate tui --web printed")
            response = await handler(request)
            if not response.prepared:
                response.headers["content-security-policy"] = self._policy(request)
                response.headers["referrer-policy"] = "no-referrer"
            return response

        return guard

    def _holds(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _policy(self, request: web.Request) -> str:
        return f"{_POLICY}; connect-src 'self' ws://{request.host} ws://127.0.0.1:{self.port}"

    def _welcome(self) -> web.Response:
        """The token moves from the address, which browsers remember, into a cookie."""
        response = web.Response(status=303, headers={"location": "/"})
        response.set_cookie(_COOKIE, self._token, httponly=True, samesite="Strict")
        return response


def serve(arguments: list[str], port: int) -> int:
    """Serves until it is ended; ``arguments`` are those of the `llmgate tui` behind each page."""
    command = shlex.join([sys.executable, "-m", "llmgate", "tui", *arguments])
    GuardedServer(command, port, secrets.token_urlsafe(24)).serve()
    return 0
