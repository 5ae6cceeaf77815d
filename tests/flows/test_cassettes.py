"""Recordings as cassettes: the very request, what is missing, and what is recorded of a source."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmgate.recording.format import SUFFIX, read, write
from llmgate.recording.library import shipped_folder
from llmgate.recording.recording import Recording
from tests.flows.configs import CHAT, MESSAGES, STREAMED, chat_answer, chat_chunks
from tests.support.answers import Answer, End, Hang, respond, stream
from tests.support.gateway import until
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

CONFIG = """
providers:
  up: {kind: openai-compatible, base_url: "%s/v1", api_key: sk-upstream-secret-1234}
  tape: {kind: recording, recordings: tapes, speed: 0, mode: %s, source: up%s}
routes:
  all: {targets: [{provider: tape}]}
health: {every_s: 0}
"""
NOBODY = "http://127.0.0.1:9"


def config(mode: str, url: str = NOBODY, extra: str = "") -> str:
    return CONFIG % (url, mode, extra)


async def ask(gateway: Inside, body: Any, path: str = "/v1/chat/completions") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{gateway.url}{path}", json=body, timeout=20)


def tapes(folder: Path) -> list[Recording]:
    return [read(p.read_bytes(), p.name) for p in sorted((folder / "tapes").glob("*" + SUFFIX))]


def put(folder: Path, name: str, body: Any, text: str = "recorded", **more: Any) -> None:
    """A recording as somebody's test would have it."""
    (folder / "tapes").mkdir(exist_ok=True)
    chunk = json.dumps(chat_answer(text)).encode()
    fields = {
        "title": name,
        "dialect": "openai.chat",
        "stream": bool(body.get("stream")),
        "method": "POST",
        "path": "/v1/chat/completions",
        "model": body["model"],
        "body": json.dumps(body).encode(),
        "status": 200,
        "response_headers": (("content-type", "application/json"),),
        "chunks": [chunk],
        "us": [5],
        "text": text,
    } | more
    (folder / "tapes" / (name + SUFFIX)).write_bytes(write(Recording(**fields)))


def said(answer: httpx.Response) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


def message(answer: httpx.Response) -> str:
    assert answer.status_code == 404, answer.text
    return str(answer.json()["error"]["message"])


def counting() -> Callable[[Request], Answer]:
    """Every answer is another one."""
    numbers = iter(range(1, 100))
    return lambda _: respond(chat_answer(f"answer {next(numbers)}"))


