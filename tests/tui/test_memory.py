"""The view's state from one start to the next."""

from pathlib import Path

import pytest

from llmgate_tui.app import LlmgateApp
from llmgate_tui.memory import keep, recall
from llmgate_tui.screens.confirm import Confirm
from tests.tui import sample
from tests.tui.conftest import FrozenClock, open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import TOKEN, FakeGateway, gateway
from tests.tui.furnished import furnish


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    memory = {"traffic": {"filter": "model:a*", "order": "cost"}, "app": {"theme": "nord"}}

    keep(tmp_path / "view.json", memory)

    assert recall(tmp_path / "view.json") == memory
    assert (tmp_path / "view.json").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["view.json"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"a": 1}', b'{"a": {"b": 1}}', b"\xff\xfe", b'{"a": "' + b"x" * 70_000],
)
def test_a_file_that_cannot_be_used_is_no_memory(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "view.json").write_bytes(data)

    assert recall(tmp_path / "view.json") == {}


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path) -> None:
    keep(tmp_path / "gone" / "view.json", {"app": {"theme": "nord"}})
    keep(None, {"app": {}})

    assert list(tmp_path.iterdir()) == []
    assert recall(tmp_path / "gone" / "view.json") == {}
    assert recall(None) == {}


def started(fake: FakeGateway, file: Path) -> LlmgateApp:
    """One start of the terminal; its view is kept in the file."""
    return LlmgateApp(
        fake.url,
        TOKEN,
        address=sample.ADDRESS,
        clock=FrozenClock(),
        heartbeat_s=60.0,
        memory_file=file,
    )


async def test_the_next_start_shows_what_was_left(
    busy: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEXTUAL_THEME", raising=False)
    file = tmp_path / "view.json"
    furnish(busy)
    app = started(busy, file)
    async with app.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("slash")
        await typed(pilot, "-client:codex")
        await pilot.press("enter")
        await until(pilot, lambda: "60/60" not in screen_text(app))
        await pilot.press("5")
        await shown(pilot, "$ per hour")
        await pilot.press("b")
        app.theme = "llmgate-light"
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)

    asked = len(busy.requests)
    again = started(busy, file)
    async with again.run_test(size=(120, 40)) as pilot:
        await shown(pilot, "$ per hour")
        await until(pilot, lambda: "/admin/v1/spend?period=today&by=key" in busy.requests[asked:])
        assert again.theme == "llmgate-light"
        await pilot.press("1")
        text = await shown(pilot, "-client:codex")
        assert "60/60" not in text


async def test_leaving_with_a_draft_asks_and_staying_keeps_it() -> None:
    async with gateway(sample.exchanges(8)) as fake:
        furnish(fake)
        app = open_app(fake)
        async with app.run_test(size=(80, 24)) as pilot:
            await shown(pilot, "connected")
            await pilot.press("3")
            await shown(pilot, "gpt-*")
            await until(pilot, lambda: "v12" in screen_text(app))
            await pilot.press("plus")
            await until(pilot, lambda: len(app.desk.draft) == 1)
            await pilot.press("q")
            await shown(pilot, "1 edit is not applied and will be lost.")
            await pilot.press("n")
            await until(pilot, lambda: not isinstance(app.screen, Confirm))
            assert len(app.desk.draft) == 1
            await pilot.press("q", "y")
            await until(pilot, lambda: app.return_code is not None)

    assert app.return_code == 0
