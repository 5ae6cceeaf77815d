"""The matrix of a replay as a person meets it: figures, differences, and the way to each answer."""

from pathlib import Path

import msgspec
import pytest
from textual.message import Message
from textual.messages import Update
from textual.pilot import Pilot

from llmgate.wire.replays import Matrix
from llmgate_tui.app import LlmgateApp
from llmgate_tui.screens.body import OpenCompare, OpenTraffic
from llmgate_tui.screens.replay_matrix import ReplayMatrix
from tests.tui.conftest import open_app, screen_text, settled, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.furnished import furnish
from tests.tui.replayed import TITLES, cell, matrix, replay, serve
from tests.tui.test_hostile import EVIL
from tests.tui.test_hostile import clean as harmless


@pytest.fixture
def able(busy: FakeGateway) -> FakeGateway:
    """One replay that runs."""
    furnish(busy)
    serve(busy, replay())
    return busy


class Posted:
    """What the screen asks others for."""

    def __init__(self) -> None:
        self.compared: list[tuple[str, str]] = []
        self.traffic: list[str] = []

    def __call__(self, message: Message) -> None:
        if isinstance(message, OpenCompare):
            self.compared.append((message.left, message.right))
            message.stop()
            message.prevent_default()
        elif isinstance(message, OpenTraffic) and message.exchange not in self.traffic:
            self.traffic.append(message.exchange)  # seen again at each step up


def matrix_of(app: LlmgateApp) -> ReplayMatrix:
    return app.main.bodies.replay.matrix


async def opened(pilot: Pilot[None], app: LlmgateApp, text: str = "0.41") -> str:
    await shown(pilot, "60/60")
    await app.main.action_show("replay")
    app.main.bodies.replay.open("rp_1")
    return await shown(pilot, text)


def line_with(app: LlmgateApp, text: str) -> str:
    return next(line for line in screen_text(app).splitlines() if text in line)


def figure_shown(app: LlmgateApp) -> str:
    return line_with(app, "4 exchanges to").rpartition("─ ")[2].strip()