async def test_the_very_request_is_answered_whatever_order_its_keys_have(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT)
    async with inside(config("none"), tmp_path) as gateway:
        same = {"user": "me", "seed": 3, "stream": False}
        answer = await ask(gateway, dict(reversed(CHAT.items())) | same)

    assert said(answer) == "recorded"
    assert answer.headers["x-llmgate-recording"] == "a" + SUFFIX


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"temperature": 0.5}, "temperature: asked 0.5, recorded nothing"),
        ({"model": "other"}, 'model: asked "other", recorded "gpt-test"'),
        (
            {"messages": [{"role": "user", "content": "say bye"}]},
            'messages[0].content: asked "say bye", recorded "say hi"',
        ),
        ({"stream": True}, "it is not streamed"),
    ],
)
async def test_a_miss_names_the_nearest_and_where_it_differs(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    put(tmp_path, "near", CHAT)
    put(tmp_path, "far", {"model": "x", "messages": [{"role": "system", "content": "q"}], "n": 2})
    async with inside(config("none"), tmp_path) as gateway:
        lines = message(await ask(gateway, CHAT | change)).split("\n")

    assert lines[0].startswith("no recording in tapes/ is of this request: POST /v1/chat")
    assert lines[1].startswith(f"nearest: near{SUFFIX} differs: ")
    assert told in lines[1]
    assert "far" in lines[2]
    assert "mode new_episodes" in lines[-1]


async def test_a_miss_is_told_in_the_callers_protocol(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT)
    async with inside(config("none"), tmp_path) as gateway:
        answer = await ask(gateway, MESSAGES, "/v1/messages")
        chat = await ask(gateway, CHAT | {"n": 2})

    assert answer.status_code == 404
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "not_found_error"
    assert "there is openai.chat" in answer.json()["error"]["message"]
    assert chat.json()["error"]["code"] == "recording_not_found"
    assert chat.headers["x-llmgate-recording"] == "missing"


async def test_a_miss_shows_no_secret_and_no_escape(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT)
    asked = CHAT | {"note": "sk-upstream-secret-1234", "red": "\x1b[31m" + "x" * 500}
    async with inside(config("none"), tmp_path) as gateway:
        text = message(await ask(gateway, asked))

    assert "secret-1234" not in text
    assert "\x1b" not in text
    assert len(text) < 1500


async def test_volatile_places_of_the_config_do_not_count(tmp_path: Path) -> None:
    put(tmp_path, "a", {"model": "m", "messages": [{"role": "user", "content": "x", "id": 1}]})
    extra = ', volatile: ["messages[*].id", "extra.trace"]'
    async with inside(config("none", extra=extra), tmp_path) as gateway:
        body = {"model": "m", "messages": [{"role": "user", "content": "x", "id": 2}]}
        same = await ask(gateway, body | {"extra": {"trace": 4}})
        other = message(await ask(gateway, body | {"extra": {"other": 4}}))

    assert same.status_code == 404  # `extra` itself is still there
    assert said(await _again(tmp_path, body, extra)) == "recorded"
    assert "messages[0].id" not in other


async def _again(folder: Path, body: Any, extra: str) -> httpx.Response:
    async with inside(config("none", extra=extra), folder) as gateway:
        return await ask(gateway, body)


async def test_new_episodes_records_what_is_missing_and_plays_it_from_then_on(
    tmp_path: Path,
) -> None:
    async with Upstream(counting()) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            first, again = await ask(gateway, CHAT), await ask(gateway, CHAT)
        async with inside(config("none"), tmp_path) as gateway:
            later = await ask(gateway, CHAT)
        asked = up.requests

    assert [said(one) for one in (first, again, later)] == ["answer 1"] * 3
    assert first.headers["x-llmgate-recording"] == "recorded"
    assert len(asked) == 1
    assert asked[0].header("authorization") == "Bearer sk-upstream-secret-1234"
    (tape,) = tapes(tmp_path)
    assert tape.text == "answer 1"
    assert write(tape) == (tmp_path / "tapes" / tape.name).read_bytes()


async def test_a_recorded_stream_is_served_in_the_same_chunks(tmp_path: Path) -> None:
    parts = chat_chunks("Hello ", "wör", "ld")
    async with Upstream([stream(parts)]) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            live = await ask(gateway, STREAMED)
        async with inside(config("none"), tmp_path) as gateway:
            played = await ask(gateway, STREAMED)
            (row,) = (await gateway.admin.get("/admin/v1/exchanges?limit=1")).json()["exchanges"]
            chunks = await gateway.admin.get(f"/admin/v1/exchanges/{row['id']}/chunks")

    (tape,) = tapes(tmp_path)
    assert live.content == played.content == b"".join(parts)
    assert b"".join(tape.chunks) == b"".join(parts)
    assert [chunk["size"] for chunk in chunks.json()] == [len(chunk) for chunk in tape.chunks]


async def test_once_records_only_into_a_folder_that_was_empty(tmp_path: Path) -> None:
    async with Upstream(counting()) as up:
        async with inside(config("once", up.url), tmp_path) as gateway:
            one, two = await ask(gateway, CHAT), await ask(gateway, CHAT | {"n": 2})
        async with inside(config("once", up.url), tmp_path) as gateway:
            played, missing = await ask(gateway, CHAT), await ask(gateway, CHAT | {"n": 3})
        asked = len(up.requests)

    assert [said(one), said(two), said(played)] == ["answer 1", "answer 2", "answer 1"]
    assert "mode once records only into a folder that was empty" in message(missing)
    assert asked == 2


async def test_all_asks_every_time_and_writes_the_same_file_anew(tmp_path: Path) -> None:
    put(tmp_path, "mine", CHAT)
    async with Upstream(counting()) as up:
        async with inside(config("all", up.url), tmp_path) as gateway:
            answers = [said(await ask(gateway, CHAT)) for _ in range(2)]

    assert answers == ["answer 1", "answer 2"]
    assert [(tape.name, tape.text) for tape in tapes(tmp_path)] == [("mine" + SUFFIX, "answer 2")]


async def test_in_turn_each_recording_answers_once(tmp_path: Path) -> None:
    put(tmp_path, "b", CHAT, "second", t0="2026-01-01T00:00:02.000Z")
    put(tmp_path, "c", CHAT, "first", t0="2026-01-01T00:00:01.000Z")
    async with inside(config("none", extra=", ordered: true"), tmp_path) as gateway:
        answers = [await ask(gateway, CHAT) for _ in range(3)]

    assert [said(one) for one in answers[:2]] == ["first", "second"]
    assert message(answers[2]) == (
        f"all recordings of this request in tapes/ are used up (2, in turn): c{SUFFIX}, b{SUFFIX}"
    )


async def test_in_turn_repeats_are_recorded_one_by_one_and_played_in_their_order(
    tmp_path: Path,
) -> None:
    async with Upstream(counting()) as up:
        source = config("new_episodes", up.url, ", ordered: true")
        async with inside(source, tmp_path) as gateway:
            for _ in range(3):
                await ask(gateway, CHAT)
    async with inside(config("none", extra=", ordered: true"), tmp_path) as gateway:
        played = [said(await ask(gateway, CHAT)) for _ in range(3)]

    assert played == ["answer 1", "answer 2", "answer 3"]


async def test_a_file_that_is_added_or_edited_while_it_runs_is_seen(tmp_path: Path) -> None:
    async with inside(config("none"), tmp_path) as gateway:
        before = await ask(gateway, CHAT)
        put(tmp_path, "a", CHAT)
        added = await ask(gateway, CHAT)
        put(tmp_path, "a", CHAT | {"n": 2}, "edited in place")
        edited = await ask(gateway, CHAT | {"n": 2})

    assert before.status_code == 404
    assert (said(added), said(edited)) == ("recorded", "edited in place")


async def test_what_cannot_be_read_is_said_in_a_miss_and_spoils_nothing(tmp_path: Path) -> None:
    put(tmp_path, "good", CHAT)
    (tmp_path / "tapes" / f"bad{SUFFIX}").write_text('{"k":"head","v":1}\n')
    async with inside(config("none"), tmp_path) as gateway:
        good = await ask(gateway, CHAT)
        text = message(await ask(gateway, CHAT | {"n": 2}))

    assert said(good) == "recorded"
    assert f"not read: Object missing required field `id` (bad{SUFFIX}, line 1)" in text.replace(
        " - at `$`", ""
    )


async def test_a_request_without_an_answer_is_never_served(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT, status=0, chunks=[], us=[], how="reset", text="")
    async with inside(config("none"), tmp_path) as gateway:
        answer = await ask(gateway, CHAT)

    assert answer.status_code == 404


async def test_refusals_of_the_source_and_streams_that_broke_are_recorded_too(
    tmp_path: Path,
) -> None:
    parts = chat_chunks("one ", "two ")[:2]
    limited = respond({"error": {"message": "slow down"}}, status=429)
    broken = stream([*parts, End("rst")])
    async with Upstream([limited, broken]) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            refused = await ask(gateway, CHAT)
            with pytest.raises(httpx.TransportError):
                await ask(gateway, STREAMED)
            await until(lambda: asyncio.sleep(0, len(tapes(tmp_path)) == 2))
    async with inside(config("none"), tmp_path) as gateway:
        again = await ask(gateway, CHAT)
        with pytest.raises(httpx.TransportError):
            await ask(gateway, STREAMED)

    assert (refused.status_code, again.status_code) == (429, 429)
    assert again.json() == {"error": {"message": "slow down"}}
    assert {tape.how for tape in tapes(tmp_path)} == {"eof", "reset"}


async def test_what_its_caller_left_is_not_recorded(tmp_path: Path) -> None:
    parts = chat_chunks("one ", "two ")[:2]
    hanging = stream([*parts, Hang()])
    async with Upstream([hanging, respond(chat_answer("whole"))]) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", f"{gateway.url}/v1/chat/completions", json=STREAMED) as left,
            ):
                async for _ in left.aiter_raw():
                    break
            await up.closed(0)
            again = await ask(gateway, STREAMED)

    assert said(again) == "whole"
    assert [tape.text for tape in tapes(tmp_path)] == ["whole"]


