"""Edit and resend from the list: by form, by editor; nothing typed is lost, all is compared."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import Cell, Matrix, MatrixRow, ReplayRefusal, ReplaySpec, ReplayTarget
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.menu import Menu
from llmgate_tui.screens.resend import Resend
from tests.tui import compared
from tests.tui.conftest import fresh, open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.replayed import estimate, replay
from tests.tui.test_hostile import EVIL, clean

ASKED: dict[str, Any] = {
    "model": "fast",
    "temperature": 0.5,
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
}


Editor = Callable[..., Path]


def serve(fake: FakeGateway) -> ExchangeSummary:
    """The first exchange can be edited; its answer is ``new_1``."""
    row = msgspec.structs.replace(
        fake.rows[0],
        protocol="openai.chat",
        provider="groq",
        model="fast",
        served="llama-3.3-70b",
    )
    fake.rows[0] = row
    fake.bodies[row.id] = msgspec.json.encode(ASKED)
    view = replay("rp_1", state="finished", total=1, done=1, running=0)
    cells = [Cell(ids=[row.id]), Cell(ids=["new_1"], state="finished", ok=1)]
    fake.answers |= {
        "POST replays/estimate": estimate("groq/llama-3.3-70b", requests=1),
        "POST replays": replay("rp_1"),
        "replays/rp_1": view,
        "replays/rp_1/matrix": Matrix(
            replay=view,
            columns=["original", "groq"],
            rows=[MatrixRow(source=row, title="Hi", cells=cells)],
            totals=[],
        ),
    }
    return row


def answered(fake: FakeGateway, row: ExchangeSummary) -> None:
    """The answer has come."""
    fake.rows.append(fresh(1, parent=row.id, replay="rp_1"))
    compared.serve(fake, 0, -1)


def specs(fake: FakeGateway, path: str = "replays") -> list[ReplaySpec]:
    return [
        msgspec.json.decode(asked.body, type=ReplaySpec)
        for asked in fake.asked
        if asked.path == path
    ]


def form(app: LlmgateApp) -> Resend:
    assert isinstance(app.screen, Resend)
    return app.screen


async def opened(fake: FakeGateway, app: LlmgateApp, pilot: Pilot[None]) -> None:
    await shown(pilot, "/60")
    await pilot.press("g", "e")
    await until(pilot, lambda: isinstance(app.screen, Menu))
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, Resend))


async def test_a_form_is_filled_changed_sent_and_the_answer_compared(busy: FakeGateway) -> None:
    row = serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(120, 35)) as pilot:
        await opened(busy, app, pilot)
        assert form(app).values() == {
            "provider": "groq",
            "model": "llama-3.3-70b",
            "temperature": "0.5",
            "max_tokens": "",
            "system": "Be brief.",
            "message": "Hi",
        }
        form(app).query_one("#resend-message", TextArea).text = "Ho\nho"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        text = screen_text(app)
        assert "groq/llama-3.3-70b" in text
        assert "$0.031" in text
        answered(busy, row)
        await pilot.press("y")
        await shown(pilot, "87 % alike")

        spec = specs(busy)[0]
        assert spec.ids == [row.id]
        assert spec.targets == [ReplayTarget(provider="groq", model="llama-3.3-70b")]
        sent = msgspec.json.decode(spec.body)
        assert sent == ASKED | {
            "messages": [ASKED["messages"][0], {"role": "user", "content": "Ho\nho"}]
        }
        assert app.main.bodies.compare.sides == (row.id, "new_1")
        assert busy.rows[-1].tags == "edited"


async def test_a_reader_who_went_on_is_told_and_not_interrupted(busy: FakeGateway) -> None:
    row = serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(120, 35), notifications=True) as pilot:
        await opened(busy, app, pilot)
        form(app).query_one("#resend-message", TextArea).text = "Ho"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        busy.answers["replays/rp_1"] = replay("rp_1", state="running")
        await pilot.press("y")
        await until(pilot, lambda: specs(busy))
        await pilot.press("j")
        answered(busy, row)
        busy.answers["replays/rp_1"] = replay("rp_1", state="finished")
        await shown(pilot, "the answer to the edited request is there")
        assert app.main.bodies.active == "traffic"


async def test_a_refusal_and_a_no_lead_back_to_what_was_typed(busy: FakeGateway) -> None:
    serve(busy)
    good = busy.answers["POST replays/estimate"]
    refused = ReplayRefusal(source="a", target="groq", reason="groq speaks openai.chat only")
    busy.answers["POST replays/estimate"] = estimate("groq", requests=0, refused=[refused])
    app = open_app(busy)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(busy, app, pilot)
        form(app).query_one("#resend-message", TextArea).text = "precious words"
        await pilot.press("ctrl+s")
        await shown(pilot, "not sent: groq speaks openai.chat only")
        assert form(app).values()["message"] == "precious words"
        busy.answers["POST replays/estimate"] = good
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Resend))
        assert form(app).values()["message"] == "precious words"
        busy.answers["POST replays"] = Reply(503, {"detail": "the gateway is going down"})
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await shown(pilot, "not sent: the gateway is going down")
        assert form(app).values()["message"] == "precious words"


async def test_escape_asks_only_when_something_was_typed(busy: FakeGateway) -> None:
    serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(busy, app, pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await opened(busy, app, pilot)
        await pilot.press("x", "escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Resend))
        assert "x" in form(app).values()["message"]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: app.screen is app.main)
        assert not specs(busy)


async def test_a_figure_that_is_none_is_refused_as_it_is_typed(busy: FakeGateway) -> None:
    serve(busy)
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(busy, app, pilot)
        await pilot.press("shift+tab", "shift+tab", "shift+tab")
        await typed(pilot, "x")
        await shown(pilot, "temperature: 'x' is not a number")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, Resend)


async def test_hostile_text_is_shown_harmless_and_sent_as_it_was(busy: FakeGateway) -> None:
    row = serve(busy)
    messages = [{"role": "user", "content": EVIL}]
    busy.bodies[row.id] = msgspec.json.encode({"model": EVIL, "messages": messages})
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(busy, app, pilot)
        assert clean(screen_text(app).replace("\n", ""))
        assert "PWNED" in screen_text(app)
        await pilot.press("shift+tab", "shift+tab")
        assert form(app).values()["message"] == EVIL
        form(app).query_one("#resend-temperature", Input).value = "1"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: specs(busy))
        sent = msgspec.json.decode(specs(busy)[0].body)
        assert sent == {"model": EVIL, "messages": messages, "temperature": 1}


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (200, 60)])
async def test_the_form_can_be_filled_in_at_every_size(
    busy: FakeGateway, size: tuple[int, int]
) -> None:
    row = serve(busy)
    body = ASKED | {"messages": [{"role": "user", "content": "many words " * 3_000}]}
    busy.bodies[row.id] = msgspec.json.encode(body)
    app = open_app(busy)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "connected")
        await pilot.press("g", "e")
        await until(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.press("f")
        await shown(pilot, "ctrl+s send")
        for _ in range(6):
            await pilot.press("tab")
            await pilot.pause()
            focused = app.screen.focused
            assert focused is not None
            assert app.screen.region.contains_region(focused.region) or focused.region.height > 5
            assert "ctrl+s send" in screen_text(app)


async def test_what_runs_or_has_no_body_cannot_be_edited(busy: FakeGateway) -> None:
    busy.bodies[busy.rows[0].id] = b""
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("e")
        await shown(pilot, "still running")
        await pilot.press("g", "e")
        await shown(pilot, "there is nothing to edit")


async def test_a_body_without_fields_has_the_editor_only(busy: FakeGateway) -> None:
    row = serve(busy)
    busy.rows[0] = msgspec.structs.replace(row, protocol="gemini")
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "e")
        text = await shown(pilot, "the whole body")
        assert "in a form" not in text


# -- the editor ------------------------------------------------------------------


SCRIPT = """\
import json, os, pathlib, sys
file = pathlib.Path(sys.argv[-1])
turn = pathlib.Path({turn!r})
n = int(turn.read_text() or 0) if turn.exists() else 0
turn.write_text(str(n + 1))
mode = oct(os.stat(file).st_mode)[-3:]
pathlib.Path({log!r}).open("a").write(f"{{mode}} {{file.read_text()}}\\x00")
new = {texts!r}[n]
if new is not None:
    file.write_text(new)
