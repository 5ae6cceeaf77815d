"""Exchanges into files: named, never over another file, what is left out is said."""

import os
import stat
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from llmgate.wire.recordings import ExportRequest
from llmgate_tui import exporting
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.form import Form
from llmgate_tui.screens.menu import Menu
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, until
from tests.tui.fake_gateway import FakeGateway, Reply

ROW = sample.exchanges(8)[0]


def asked(fake: FakeGateway) -> list[ExportRequest]:
    return [
        msgspec.json.decode(one.body, type=ExportRequest)
        for one in fake.asked
        if one.path == "recordings/export"
    ]


async def chosen(app: LlmgateApp, pilot: Pilot[None], key: str, place: Path) -> None:
    """Through the menu and the form."""
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, Menu))
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, Form))
    app.screen.query_one("#form-place", Input).value = str(place)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is app.main)


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    first = exporting.write(tmp_path / "in" / "a.llmrec.jsonl", b"one")
    again = exporting.write(tmp_path / "in" / "a.llmrec.jsonl", b"one")
    other = exporting.write(tmp_path / "in" / "a.llmrec.jsonl", b"two")

    assert first == again == tmp_path / "in" / "a.llmrec.jsonl"
    assert other.name == "a-2.llmrec.jsonl"
    assert first.read_bytes() == b"one"
    assert other.read_bytes() == b"two"


def test_a_body_as_it_came_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        body = exporting.write(tmp_path / "body.json", b"{}", private=True)
        har = exporting.write(tmp_path / "a.har", b"{}")
    finally:
        os.umask(before)

    assert stat.S_IMODE(body.stat().st_mode) == 0o600
    assert stat.S_IMODE(har.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("choice", "count", "place"),
    [
        ("recording", 1, "./recordings"),
        ("recording", 3, "./recordings"),
        ("har", 1, "./ex_000000.har"),
        ("jsonl", 3, "./exchanges-3.jsonl"),
        ("curl", 1, "./ex_000000.sh"),
        ("body", 1, "./ex_000000.request.json"),
        ("answer", 1, "./ex_000000.answer.txt"),
        ("answer", 2, "./bodies"),
    ],
)
def test_a_usual_place_is_offered(choice: str, count: int, place: str) -> None:
    assert exporting.usual_place(choice, [ROW] * count) == place


def test_an_id_is_no_path() -> None:
    row = msgspec.structs.replace(ROW, id="../../etc/\x1bpasswd")

    assert "/" not in exporting.usual_place("har", [row])[2:]


async def test_marked_exchanges_become_recordings_and_what_cannot_is_told(
    busy: FakeGateway, tmp_path: Path
) -> None:
    busy.answers["POST recordings/export"] = b'{"k":"head"}\n'
    busy.headers = {"content-disposition": 'attachment; filename="../what is.llmrec.jsonl"'}
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("G", "m", "g", "m", "m")
        await chosen(app, pilot, "r", tmp_path / "recs")
        await until(pilot, lambda: "left out" in screen_text(app))
        assert "still running" in screen_text(app)

    assert [one.ids for one in asked(busy)] == [[row.id] for row in busy.rows[:2]]
    assert os.listdir(tmp_path / "recs") == ["what-is.llmrec.jsonl"]  # noqa: PTH208


async def test_one_document_of_many_says_how_many_are_missing_and_why(
    busy: FakeGateway, tmp_path: Path
) -> None:
    busy.answers["POST recordings/export"] = b"{}"
    busy.headers = {"x-llmgate-skipped": "1", "x-llmgate-skipped-why": "no%20body%20was%20kept"}
    app = open_app(busy)
    async with app.run_test(size=(200, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "m", "m")
        await chosen(app, pilot, "h", tmp_path / "a.har")
        await shown(pilot, "1 left out: no body was kept")

    assert (tmp_path / "a.har").read_bytes() == b"{}"
    assert asked(busy)[0].format == "har"
    assert len(asked(busy)[0].ids) == 2


async def test_the_body_of_the_row_goes_into_a_file(busy: FakeGateway, tmp_path: Path) -> None:
    busy.bodies[busy.rows[0].id] = b'{"model": 1}'
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g")
        await chosen(app, pilot, "b", tmp_path)
        await shown(pilot, "written to")

    assert (tmp_path / f"{busy.rows[0].id}.request.json").read_bytes() == b'{"model": 1}'


async def test_a_refusal_and_a_full_disk_are_told(busy: FakeGateway, tmp_path: Path) -> None:
    busy.answers["POST recordings/export"] = Reply(409, {"detail": "embeddings have no messages"})
    app = open_app(busy)
    async with app.run_test(size=(200, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g")
        await chosen(app, pilot, "j", tmp_path / "a.jsonl")
        await shown(pilot, "embeddings have no messages")
        (tmp_path / "file").write_text("")
        busy.answers["POST recordings/export"] = b"{}"
        await chosen(app, pilot, "j", tmp_path / "file" / "a.jsonl")
        await shown(pilot, "not written")


async def test_what_still_runs_cannot_be_exported(busy: FakeGateway) -> None:
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("x")
        await shown(pilot, "still running")
