"""The door: which Host, which Origin, whose token."""

import json

import pytest

from llmgate.config.model import Server
from llmgate.errors import CallError
from llmgate.relay.caller import Message, Receive, Scope, Send
from llmgate.server.guard import Guard

TOKEN = "the-token-of-the-control-api"


class Asked:
    """A guard around an application that notes who came in."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.came: list[str] = []
        self.got: list[Message] = []
        self.refused: list[str] = []
        self._guard = Guard(self._app, self._app, lambda: self.server, TOKEN, self._note)

    def _note(self, _scope: Scope, error: CallError) -> None:
        self.refused.append(error.error_type)

    async def ask(self, path: str = "/v1/models", method: str = "GET", **headers: str) -> int:
        """The status of the answer; header names with _ for -."""
        named = [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in headers.items()]
        return await self.ask_raw(named, path, method)

    async def ask_raw(
        self, headers: list[tuple[bytes, bytes]], path: str = "/v1/models", method: str = "GET"
    ) -> int:
        self.got.clear()
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await self._guard(scope, self._receive, self._send)
        status: int = self.got[0]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.got[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got)

    async def _app(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.came.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"in", "more_body": False})

    async def _receive(self) -> Message:
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.got.append(message)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8484",
        "localhost",
        "LocalHost:1",
        "[::1]",
        "[::1]:8484",
        "::1",
        "",
    ],
)
async def test_a_local_name_is_let_in_with_any_port(host: str) -> None:
    assert await Asked(Server()).ask(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8484",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "localhost@evil.example",
        "localhost:8484:evil",
        "localhost:",
        "localhost:80a",
        "[::1]x",
        "[::1]:x",
        "[::2]",
        "127.0.0.2",
        "0.0.0.0",
        "localhost ",
        "localhost,evil.example",
        "\xff",
    ],
)
async def test_any_other_name_is_refused_in_words(host: str) -> None:
    asked = Asked(Server())

    assert await asked.ask(host=host) == 403
    assert "server.allowed_hosts" in json.loads(asked.body)["error"]["message"]
    assert asked.came == []


async def test_configured_names_are_let_in_and_a_reload_changes_them() -> None:
    asked = Asked(Server(allowed_hosts=["Gate.Lan"]))
    before = [await asked.ask(host=h) for h in ("gate.lan", "gate.lan:8484", "other.lan", "")]
    asked.server = Server(allowed_hosts=["other.lan"])
    after = [await asked.ask(host=h) for h in ("gate.lan", "other.lan")]

    assert before == [200, 200, 403, 403]
    assert after == [403, 200]


async def test_the_address_it_listens_on_is_one_of_its_names() -> None:
    assert await Asked(Server(host="192.168.0.7")).ask(host="192.168.0.7:8484") == 200


async def test_many_made_up_names_do_not_make_it_forget_its_own() -> None:
    asked = Asked(Server())
    for n in range(1_000):
        assert await asked.ask(host=f"h{n}.example") == 403

    assert await asked.ask(host="localhost:9999") == 200


async def test_two_host_headers_are_refused() -> None:
    asked = Asked(Server())
    two = [(b"host", b"localhost"), (b"host", b"evil.example")]

    assert await asked.ask_raw(two) == 403
    assert await asked.ask_raw(two[::-1]) == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000", "x"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_no_web_page_is_let_in_that_was_not_named(origin: str, method: str) -> None:
    asked = Asked(Server())

    assert await asked.ask(method=method, host="localhost", origin=origin) == 403
    assert b"access-control-allow-origin" not in asked.headers
    assert asked.came == []


async def test_a_named_page_is_let_in_and_told_so() -> None:
    asked = Asked(Server(cors_origins=["https://my.page"]))
    status = await asked.ask(host="localhost", origin="https://my.page")

    assert status == 200
    assert asked.headers[b"access-control-allow-origin"] == b"https://my.page"
    assert asked.headers[b"a"] == b"b"
    assert await asked.ask(host="localhost", origin="https://my.page.evil") == 403


async def test_a_preflight_is_answered_here_without_a_token_and_reaches_nobody() -> None:
    asked = Asked(Server(cors_origins=["*"]))
    status = await asked.ask(
        "/admin/v1/status",
        "OPTIONS",
        host="localhost",
        origin="https://any.page",
        access_control_request_headers="x-api-key",
    )

    assert status == 204
    assert asked.headers[b"access-control-allow-headers"] == b"x-api-key"
    assert asked.came == []


@pytest.mark.parametrize(
    "path", ["/admin/v1/status", "/admin", "//admin/v1/status", "/schema", "/schema/openapi.json"]
)
@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (TOKEN, 401),
        (f"bearer {TOKEN}", 401),
        (f"Bearer {TOKEN} ", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer ", 401),
        ("", 401),
        ("Bearer \xff", 401),
    ],
)
async def test_the_control_api_opens_to_its_token_only(path: str, given: str, status: int) -> None:
    asked = Asked(Server())

    assert await asked.ask(path, host="localhost", authorization=given) == status
    assert asked.came == [path] * (status == 200)


@pytest.mark.parametrize("path", ["/v1/models", "/health", "/metrics", "/", "/v1/messages"])
async def test_everything_else_needs_no_token_of_the_control_api(path: str) -> None:
    assert await Asked(Server()).ask(path, host="localhost") == 200


@pytest.mark.parametrize(
    ("path", "shape"),
    [("/v1/messages", "type"), ("/v1/chat/completions", "error"), ("/admin/v1/status", "error")],
)
async def test_a_refusal_has_the_shape_of_the_callers_protocol(path: str, shape: str) -> None:
    asked = Asked(Server())
    await asked.ask(path, host="evil.example")

    assert shape in json.loads(asked.body)
    assert int(asked.headers[b"content-length"]) == len(asked.body)