async def test_a_source_that_cannot_be_reached_leaves_no_recording(tmp_path: Path) -> None:
    async with inside(config("new_episodes"), tmp_path) as gateway:
        answer = await ask(gateway, CHAT)
        again = await ask(gateway, CHAT)

    assert (answer.status_code, again.status_code) == (502, 502)
    assert not (tmp_path / "tapes").exists()


async def test_a_source_that_does_not_speak_the_protocol_is_named(tmp_path: Path) -> None:
    async with inside(config("new_episodes"), tmp_path) as gateway:
        answer = await ask(gateway, MESSAGES, "/v1/messages")

    assert "source 'up' does not speak its protocol" in answer.json()["error"]["message"]


async def test_secrets_are_not_recorded_and_the_request_that_held_one_is_still_found(
    tmp_path: Path,
) -> None:
    asked = CHAT | {"note": "the key is sk-upstream-secret-1234"}
    leaky = chat_answer("your key is sk-upstream-secret-1234")
    async with Upstream([respond(leaky)]) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            live = await ask(gateway, asked)
            played = await ask(gateway, asked)

    (path,) = (tmp_path / "tapes").iterdir()
    assert b"secret-1234" not in path.read_bytes()
    assert said(live) == "your key is sk-upstream-secret-1234"
    assert "secret-1234" not in said(played)
    assert len(played.content) == len(live.content)