async def test_it_shows_each_answer_beside_the_original(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        text = await opened(pilot, app)

        assert "▸ running  5/8 62%" in text
        assert "1 failed  $0.0190 of $0.5000  2 under way" in text
        assert line_with(app, TITLES[1]).split()[-4:] == ["200", "0.93", "200", "0.88"]
        assert line_with(app, TITLES[3]).split()[-5:] == ["✗", "429", "-", "…", "wait"]
        assert line_with(app, " all ").split() == [
            "all",
            "4",
            "ok",
            "3",
            "ok",
            "0.93",
            "3",
            "ok",
            "0.97",
        ]


async def test_the_key_goes_round_the_figures_and_all_of_them(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        wanted = {"cost": "$0.0021", "first byte": "412ms", "total time": "9.4s", "tokens/s": "14"}
        for name, value in wanted.items():
            await pilot.press("f")
            await until(pilot, lambda name=name: figure_shown(app) == name)  # type: ignore[misc]
            assert value in line_with(app, TITLES[1]), name
        await pilot.press("f", "f")
        await shown(pilot, "all figures")
        await until(pilot, lambda: "0.93  412ms   3.1s    62    181  $0.0021" in screen_text(app))


async def test_the_worst_come_first_when_asked(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press("o")
        text = await shown(pilot, "worst first ")
        places = [text.index(TITLES[at]) for at in (3, 2, 1, 0)]
        assert places == sorted(places)
        await pilot.press("l")
        await until(pilot, lambda: "▾ local/qwen3" in screen_text(app))

        text = screen_text(app)
        assert text.index(TITLES[1]) < text.index(TITLES[2]) < text.index(TITLES[0])


async def test_the_next_difference_is_found_cell_by_cell(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        table, seen = matrix_of(app), []
        for key in ("n", "n", "n", "n", "n", "n", "N"):
            await pilot.press(key)
            row = table.row()
            assert row is not None
            seen.append((TITLES.index(row.title), table.column))

    assert seen == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (1, 1), (3, 1)]


async def test_the_cell_is_compared_and_both_are_found_in_traffic(
    able: FakeGateway,
) -> None:
    app, posted = open_app(able), Posted()
    async with app.run_test(size=(140, 30), message_hook=posted) as pilot:
        await opened(pilot, app)
        await pilot.press("g", "j", "l")
        row = matrix_of(app).row()
        assert row is not None
        await pilot.press("d")
        await until(pilot, lambda: posted.compared)
        assert posted.compared == [(row.source.id, f"{row.source.id}-local")]
        await app.main.action_show("replay")
        await pilot.press("t")
        await until(pilot, lambda: app.main.bodies.active == "traffic")
        await app.main.action_show("replay")
        await pilot.press("T")
        await until(pilot, lambda: len(posted.traffic) == 2)

        assert posted.traffic == [f"{row.source.id}-local", row.source.id]


async def test_of_several_results_one_is_chosen(able: FakeGateway) -> None:
    found = matrix()
    row = msgspec.structs.replace(
        found.rows[0], cells=[found.rows[0].cells[0], cell(0.5, ids=["a", "b", "c"], ok=2), cell()]
    )
    able.answers["replays/rp_1/matrix"] = msgspec.structs.replace(found, rows=[row])
    app, posted = open_app(able), Posted()
    async with app.run_test(size=(140, 30), message_hook=posted) as pilot:
        await opened(pilot, app, "✗2/3")
        await pilot.press("enter")
        await shown(pilot, "Which of the results?")
        await pilot.press("2")
        await until(pilot, lambda: posted.compared)

        assert posted.compared == [(row.source.id, "b")]


async def test_where_nothing_came_of_it_a_word_says_why(able: FakeGateway) -> None:
    app, posted = open_app(able), Posted()
    async with app.run_test(size=(140, 30), message_hook=posted) as pilot:
        await opened(pilot, app)
        await pilot.press("G", "l", "enter")
        await until(pilot, lambda: len(app._notifications))

        assert [note.message for note in app._notifications] == ["nothing has come of it yet"]
        assert not posted.compared


async def test_it_is_read_again_only_when_something_has_ended(able: FakeGateway) -> None:
    app = open_app(able)
    painted: list[Update] = []

    def watch(message: Message) -> None:
        if isinstance(message, Update) and matrix_of(app) in message.widget.ancestors:
            painted.append(message)

    async with app.run_test(size=(140, 30), message_hook=watch) as pilot:
        await opened(pilot, app)
        await settled(pilot, "5/8")
        read = "/admin/v1/replays/rp_1/matrix"
        asked = "/admin/v1/replays/rp_1"
        painted.clear()
        polled = able.requests.count(asked)
        app.main.bodies.replay.tick()
        app.main.bodies.replay.tick()
        await until(pilot, lambda: able.requests.count(asked) > polled)
        await pilot.pause()
        assert able.requests.count(read) == 1
        assert not painted

        done = replay(state="finished", running=0, done=8)
        able.answers |= {"replays/rp_1": done, "replays/rp_1/matrix": matrix(done)}
        app.main.bodies.replay.tick()
        app.main.bodies.replay.tick()
        await shown(pilot, "✓ finished  8/8 100%")
        polled = able.requests.count(asked)
        for _ in range(6):
            app.main.bodies.replay.tick()
        await pilot.pause()
        assert able.requests.count(asked) == polled


async def test_stop_and_resume(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press("S", "s")
        await shown(pilot, "⊘ stopped")
        await shown(pilot, "S resumes it")
        await pilot.press("S")
        await shown(pilot, "▸ running")

        assert [one.path for one in able.asked] == ["replays/rp_1/stop", "replays/rp_1/resume"]


async def test_one_that_came_to_its_limit_goes_on_with_another(able: FakeGateway) -> None:
    serve(able, replay(state="limit", running=0))
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        await shown(pilot, "▲ limit")
        await pilot.press("S")
        await shown(pilot, "$0.0190 of $0.5000 are spent")
        await pilot.press("enter")
        await shown(pilot, "how much may it spend?")
        await typed(pilot, "1.5")
        await pilot.press("enter")
        await shown(pilot, "▸ running")

        assert [path for path in able.requests if "resume" in path] == [
            "/admin/v1/replays/rp_1/resume?limit_usd=1.5"
        ]


async def test_many_targets_are_scrolled_through(able: FakeGateway) -> None:
    found = matrix()
    names = [f"provider{at}/model" for at in range(9)]
    row = msgspec.structs.replace(
        found.rows[0], cells=[cell(), *(cell(at / 10) for at in range(9))]
    )
    able.answers["replays/rp_1/matrix"] = msgspec.structs.replace(
        found, columns=["original", *names], rows=[row], totals=[]
    )
    app = open_app(able)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "targets 1-2 of 9")
        for at in range(1, 9):
            await pilot.press("l")
            await shown(pilot, f"▾ provider{at}/")
        await pilot.press("l", "h")

        await shown(pilot, "targets 8-9 of 9")
        assert "original" in screen_text(app)


async def test_a_click_chooses_the_cell(able: FakeGateway) -> None:
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        text = await opened(pilot, app)
        lines = text.splitlines()
        y = next(at for at, line in enumerate(lines) if TITLES[2] in line)
        await pilot.click(offset=(lines[y].index("0.97"), y))
        await until(pilot, lambda: matrix_of(app).column == 2)

        row = matrix_of(app).row()
        assert row is not None
        assert row.title == TITLES[2]


@pytest.mark.parametrize(
    ("size", "target"), [((40, 10), True), ((60, 16), True), ((80, 24), False)]
)
async def test_it_fits_a_small_terminal(
    able: FakeGateway, size: tuple[int, int], target: bool
) -> None:
    app = open_app(able)
    async with app.run_test(size=size) as pilot:
        text = await opened(pilot, app)

        assert ("targets 1-1 of 2" in text) == target
        assert all(len(line) <= size[0] for line in text.splitlines())
        assert "62%" in text


@pytest.mark.parametrize("end", ["md", "json"])
async def test_it_is_written_to_a_file(
    able: FakeGateway, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = tmp_path / f"report.{end}"
    app = open_app(able)
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press("x")
        await shown(pilot, "replay-rp_1.md")
        await pilot.press("ctrl+u")
        await typed(pilot, f"../report.{end}")
        await shown(pilot, "a name without a folder")
        await pilot.press("ctrl+u")
        await typed(pilot, f"report.{end}")
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications))
        assert [note.message for note in app._notifications] == [f"written to {written}"]

    text = written.read_text(encoding="utf-8")
    if end == "json":
        assert msgspec.json.decode(text, type=Matrix) == matrix()
    else:
        assert f"| {TITLES[1]} | 200, similarity 1," in text
        assert "failed 429" not in text
        assert "| 429 Rate limit reached, similarity -" in text


async def test_hostile_names_and_titles_are_drawn_harmlessly(able: FakeGateway) -> None:
    found = matrix()
    bad = cell(0.5, state="refused", ids=[], error=EVIL)
    row = msgspec.structs.replace(found.rows[0], title=EVIL, cells=[cell(), bad, bad])
    view = replay(problem=EVIL, spec=msgspec.structs.replace(replay().spec, name=EVIL))
    able.answers |= {
        "replays/rp_1": view,
        "replays": [view],
        "replays/rp_1/matrix": Matrix(
            replay=view, columns=["original", EVIL, EVIL], rows=[row], totals=[]
        ),
    }
    app = open_app(able)
    async with app.run_test(size=(140, 30), notifications=True) as pilot:
        await opened(pilot, app, "PWNED")
        await pilot.press("enter")
        await shown(pilot, "it was not sent")
        assert harmless(screen_text(app))
        await pilot.press("escape")
        await shown(pilot, "SEND")
        assert harmless(screen_text(app))


async def test_a_matrix_that_cannot_be_read_says_why_and_escape_leads_back(
    able: FakeGateway,
) -> None:
    able.answers["replays/rp_1/matrix"] = Reply(404, {"error": {"message": "no replay rp_1"}})
    app = open_app(able)
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot, app, "not read: no replay rp_1")
        await pilot.press("escape")

        await shown(pilot, "SENT")
