"""Files of others become exchanges of the store, over the control API."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from llmgate.recording.format import SUFFIX, read
from llmgate.recording.importing import found
from llmgate.recording.library import shipped_folder
from tests.flows.configs import STREAMED, chat_chunks, openai, raw
from tests.recording.importing.samples import (
    ASKED,
    BODY,
    COMPLETION,
    STREAM,
    entry,
    har,
    lines,
)
from tests.support.answers import stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

CONFIG = """
providers:
  demo: {kind: recording, recordings: %s, speed: 0}
health: {every_s: 0}
"""
IMPORT = "/admin/v1/recordings/import"


async def take(gateway: Inside, data: bytes, *, code: int = 200, **params: str) -> Any:
    answer = await gateway.admin.post(IMPORT, content=data, params={"name": "a.har"} | params)
    assert answer.status_code == code, answer.text
    return answer.json()


async def test_an_imported_entry_is_an_exchange_with_everything_it_had(tmp_path: Path) -> None:
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        answer = await take(gateway, har(entry(), entry("https://x.test/a.js")))
        (name,) = answer["ids"]
        detail = (await gateway.admin.get(f"/admin/v1/exchanges/{name}")).json()
        body = (await gateway.admin.get(f"/admin/v1/exchanges/{name}/body")).content
        asked = await gateway.admin.get(f"/admin/v1/exchanges/{name}/body?part=request")
        chunks = (await gateway.admin.get(f"/admin/v1/exchanges/{name}/chunks")).json()

    row = detail["summary"]
    assert answer["skipped"] == [
        {
            "what": "a.har, entry 2: POST https://x.test/a.js",
            "why": "its path is none of a protocol that is carried",
            "foreign": True,
        }
    ]
    assert name.startswith(f"{row['started_ms']:011x}")
    assert (row["state"], row["status"], row["stream"], row["replay"]) == (
        "finished", 200, True, "import",
    )  # fmt: skip
    assert (row["exported"], row["tags"], row["input_tokens"], row["output_tokens"]) == (
        True, "imported", 9, 4,
    )  # fmt: skip
    assert row["cost_basis"] == "estimated"
    assert "even steps" in row["note"]
    assert body == STREAM.encode()
    assert asked.content == BODY.encode()
    assert [chunk["at_us"] for chunk in chunks] == [400_000, 525_000, 650_000, 775_000, 900_000]


async def test_importing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    data = lines({"request": ASKED, "response": COMPLETION}, ASKED, ASKED)
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        first = await take(gateway, data)
        again = await take(gateway, data)
        page = (await gateway.admin.get("/admin/v1/exchanges?count=true")).json()

    assert len(first["ids"]) == 2  # the same request twice is once
    assert (again.get("ids", []), again["known"], again["already"]) == ([], 2, first["ids"])
    assert page["total"] == 2


async def test_a_request_without_an_answer_waits_to_be_replayed(tmp_path: Path) -> None:
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        (name,) = (await take(gateway, lines(ASKED)))["ids"]
        row = (await gateway.admin.get(f"/admin/v1/exchanges/{name}")).json()["summary"]

    assert row["state"] == "cut"
    assert "status" not in row
    assert "replay it" in row["error"]


async def test_secrets_of_the_config_and_of_known_shapes_do_not_come_in(tmp_path: Path) -> None:
    config = CONFIG % tmp_path + "keys: {a: {key: hunter22-secret}}\n"
    told = ASKED | {
        "messages": [
            {"role": "user", "content": "I use hunter22-secret and sk-proj-Abcdefgh12345678"}
        ]
    }
    async with inside(config, tmp_path) as gateway:
        (name,) = (await take(gateway, lines({"request": told, "response": COMPLETION})))["ids"]
        kept = await gateway.admin.get(f"/admin/v1/exchanges/{name}/body?part=request")

    assert b"hunter22" not in kept.content
    assert b"Abcdefgh" not in kept.content
    assert len(kept.content) == len(json.dumps(told))


@pytest.mark.parametrize(
    ("data", "params", "said"),
    [
        (b"hello", {}, "a.har is nothing that is known"),
        (b"", {}, "a.har is empty"),
        (b"{}", {"kind": "har"}, "a.har is no HAR"),
        (b"hello", {"name": "\x1b[31mred"}, "␛[31mred is nothing"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_by_name(
    tmp_path: Path, data: bytes, params: dict[str, str], said: str
) -> None:
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        answer = await take(gateway, data, code=400, **params)

    assert said in answer["error"]["message"]


async def test_nothing_is_imported_while_no_bodies_are_kept(tmp_path: Path) -> None:
    config = CONFIG % tmp_path + "recording: {bodies: metadata}\n"
    async with inside(config, tmp_path) as gateway:
        answer = await take(gateway, har(entry()), code=409)

    assert "recording.bodies: full" in answer["error"]["message"]


async def test_more_than_an_import_takes_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "MAX_RECORDINGS", 2)
    data = lines(*(ASKED | {"seed": n, "n": n} for n in range(4)))
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        answer = await take(gateway, data)

    assert len(answer["ids"]) == 2
    assert "over the limit of 2 requests" in answer["skipped"][0]["why"]


async def test_old_imports_stay_though_the_store_keeps_a_day(tmp_path: Path) -> None:
    config = CONFIG % tmp_path + "recording: {keep_days: 1}\n"
    async with inside(config, tmp_path) as gateway:
        (name,) = (await take(gateway, har(entry())))["ids"]
        await gateway.admin.post("/admin/v1/store/gc")
        row = (await gateway.admin.get(f"/admin/v1/exchanges/{name}")).json()["summary"]

    assert row["exported"] is True
    assert "marked" not in row


async def test_old_imports_come_in_while_the_caps_are_enforced(tmp_path: Path) -> None:
    config = CONFIG % tmp_path + "recording: {keep_days: 1}\n"
    async with inside(config, tmp_path) as gateway:
        for number in range(10):
            data = har(entry(text=f"{STREAM}: {number}\n\n"))
            swept = [gateway.admin.post("/admin/v1/store/gc") for _ in range(4)]
            answer, *_ = await asyncio.gather(take(gateway, data), *swept)
            assert len(answer["ids"]) == 1


async def test_a_recording_of_an_exchange_is_the_same_bytes_after_an_import(
    tmp_path: Path,
) -> None:
    async with Upstream(lambda _: stream(chat_chunks("Hello ", "wörld", "."))) as up:
        async with inside(openai(up.url), tmp_path) as gateway:
            await raw(gateway.url, "/v1/chat/completions", STREAMED)
            (row,) = (await gateway.admin.get("/admin/v1/exchanges")).json()["exchanges"]
            made = await gateway.admin.get(f"/admin/v1/exchanges/{row['id']}/export")
            (name,) = (await take(gateway, made.content))["ids"]
            again = await gateway.admin.get(f"/admin/v1/exchanges/{name}/export")

    assert name != row["id"]
    assert lines_of(again.content) == lines_of(made.content)


def lines_of(data: bytes) -> list[Any]:
    """The lines, without those that tell of the way that only the first one took."""
    values = [json.loads(line) for line in data.splitlines()]
    return [value for value in values if value["k"] != "route"]


async def test_every_shipped_recording_survives_the_way_in_and_out(tmp_path: Path) -> None:
    async with inside(CONFIG % tmp_path, tmp_path) as gateway:
        for path in sorted(shipped_folder().glob("*" + SUFFIX)):
            data = path.read_bytes()
            (name,) = (await take(gateway, data))["ids"]
            made = await gateway.admin.get(f"/admin/v1/exchanges/{name}/export")
            before, after = read(data, path.name), read(made.content, path.name)

            assert (after.chunks, after.us) == (before.chunks, before.us), path.name
            assert (after.body, after.status) == (before.body, before.status), path.name
            assert (after.how, after.stream) == (before.how, before.stream), path.name
            assert after.total_us == before.total_us, path.name