"""


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """An editor that writes these texts, one each time; the terminal lets it."""

    def install(*texts: str | None) -> Path:
        script, log = tmp_path / "editor.py", tmp_path / "log"
        script.write_text(SCRIPT.format(turn=str(tmp_path / "n"), log=str(log), texts=list(texts)))
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
        monkeypatch.setattr(App, "suspend", lambda self: contextlib.nullcontext())
        return log

    return install


async def test_a_mistake_names_its_line_and_what_was_typed_is_kept(
    busy: FakeGateway, editor: Editor
) -> None:
    row = serve(busy)
    broken, good = '{\n  "model": "x",\n  oops\n}\n', '{"model": "fast", "messages": []}'
    log = editor(broken, good)
    app = open_app(busy)
    async with app.run_test(size=(120, 30)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "e")
        await until(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.press("e")
        await shown(pilot, "Line 3:")
        await pilot.press("escape")  # asks before it is dropped
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await shown(pilot, "Line 3:")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        answered(busy, row)
        await pilot.press("y")
        await shown(pilot, "87 % alike")

    first, second = log.read_text().split("\x00")[:2]
    assert (
        first == "600 " + msgspec.json.format(msgspec.json.encode(ASKED), indent=2).decode() + "\n"
    )
    assert second == "600 " + broken
    assert specs(busy)[0].body == good
    assert specs(busy)[0].targets == [ReplayTarget(provider="groq", model="llama-3.3-70b")]


async def test_an_untouched_body_is_not_sent_and_leaves_no_file(
    busy: FakeGateway, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(busy)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    editor(None)
    app = open_app(busy)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "e")
        await until(pilot, lambda: isinstance(app.screen, Menu))
        await pilot.press("e")
        await shown(pilot, "nothing was changed")
    assert not specs(busy, "replays/estimate")
    left = await asyncio.to_thread(lambda: [path.name for path in tmp_path.iterdir()])
    assert not [name for name in left if name.startswith("llmgate-")]
