"""The terminal in a browser: nobody gets it without the token of this start."""

import socket

import pytest

pytest.importorskip("textual_serve")

import httpx
from aiohttp import web

from llmgate.commands.web import GuardedServer


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
