"""The pytest fixture, in real runs of pytest: an application's tests offline and always alike."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from llmgate.recording.format import SUFFIX, read, write
from llmgate.recording.recording import Recording
from tests.flows.configs import chat_answer
from tests.support.answers import respond
from tests.support.upstream import Upstream

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.timeout(240)  # each starts a pytest and a gateway
CHECKOUT = Path(__file__).parents[2]
CONFTEST = 'pytest_plugins = ["llmgate.testing"]\n'
ASKING = """
import openai

def ask(text, **more):
    with openai.OpenAI(max_retries=0) as client:
        answer = client.chat.completions.create(
            model="gpt-test", messages=[{"role": "user", "content": text}], **more
        )
    return answer.choices[0].message.content
"""


def tape(folder: Path, name: str, text: str, answer: str, **more: Any) -> None:
    """A recording that somebody committed."""
    folder.mkdir(exist_ok=True)
    body = {"messages": [{"role": "user", "content": text}], "model": "gpt-test"}
    fields: dict[str, Any] = {
        "title": name,
        "dialect": "openai.chat",
        "stream": False,
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": "gpt-test",
        "body": json.dumps(body).encode(),
        "status": 200,
        "response_headers": (("content-type", "application/json"),),
        "chunks": [json.dumps(chat_answer(answer)).encode()],
        "us": [5],
    }
    (folder / (name + SUFFIX)).write_bytes(write(Recording(**fields | more)))


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own whose pytest finds llmgate; no provider can be reached by mistake."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-real-key-0001")
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)  # the inner run has workers of its own, or none
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(asking=ASKING)
    return pytester


def test_a_test_is_answered_from_the_folder_beside_it(run: pytest.Pytester) -> None:
    tape(run.path / "recordings", "hello", "say hi", "hello there")
    tape(run.path / "recordings", "other", "never", "asked")
    run.makepyfile(
        """
        from asking import ask

        def test_it(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            assert ask("say hi") == "hello there"
            assert ask("say hi") == "hello there"
            assert [(r.path, r.status, r.recording) for r in llmgate_gateway.requests] == [
                ("/v1/chat/completions", 200, "hello.llmrec.jsonl")
            ] * 2
            assert llmgate_gateway.requests[0].json["messages"][0]["content"] == "say hi"
            assert llmgate_gateway.unused() == ["other.llmrec.jsonl"]

        def test_another_starts_afresh(llmgate_gateway):
            assert llmgate_gateway.requests == []
        """
    )
    run.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_an_unknown_request_fails_the_test_though_the_application_swallowed_it(
    run: pytest.Pytester,
) -> None:
    tape(run.path / "recordings", "hello", "say hi", "hello there")
    run.makepyfile(
        """
        import openai
        from asking import ask

        def test_it(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            try:
                ask("say bye", temperature=0.5)
            except openai.NotFoundError:
                pass
        """
    )
    result = run.runpytest_subprocess()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*no recording in recordings/ is of this request: POST /v1/chat/completions*say bye",
            'nearest: hello.llmrec.jsonl differs: messages*0*.content: asked "say bye", recorded'
            ' "say hi"; temperature: asked 0.5, recorded nothing',
        ]
    )


def test_sdks_of_both_vendors_and_async_tests_are_served(run: pytest.Pytester) -> None:
    tape(run.path / "recordings", "hello", "say hi", "hello there")
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": [{"type": "text", "text": "from claude"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    body = {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "say hi"}],
        "model": "claude-test",
    }
    tape(
        run.path / "recordings",
        "claude",
        "",
        "",
        dialect="anthropic.messages",
        path="/v1/messages",
        model="claude-test",
        body=json.dumps(body).encode(),
        chunks=[json.dumps(message).encode()],
    )
    run.makepyfile(
        """
        import anthropic, asyncio, openai

        async def both():
            async with openai.AsyncOpenAI() as one, anthropic.AsyncAnthropic() as two:
                said = [{"role": "user", "content": "say hi"}]
                a = await one.chat.completions.create(model="gpt-test", messages=said)
                b = await two.messages.create(model="claude-test", max_tokens=9, messages=said)
                return a.choices[0].message.content, b.content[0].text

        def test_it(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            assert asyncio.run(both()) == ("hello there", "from claude")
            assert llmgate_gateway.unused() == []

        async def test_in_a_loop(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            assert (await both())[0] == "hello there"
        """
    )
    result = run.runpytest_subprocess("-o", "asyncio_mode=auto")
    result.assert_outcomes(passed=2)


async def test_once_records_the_first_run_and_the_second_is_offline(run: pytest.Pytester) -> None:

    run.makepyfile(
        """
        import pytest
        from asking import ask

        @pytest.mark.parametrize("text", ["one", "two"])
        def test_it(llmgate_gateway, monkeypatch, text):
            llmgate_gateway.set_environment(monkeypatch)
            assert ask(text) == "hello there"
        """
    )
    async with Upstream([respond(chat_answer())]) as up:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_BASE_URL", f"{up.url}/v1")
            first = await asyncio.to_thread(run.runpytest_subprocess, "--llmgate-record=once")
            asked = [request.header("authorization") for request in up.requests]
            again = await asyncio.to_thread(run.runpytest_subprocess, "--llmgate-record=once")
            offline = await asyncio.to_thread(run.runpytest_subprocess)
            count = len(up.requests)

    for result in (first, again, offline):
        result.assert_outcomes(passed=2)
    assert asked == ["Bearer sk-real-key-0001"] * 2
    assert count == 2
    tapes = [read(path.read_bytes()) for path in (run.path / "recordings").iterdir()]
    assert sorted(json.loads(it.body)["messages"][0]["content"] for it in tapes) == ["one", "two"]
    assert not any(b"sk-real" in path.read_bytes() for path in (run.path / "recordings").iterdir())


def test_without_the_option_nobody_is_asked(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import pytest
        from asking import ask

        def test_it(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            with pytest.raises(Exception, match="no recording in recordings/"):
                ask("hi")
        """
    )
    result = run.runpytest_subprocess()

    result.assert_outcomes(passed=1, errors=1)
    assert not (run.path / "recordings").exists()


def test_markers_say_it_for_one_test(run: pytest.Pytester) -> None:
    tape(run.path / "tapes", "a", "say hi", "first", t0="2026-01-01T00:00:01.000Z")
    tape(run.path / "tapes", "b", "say hi", "second", t0="2026-01-01T00:00:02.000Z")
    run.makepyfile(
        """
        import pytest
        from asking import ask

        pytestmark = pytest.mark.llmgate(folder="tapes", volatile=["temperature"])

        @pytest.mark.llmgate(ordered=True)
        @pytest.mark.parametrize("again", [1, 2])
        def test_in_turn(llmgate_gateway, monkeypatch, again):
            llmgate_gateway.set_environment(monkeypatch)
            assert ask("say hi", temperature=again) == "first"
            assert ask("say hi") == "second"

        @pytest.mark.llmgate(allow_missing=True)
        def test_missing_on_purpose(llmgate_gateway, monkeypatch):
            llmgate_gateway.set_environment(monkeypatch)
            with pytest.raises(Exception, match="404"):
                ask("what?")
            assert len(llmgate_gateway.missing()) == 1
        """
    )
    run.runpytest_subprocess("--strict-markers").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("colour=1", "does not know colour"),
        ("mode='sometimes'", "mode 'sometimes' is none of none, once, new_episodes, all"),
        ("volatile=['a..b']", "volatile `a..b` has no name"),
    ],
)
def test_a_wrong_marker_is_told(run: pytest.Pytester, marker: str, said: str) -> None:
    run.makepyfile(
        f"""
        import pytest

        @pytest.mark.llmgate({marker})
        def test_it(llmgate_gateway):
            pass
        """
    )
    result = run.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    assert said in result.stdout.str()


def test_the_ini_file_names_the_folder_and_workers_share_nothing(run: pytest.Pytester) -> None:
    tape(run.path / "common", "a", "say hi", "hello there")
    run.makeini("[pytest]\nllmgate_recordings = common\nllmgate_volatile =\n    temperature\n")
    run.makepyfile(
        """
        import pytest
        from asking import ask

        @pytest.mark.parametrize("number", range(6))
        def test_it(llmgate_gateway, monkeypatch, number):
            llmgate_gateway.set_environment(monkeypatch)
            assert ask("say hi", temperature=number / 10) == "hello there"
            assert len(llmgate_gateway.requests) == 1
        """
    )
    run.runpytest_subprocess("-n2").assert_outcomes(passed=6)


def test_no_process_and_no_folder_is_left_behind(run: pytest.Pytester) -> None:
    tape(run.path / "recordings", "a", "say hi", "hello there")
    run.makepyfile(
        """
        import os
        from pathlib import Path

        def test_it(llmgate_gateway, request):
            from llmgate.testing import plugin
            station = request.config.stash[plugin._station]
            Path("left.txt").write_text(f"{station._child.pid}\\n{station._scratch.name}")
        """
    )
    run.runpytest_subprocess().assert_outcomes(passed=1)
    number, folder = (run.path / "left.txt").read_text().split("\n")

    assert not Path("/proc", number).exists()
    assert not Path(folder).exists()
