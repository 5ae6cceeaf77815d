"""The Config screen as a person meets it: file, draft, history, editor."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from llmgate.wire.editing import EditRequest, History, Revision, RevisionDetail, Set, Verdict, Who
from llmgate.wire.gateway import ConfigView, Problem
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.config import ConfigBody
from llmgate_tui.screens.review import Review, Told
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply, gateway
from tests.tui.test_hostile import EVIL, RAW

TEXT = """# mine
providers:
  openai: {kind: openai}
routes:
  fast:
    targets:
      - {provider: openai, weight: 50}
"""
DIFF = "--- config.yaml\n+++ config.yaml\n@@ -7 +7 @@\n-weight: 50\n+weight: 70\n"
VERDICT = Verdict(ok=True, etag='"e2"', version=13, diff=DIFF)
PROBLEM = Problem(
    message="unknown field 'wieght'; did you mean 'weight'?",
    file="/home/me/config.yaml",
    line=7,
    column=28,
    path="routes.fast.targets[0].wieght",
)


def config(**changes: object) -> ConfigView:
    view = ConfigView(
        version=12, file="/home/me/config.yaml", loaded_ms=1, etag='"e1"', text=TEXT, undo=11
    )
    return msgspec.structs.replace(view, **changes)


def revision(number: int, who: Who = "file", **changes: object) -> Revision:
    view = Revision(number=number, at_ms=sample.NOON_MS - 1000, who=who, etag=f'"{number}"')
    return msgspec.structs.replace(view, **changes)


HISTORY = History(
    revisions=[
        revision(12, "tui", summary="fast: openai 50 to 70", current=True),
        revision(11, "api", kind="undo", of=9),
        revision(10, summary="a key more"),
    ],
    undo=11,
)


@pytest.fixture
async def steered() -> AsyncIterator[FakeGateway]:
    """A gateway with a file and a history."""
    async with gateway(sample.exchanges(8)) as fake:
        fake.answers["config"] = config()
        fake.answers["config/history"] = HISTORY
        for entry in HISTORY.revisions:
            fake.answers[f"config/history/{entry.number}"] = RevisionDetail(
                revision=entry, text=TEXT, diff=DIFF, to_current=f"+back to {entry.number}"
            )
        fake.answers["POST config/validate"] = VERDICT
        fake.answers["PATCH config"] = VERDICT
        yield fake


async def on_config(pilot: Pilot[None], text: str = "# mine") -> ConfigBody:
    await shown(pilot, "connected")
    await pilot.press("7")
    await shown(pilot, text)
    app = pilot.app
    assert isinstance(app, LlmgateApp)
    body = app.main.bodies.body
    assert isinstance(body, ConfigBody)
    return body


async def test_the_file_is_shown_with_its_lines_its_path_and_its_version(
    steered: FakeGateway,
) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_config(pilot)
        text = await shown(pilot, "/home/me/config.yaml  v12 ✓")

        assert "   7        - {provider: openai, weight: 50}" in text
        await pilot.press("w", "G", "g")
        await shown(pilot, "# mine")


async def test_problems_are_pinned_and_the_header_names_both_versions(
    steered: FakeGateway,
) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_config(pilot)
        broken = TEXT.replace("weight", "wieght")
        steered.answers["config"] = config(
            problems=[PROBLEM], rejected_version=13, rejected_text=broken
        )
        steered.change(state=sample.status(config_problem="unknown field", rejected_version=13))
        await shown(pilot, "^ unknown field")
        text = await shown(pilot, "v12 ✓ · v13 ✗ kept v12")
        lines = text.splitlines()
        at = next(n for n, line in enumerate(lines) if "provider: openai, wieght" in line)

        assert "^ unknown field 'wieght'; did you mean 'weight'?" in lines[at + 1]
        assert "line 7, column 28, routes.fast.targets[0].wieght" in text


async def test_brackets_go_through_file_draft_and_history(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_config(pilot)
        await pilot.press("right_square_bracket")
        await shown(pilot, "Nothing is drafted")
        await pilot.press("right_square_bracket")
        text = await shown(pilot, "fast: openai 50 to 70")
        assert "undo 9" in text
        assert body.memory() == {"mode": "history"}
        await pilot.press("left_square_bracket")
        await shown(pilot, "Nothing is drafted")
        await pilot.press("escape")
        await shown(pilot, "# mine")
        assert body.memory() == {"mode": "file"}


async def test_a_click_on_a_mode_shows_it(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_config(pilot)
        await pilot.click("#config-head", offset=(18, 0))
        await shown(pilot, "a key more")
        await pilot.click("#config-head", offset=(10, 0))
        await shown(pilot, "Nothing is drafted")


async def test_the_pending_draft_is_shown_with_its_diff_and_applied(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        body = await on_config(pilot)
        edit = Set(["routes", "fast", "targets", 0, "weight"], 70)
        app.desk.draft.add(edit, "fast: openai 50 to 70", etag='"e1"')
        body.follow_draft()
        await pilot.press("right_square_bracket")
        text = await shown(pilot, "+weight: 70")
        assert "1  fast: openai 50 to 70" in text
        assert "Draft 1" in text
        await pilot.press("ctrl+s", "y")
        await shown(pilot, "config v13 is running")
        await shown(pilot, "Nothing is drafted")
        request = msgspec.json.decode(steered.asked[-1].body, type=EditRequest)
        assert request.edits == [edit]


async def test_enter_shows_what_a_revision_changed(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_config(pilot)
        await pilot.press("left_square_bracket")
        await shown(pilot, "a key more")
        await pilot.press("enter")
        text = await shown(pilot, "+weight: 70")
        assert isinstance(app.screen, Told)
        assert "Revision 12, running: fast: openai 50 to 70" in text
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        assert body.grid.selected == "12"


async def test_rolling_back_shows_the_difference_and_asks(steered: FakeGateway) -> None:
    steered.answers["POST config/rollback/10"] = VERDICT
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_config(pilot)
        await pilot.press("left_square_bracket")
        await shown(pilot, "a key more")
        await pilot.press("R")
        await shown(pilot, "revision 12 is running already")
        await pilot.press("G", "R")
        await shown(pilot, "+back to 10")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Review))
        assert not steered.asked
        await pilot.press("R")
        await shown(pilot, "y roll back")
        await pilot.press("y")
        await shown(pilot, "config v13 is running: u undoes it")
        assert (steered.asked[-1].path, steered.asked[-1].etag) == ("config/rollback/10", '"e1"')


async def test_checking_reads_the_file_again_and_gives_the_verdict(steered: FakeGateway) -> None:
    steered.answers["POST config/reload"] = config()
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_config(pilot)
        await pilot.press("v")
        await shown(pilot, "the file is good; config v12 is running")
        steered.answers["POST config/reload"] = config(problems=[PROBLEM], rejected_version=13)
        await pilot.press("v")
        await shown(pilot, "not applied: unknown field 'wieght'")
        steered.answers["POST config/reload"] = config(version=13)
        await pilot.press("v")
        await shown(pilot, "config v13 is running: u undoes it")


async def test_finding_in_the_file(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        body = await on_config(pilot)
        await pilot.press("slash")
        await typed(pilot, "openai")
        await until(pilot, lambda: len(body.file.text.matches) == 3)
        await pilot.press("enter", "n")
        await until(pilot, lambda: body.file.hit == 1)
        await pilot.press("escape")
        await until(pilot, lambda: not body.file.text.matches)


async def test_the_path_is_copied(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_config(pilot)
        await pilot.press("c")
        await shown(pilot, "copied: /home/me/config.yaml")
        assert app.clipboard == "/home/me/config.yaml"


async def test_the_editor_key_says_why_it_cannot(
    steered: FakeGateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        body = await on_config(pilot)
        await pilot.press("o")
        await shown(pilot, "$EDITOR is not set")
        monkeypatch.setenv("EDITOR", "vi 'x")
        await pilot.press("o")
        await shown(pilot, "$EDITOR cannot be read")
        monkeypatch.setenv("EDITOR", "vi")
        await pilot.press("o")
        await shown(pilot, "is not on this machine")
        file = tmp_path / "config.yaml"
        file.write_text(TEXT)
        body.config = config(file=str(file))
        await pilot.press("o")
        await shown(pilot, "no editor can be opened in this terminal")


async def test_a_config_of_the_environment_offers_to_write_a_file(steered: FakeGateway) -> None:
    steered.answers["config"] = config(editable=False, file="", text="")
    steered.answers["POST config/file"] = msgspec.structs.replace(VERDICT, effects=["wrote it"])
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await on_config(pilot, "built from the environment")
        await shown(pilot, "i writes config.yaml")
        steered.answers["config"] = config()
        await pilot.press("i")
        await shown(pilot, "the config has a file now")
        await shown(pilot, "# mine")


async def test_undo_reads_the_file_and_the_history_again(steered: FakeGateway) -> None:
    steered.answers["POST config/undo"] = VERDICT
    app = open_app(steered)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        body = await on_config(pilot)
        steered.answers["config"] = config(version=13, etag='"e2"', text="# undone\n")
        await pilot.press("u")
        await shown(pilot, "config v13 is running (undo): U redoes it")
        await shown(pilot, "# undone")
        await until(pilot, lambda: body.config is not None and body.config.etag == '"e2"')


async def test_a_gateway_that_does_not_answer_is_said_and_asked_again(
    steered: FakeGateway,
) -> None:
    steered.answers["config"] = Reply(500, {"detail": "broken"})
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        await on_config(pilot, "broken")
        steered.answers["config"] = config()
        steered.change(state=sample.status(config_version=13))
        await shown(pilot, "# mine")


@pytest.mark.parametrize("size", [(200, 60), (40, 10)])
async def test_hostile_text_reaches_the_screen_harmlessly(
    steered: FakeGateway, size: tuple[int, int]
) -> None:
    problem = Problem(message=EVIL, file=EVIL, line=1, column=2, path=EVIL)
    steered.answers["config"] = config(
        text=f"# mine{EVIL}", file=EVIL, problems=[problem], warnings=[EVIL], restart_needed=[EVIL]
    )
    entry = revision(3, summary=EVIL)
    steered.answers["config/history"] = History(revisions=[entry])
    steered.answers["config/history/3"] = RevisionDetail(
        revision=entry, diff=f"+{EVIL}", to_current=f"-{EVIL}"
    )
    steered.answers["POST config/rollback/3"] = Reply(409, {"detail": EVIL})
    steered.answers["POST config/reload"] = config(problems=[problem])
    app = open_app(steered)
    async with app.run_test(size=size, notifications=True) as pilot:
        body = await on_config(pilot, "PWNED")
        app.desk.draft.add(Set(["x"], EVIL), EVIL, etag="e")
        body.follow_draft()
        keys = ["G", "right_square_bracket", "right_square_bracket", "enter", "escape"]
        for key in [*keys, "R", "y", "v", "c", "u"]:
            await pilot.press(key)
            await pilot.pause(0.05)
            assert not RAW.search(screen_text(app)), key


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (40, 10)])
async def test_every_size_and_ascii(steered: FakeGateway, size: tuple[int, int]) -> None:
    steered.answers["config"] = config(problems=[PROBLEM], rejected_version=13)
    app = open_app(steered, glyphs=ASCII)
    async with app.run_test(size=size) as pilot:
        await on_config(pilot, "1 problem")
        for _ in range(3):
            text = screen_text(app)
            assert text.isascii()
            assert all(len(line) <= size[0] for line in text.splitlines())
            await pilot.press("right_square_bracket")
            await pilot.pause()


async def test_the_view_is_remembered(steered: FakeGateway) -> None:
    app = open_app(steered)
    async with app.run_test(size=(120, 40)) as pilot:
        app.main.bodies.remember({"config": {"mode": "history"}})
        await on_config(pilot, "a key more")
