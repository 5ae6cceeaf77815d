"""Every exchange that ends becomes a file, beside the requests and never in their way."""

import json
import sys
import threading
from pathlib import Path

import httpx
import pytest

from llmgate.recording.checking import check
from llmgate.recording.files import NotWritable
from llmgate.recording.format import read
from llmgate.recording.rules import Rules
from llmgate.server import recorder as module
from llmgate.server.recorder import Recorder
from tests.store.making import begin, finish
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess, until
from tests.support.upstream import Upstream

RULES = Rules([("openai", "a-configured-secret")])


def recordings(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.llmrec.jsonl"))


def test_each_exchange_is_a_recording_without_secrets(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "new" / "folder", lambda: RULES)
    recorder.start()
    for number in range(20):
        asked = {"model": "gpt-4o", "input": f"{number} a-configured-secret"}
        recorder.ended(finish(begin(number, json.dumps(asked).encode())))
    recorder.close()

    files = recordings(recorder.folder)
    assert len(files) == recorder.written == 20
    for file in files:
        assert b"a-configured-secret" not in file.read_bytes()
        assert [
            it for it in check(file.read_bytes(), file.name, Rules()) if it.level == "error"
        ] == []
    assert recorder.news() == []


def test_threads_change_hands_as_before_once_it_has_nothing_to_do(tmp_path: Path) -> None:
    before = sys.getswitchinterval()
    during: list[float] = []

    def rules() -> Rules:
        during.append(sys.getswitchinterval())
        return RULES

    recorder = Recorder(tmp_path, rules)
    recorder.start()
    assert sys.getswitchinterval() == before
    recorder.ended(finish(begin(1)))
    recorder.close()

    assert during[0] < before
    assert sys.getswitchinterval() == before


def test_the_same_request_twice_in_a_second_is_two_files_when_the_answers_differ(
    tmp_path: Path,
) -> None:
    recorder = Recorder(tmp_path, lambda: RULES)
    recorder.start()
    for answer in (b'{"a":1}', b'{"a":2}', b'{"a":1}'):
        recorder.ended(finish(begin(1), answer))
    recorder.close()

    assert [read(file.read_bytes()).chunks for file in recordings(tmp_path)] == [
        [b'{"a":2}'],
        [b'{"a":1}'],
    ]


def test_what_comes_too_fast_is_dropped_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    held, reached = threading.Event(), threading.Event()

    def rules() -> Rules:
        reached.set()
        held.wait(10)
        return RULES

    recorder = Recorder(tmp_path, rules)
    recorder.start()
    recorder.ended(finish(begin(0)))
    assert reached.wait(10)
    for number in range(1, 9):
        recorder.ended(finish(begin(number)))
    (said,) = recorder.news()
    assert said.startswith("5 more exchanges came too fast")
    assert recorder.news() == []
    held.set()
    recorder.close()

    assert recorder.written == 4


def test_one_that_cannot_be_recorded_is_said_and_the_next_one_is(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, lambda: RULES)
    recorder.start()
    broken = finish(begin(1), b"no gzip")
    broken.received_headers = [("content-encoding", "gzip")]
    recorder.ended(broken)
    recorder.ended(finish(begin(2)))
    recorder.close()

    (said,) = recorder.news()
    assert "no recording of x000001" in said
    assert len(recordings(tmp_path)) == 1


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotWritable, match="--record"):
        Recorder(tmp_path / "file" / "folder", lambda: RULES).start()


CONFIG = """
providers:
  live: {{kind: openai-compatible, base_url: "{url}/v1", api_key: {key}}}
"""


async def test_a_gateway_records_what_it_carries_also_after_a_reload(tmp_path: Path) -> None:
    folder = tmp_path / "recorded"
    chat = {"model": "m", "messages": [{"role": "user", "content": "Hi, key-number-two!"}]}
    async with Upstream([respond({"choices": []})]) as upstream:
        first = CONFIG.format(url=upstream.url, key="key-number-one")
        async with GatewayProcess(first, arguments=("--record", str(folder))) as gateway:
            assert any(str(folder) in line for line in gateway.log_lines)
            async with httpx.AsyncClient() as client:
                url = f"{gateway.url}/p/live/v1/chat/completions"
                await client.post(url, json=chat)
                gateway.write_config(CONFIG.format(url=upstream.url, key="key-number-two"))

                async def reloaded() -> bool:
                    status = (await gateway.admin.get("/admin/v1/status")).json()
                    return bool(status["config_version"] == 2)

                await until(reloaded)
                await client.post(url, json=chat)

                async def both_are_there() -> bool:
                    return len(recordings(folder)) == 2

                await until(both_are_there)

    texts = [file.read_text("utf-8") for file in recordings(folder)]
    assert sum("key-number-two" in text for text in texts) == 1  # the one before it was a secret
    assert not any("key-number-one" in text for text in texts)
