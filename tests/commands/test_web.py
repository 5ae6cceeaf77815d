"""The terminal in a browser: nobody gets it without the token of this start."""

import asyncio
import os
import re
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")

import httpx
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    CookieJar,
    WSServerHandshakeError,
    web,
)

from llmgate.commands.web import GuardedServer
from tests.flows.configs import openai
from tests.support.gateway import GatewayProcess, until


class QuietServer(GuardedServer):
    """The application without what is printed."""

    async def application(self) -> web.Application:
        """As it is served."""
        return await self._make_app()


async def test_the_page_opens_with_the_token_and_for_nobody_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        runner = web.AppRunner(await QuietServer("true", port, "the-token").application())
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                assert (await client.get("/")).status_code == 401
                assert (await client.get("/ws")).status_code == 401
                assert (await client.get("/?token=another")).status_code == 401
                foreign = {"origin": "http://other.test"}
                assert (await client.get("/?token=the-token", headers=foreign)).status_code == 403
                renamed = {"host": "other.test"}
                assert (await client.get("/?token=the-token", headers=renamed)).status_code == 421
                assert (await client.get("/?token=the-token")).headers["location"] == "/"
                page = await client.get("/")
                assert page.status_code == 200
                assert "default-src 'self'" in page.headers["content-security-policy"]
        finally:
            await runner.cleanup()


@asynccontextmanager
async def served(command: str) -> AsyncIterator[str]:
    """The server on a port of its own; ``command`` is what runs behind the page."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        runner = web.AppRunner(await QuietServer(command, port, "the-token").application())
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()


async def refused(client: ClientSession, url: str, **headers: str) -> int:
    """The status a websocket is turned away with."""
    with pytest.raises(WSServerHandshakeError) as told:
        await client.ws_connect(url, headers=headers)
    return told.value.status


async def test_the_socket_runs_the_terminal_for_the_cookie_alone_and_ends_it() -> None:
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(GatewayProcess(openai("http://127.0.0.1:9")))
        folder = str(gateway.data_dir)
        line = [sys.executable, "-m", "llmgate", "tui", "--url", gateway.url, "--data-dir", folder]
        url = await stack.enter_async_context(served(shlex.join(line)))
        client = await stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        assert await refused(client, f"{url}/ws?width=80&height=24") == 401
        page = await client.get(f"{url}/?token=the-token")
        assert "token" not in str(page.url)
        foreign = {"origin": "http://other.test"}
        assert await refused(client, f"{url}/ws?width=80&height=24", **foreign) == 403
        renamed = {"host": "other.test"}
        assert await refused(client, f"{url}/ws?width=80&height=24", **renamed) == 421

        async with client.ws_connect(f"{url}/ws?width=80&height=24", origin=url) as socket_:
            drawn = await until_shown(socket_, b"No traffic yet")
            assert b"llmgate" in drawn
            children = set(below(os.getpid(), "tui"))
            assert children
        await until(partial(gone, children))
        alive = await gateway.admin.get("/health")

    assert alive.status_code == 200


async def until_shown(socket_: ClientWebSocketResponse, text: bytes) -> bytes:
    """What the terminal has drawn once a text is among it."""
    drawn = b""
    async with asyncio.timeout(20):
        while text not in drawn:
            drawn += await socket_.receive_bytes()
    return drawn


async def gone(children: set[int]) -> bool:
    """Whether all of them have ended."""
    return not children & set(below(os.getpid(), "tui"))


def below(parent: int, word: str) -> list[int]:
    """The processes under this one that have a word in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            above = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            line = entry.joinpath("cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            continue
        if above == parent:
            found += [int(entry.name)] if word.encode() in line else []
            found += below(int(entry.name), word)
    return found


async def test_the_page_loads_nothing_from_elsewhere() -> None:
    async with served("true") as url, ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        page = await client.get(f"{url}/?token=the-token")
        policy = page.headers["content-security-policy"]
        sources = {word for part in policy.split(";") for word in part.split()[1:]}
        foreign = {word for word in sources if "//" in word and "127.0.0.1" not in word}
        scripts = re.findall(r'(?:src|href)="(http[^"]*)"', await page.text())

    assert not foreign
    assert not [link for link in scripts if not link.startswith(url) and "font" not in link]
