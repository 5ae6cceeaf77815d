"""Real coding agents finish a task through the gateway, and the gateway's numbers are theirs."""

import os
from pathlib import Path

import pytest

from tests.agents.packages import program
from tests.agents.processes import Aimock, gateway_config, run
from tests.agents.programs import AGENTS, Agent
from tests.support.gateway import GatewayProcess

pytestmark = [pytest.mark.agents, pytest.mark.timeout(600)]

_USAGE = {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290} | {
    "input_tokens": 1234,
    "output_tokens": 56,
}


def fixtures(agent: Agent) -> list[dict[str, object]]:
    """The agent's model calls its shell tool once, then says that it is done."""
    rows: list[dict[str, object]] = []
    said = {"content": agent.text, "usage": _USAGE}
    mine = {"model": agent.model, "endpoint": "chat"}
    if agent.tool is not None:
        name, arguments = agent.tool
        call = {"toolCalls": [{"name": name, "arguments": arguments}], "usage": _USAGE}
        rows.append({"match": mine | {"hasToolResult": False}, "response": call})
    rows.append({"match": mine, "response": said})
    rows.append({"match": {"endpoint": "chat"}, "response": {"content": "Fine.", "usage": _USAGE}})
    return rows


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
async def test_an_agent_finishes_a_task_with_a_tool_call(agent: Agent, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    path = program(agent.package)
    turns = 1 if agent.tool is None else 2

    async with (
        Aimock(fixtures(agent), tmp_path) as aimock,
        GatewayProcess(gateway_config(aimock.url)) as gateway,
    ):
        done = await run(
            [str(path), *(_filled(part, gateway.url, home) for part in agent.command)],
            work=work,
            env=_settings(agent, gateway.url, home),
        )
        rows = await gateway.exchanges(turns, model=agent.model)

    assert done.code == 0, done.output
    assert (work / "proof.txt").read_text() == "carried\n"
    assert [(row.state, row.status, row.protocol) for row in rows] == [
        ("finished", 200, agent.protocol)
    ] * turns
    assert {row.client for row in rows} == {agent.client}
    assert bool(rows[0].session) == agent.session
    assert len({row.session for row in rows}) == 1
    assert {row.usage_basis for row in rows} == {agent.usage}
    if agent.tool is not None:
        assert [row.tool_calls for row in rows] == [1, 0]
    if agent.printed is not None:
        spent = sum(row.input_tokens or 0 for row in rows)
        printed_in, printed_out = agent.printed(done.output)
        assert printed_in in {spent, f"{spent / 1000:.1f}k"}
        assert printed_out == sum(row.output_tokens or 0 for row in rows)
    if agent.name == "codex-builtin":  # its refused websocket: retried for 6 s on all but 426
        assert done.seconds < 6


def _filled(text: str, url: str, home: Path) -> str:
    return text.replace("{url}", url).replace("{home}", str(home))


def _settings(agent: Agent, url: str, home: Path) -> dict[str, str]:
    for name, text in agent.files.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_filled(text, url, home), encoding="utf-8")
    plain = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "NO_COLOR": "1"}
    return plain | {name: _filled(value, url, home) for name, value in agent.env.items()}
