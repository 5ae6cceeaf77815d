"""Commands find the gateway of a data folder, or start one for as long as they run."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from llmgate.commands.attached import ask, attached, fetch
from llmgate.errors import LlmgateError, StartupProblem
from llmgate.server.run_file import RUN_FILE, announce, owned, running, withdraw
from llmgate.server.token import sole_owner
from llmgate.wire.exchanges import ExchangePage
from llmgate.wire.gateway import Status
from tests.commands.terminal import on_terminal
from tests.flows.configs import openai
from tests.support.gateway import GatewayProcess, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs flock")
CONFIG = openai("http://127.0.0.1:9")


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1].partition("/")[0]))) == 0


async def test_a_running_gateway_is_found_by_its_folder_and_left_running() -> None:
    async with GatewayProcess(CONFIG) as gateway:
        async with attached(str(gateway.data_dir), start=False) as client:
            address = str(client.base_url)
            page = await ask(client, "GET", "exchanges", ExchangePage, params={"limit": 3})
        alive = await gateway.admin.get("/health")
        mode = (gateway.data_dir / RUN_FILE).stat().st_mode & 0o777

    assert address == f"{gateway.url}/admin/v1/"
    assert page.exchanges == []
    assert alive.status_code == 200
    assert mode == 0o600
    assert not (gateway.data_dir / RUN_FILE).exists()


async def test_without_one_a_gateway_is_started_and_ended_again(tmp_path: Path) -> None:
    config, folder = tmp_path / "config.yaml", tmp_path / "data"
    config.write_text(CONFIG, encoding="utf-8")
    async with attached(str(folder), config=str(config)) as client:
        url = str(client.base_url)
        status = await ask(client, "GET", "status", Status)
        during = owned(folder), listens(url.removesuffix("/admin/v1/"))

    assert status.version
    assert during == (True, True)
    assert not owned(folder)
    assert not listens(url.removesuffix("/admin/v1/"))


async def test_one_that_must_not_be_started_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StartupProblem, match="start one with `llmgate up`"):
        async with attached(str(tmp_path / "none"), start=False):
            pass
    assert not (tmp_path / "none").exists()


async def test_why_it_cannot_be_started_is_said(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("providers: {x: {kind: nonsense}}", encoding="utf-8")

    with pytest.raises(StartupProblem, match="nonsense"):
        async with attached(str(tmp_path / "data"), config=str(config)):
            pass


async def test_the_file_of_a_gateway_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    gateway = GatewayProcess(CONFIG, folder=tmp_path)
    async with gateway:
        await gateway.stop(signal.SIGKILL)
        left = (gateway.data_dir / RUN_FILE).exists()

        assert left
        assert running(gateway.data_dir) is None


def test_a_gateway_that_starts_or_ends_has_the_folder_but_no_address(tmp_path: Path) -> None:
    with sole_owner(tmp_path):
        before = running(tmp_path), owned(tmp_path)
        announce(tmp_path, "http://127.0.0.1:1")
        found = running(tmp_path)
        withdraw(tmp_path)
        after = running(tmp_path)

    assert before == (None, True)
    assert found is not None
    assert (found.url, found.pid) == ("http://127.0.0.1:1", os.getpid())
    assert after is None
    assert not owned(tmp_path)


def test_a_file_that_is_no_address_is_passed_over(tmp_path: Path) -> None:
    with sole_owner(tmp_path):
        (tmp_path / RUN_FILE).write_bytes(b'{"url": 3}' + b" " * 10_000)

        assert running(tmp_path) is None


async def test_a_refusal_is_its_message_and_a_lost_connection_a_sentence() -> None:
    async with GatewayProcess(CONFIG) as gateway:
        async with attached(str(gateway.data_dir), start=False) as client:
            with pytest.raises(LlmgateError, match="nosuch"):
                await fetch(client, "GET", "exchanges/nosuch")
            with pytest.raises(LlmgateError, match="limit"):
                await ask(client, "GET", "exchanges", ExchangePage, params={"limit": "many"})
            with pytest.raises(LlmgateError, match="not understood"):
                await ask(client, "GET", "exchanges", Status)
            await gateway.stop()
            with pytest.raises(LlmgateError, match=r"connection to the gateway at .* is lost"):
                await ask(client, "GET", "exchanges", ExchangePage)


async def test_the_terminal_opens_on_the_running_gateway_of_its_folder() -> None:
    async with GatewayProcess(CONFIG, port=free_port()) as gateway:
        arguments = ("tui", "--data-dir", str(gateway.data_dir))
        async with on_terminal(gateway.folder, *arguments) as terminal:
            await terminal.shows("No traffic yet")
            terminal.press(b"q")

            assert await terminal.ended() == 0
