"""`llmgate tui` on a gateway that runs already, and without one."""

import sys
from pathlib import Path

import pytest

from tests.commands.terminal import on_terminal, ran
from tests.flows.configs import openai
from tests.support.gateway import GatewayProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="drives a pty")


async def test_it_opens_on_a_running_gateway_and_leaves_it_running() -> None:
    async with GatewayProcess(openai("http://127.0.0.1:9")) as gateway:
        folder = str(gateway.data_dir)
        arguments = ("tui", "--url", gateway.url, "--data-dir", folder)
        async with on_terminal(gateway.folder, *arguments) as terminal:
            await terminal.shows("No traffic yet")
            terminal.press(b"q")
            code = await terminal.ended()
        alive = await gateway.admin.get("/health")

    assert code == 0
    assert alive.status_code == 200


async def test_without_a_token_it_is_one_line(tmp_path: Path) -> None:
    code, out, err = await ran(tmp_path, "tui", "--data-dir", str(tmp_path / "none"))

    assert (code, out) == (2, "")
    assert "no token in" in err
    assert "llmgate up" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "none").exists()


async def test_what_is_no_address_is_one_line(tmp_path: Path) -> None:
    for url in ("ftp://x", "http://", "http://x:99999", "http://x/v1"):
        code, _, err = await ran(tmp_path, "tui", "--url", url, "--data-dir", str(tmp_path))

        assert code == 2
        assert url in err
        assert err.count("\n") == 1


async def test_with_a_gateway_that_is_gone_it_opens_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "admin-token").write_text("t" * 40, encoding="ascii")
    arguments = ("tui", "--url", "http://127.0.0.1:9", "--data-dir", str(tmp_path))
    async with on_terminal(tmp_path, *arguments) as terminal:
        await terminal.shows("127.0.0.1:9")
        await terminal.shows("lost")
        terminal.press(b"q")
        code = await terminal.ended()

    assert code == 0