async def test_equal_requests_at_once_ask_the_source_once(tmp_path: Path) -> None:
    async with Upstream(counting()) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            answers = await asyncio.gather(*(ask(gateway, CHAT) for _ in range(5)))
        asked = len(up.requests)

    assert {said(one) for one in answers} == {"answer 1"}
    assert asked == 1


async def test_every_shipped_recording_is_served_for_its_own_request_byte_for_byte(
    tmp_path: Path,
) -> None:
    text = config("none").replace("recordings: tapes", f"recordings: {shipped_folder()}")
    async with inside(text, tmp_path) as gateway, httpx.AsyncClient() as client:
        for path in sorted(shipped_folder().glob("*" + SUFFIX)):
            tape = read(path.read_bytes(), path.name)
            if tape.how in {"reset", "timeout"}:
                continue
            answer = await client.post(f"{gateway.url}{tape.path}", content=tape.body)
            assert answer.content == b"".join(tape.chunks), path.name
            assert answer.status_code == tape.status, path.name


async def test_the_models_of_recordings_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT)
    async with inside(config("none"), tmp_path) as gateway:
        async with httpx.AsyncClient(base_url=gateway.url) as client:
            answer = await client.get("/p/tape/v1/models")

    assert [model["id"] for model in answer.json()["data"]] == ["gpt-test"]


async def test_the_source_follows_the_name_of_its_provider(tmp_path: Path) -> None:
    async with Upstream(counting()) as up:
        async with inside(config("new_episodes", up.url), tmp_path) as gateway:
            renamed = await gateway.admin.post(
                "/admin/v1/providers/up/rename", json={"to": "real"}, headers={"if-match": "*"}
            )
            answer = await ask(gateway, CHAT)

    assert renamed.status_code == 200, renamed.text
    assert "source: real" in (tmp_path / "config.yaml").read_text("utf-8")
    assert said(answer) == "answer 1"


async def test_a_cassette_plays_at_its_recorded_pace(tmp_path: Path) -> None:
    put(tmp_path, "a", CHAT, us=[60_000], total_us=60_000)
    text = config("none").replace("speed: 0", "speed: 1")
    async with inside(text, tmp_path) as gateway:
        await ask(gateway, CHAT)
        (row,) = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]

    assert row["ttfb_us"] >= 60_000
