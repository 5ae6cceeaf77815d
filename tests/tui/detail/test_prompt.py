"""The Prompt tab: totals, weights, changes; at every width, honest about estimates."""

import msgspec
import pytest
from rich.cells import cell_len

from llmgate.wire.compare import PromptDiff, PromptEntry, Weight
from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.detail import prompt
from llmgate_tui.widgets.line_text import Fold, Item
from tests.tui import sample
from tests.tui.compared import prompt as sent
from tests.tui.conftest import body, open_app, screen_text, settled, shown
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.test_hostile import EVIL, SIZES, clean

BEFORE = sample.exchanges(8)[1]


def moment(at_ms: int) -> str:
    return "12:03:58"


def text(item: Item) -> str:
    line = item.head if isinstance(item, Fold) else item
    return line if isinstance(line, str) else "".join(part for part, _ in line)


def lines(diff: PromptDiff, width: int = 100, before: ExchangeSummary | None = BEFORE) -> list[str]:
    return [text(item) for item in prompt.render(diff, before, moment, width)]


def test_it_names_the_turn_before_with_its_time_and_says_what_is_estimated() -> None:
    said = lines(sent("ex_7"))

    assert said[0].startswith("turn     turn 12 of its conversation, against 12:03:58")
    assert "tokens   48,204 in  reported" in said
    assert "re-sent  ~44,900  93 % of what was sent" in said
    assert "added    +~3,190" in said
    assert "dropped  -~120" in said
    assert said[5].startswith("cached   46,080")
    assert "~48,204 in  ~estimated" in lines(sent("ex_7", estimated=True))[1]


def test_the_heaviest_part_comes_first_with_its_share_and_a_bar() -> None:
    said = lines(sent("ex_7"))
    at = said.index("what it weighs")

    assert said[at + 1].split() == ["part", "calls", "results", "tokens", "share", "new"]
    row = said[at + 2].split()
    assert row[:7] == ["Read", "14", "14", "31.0k~", "67", "%", "+3.1k~"]
    assert row[7] == "█" * len(row[7])
    assert said[at + 3].split()[:2] == ["system", "prompt"]


@pytest.mark.parametrize("width", [36, 40, 60, 77])
def test_the_table_fits_the_width(width: int) -> None:
    said = lines(sent("ex_7"), width)
    at = said.index("what it weighs")

    assert all(cell_len(line) <= width for line in said[at : at + 5])
    assert "67 %" in said[at + 2]


def test_what_was_added_dropped_changed_and_kept_has_a_sign() -> None:
    said = lines(sent("ex_7"))
    at = said.index("what changed since then")

    assert said[at + 1 :] == [
        "- temperature 1",
        "+ temperature 0",
        "= 21 parts as before  ~40,200 tokens",
        "- user  <system-reminder>  ~120 tokens",
        "+ assistant  calls Read  ~90 tokens",
        "+ tool  tool result of Read  ~3,100 tokens",
        "± system  You are a careful engineer  ~1,900 tokens",
    ]
    last = prompt.render(sent("ex_7"), BEFORE, moment, 100)[-1]
    assert isinstance(last, Fold)
    assert [text(line) for line in last.body()] == [
        "    - You are a quick engineer",
        "    + You are a careful engineer",
    ]


def test_what_was_kept_in_a_row_is_one_line_whoever_said_it() -> None:
    kept = [
        PromptEntry(kind="kept", role="tools", count=2, tokens=491),
        PromptEntry(kind="kept", role="user", title="hi", tokens=4),
    ]
    added = PromptEntry(kind="added", role="user", title="again", tokens=3)
    said = lines(sent("ex_7", entries=[*kept, added, kept[1]], settings=[]))

    assert said[said.index("what changed since then") + 1 :] == [
        "= 3 parts as before  ~495 tokens",
        "+ user  again  ~3 tokens",
        "= 1 part as before  ~4 tokens  user hi",
    ]


def test_the_lightest_of_many_parts_are_folded() -> None:
    weights = [Weight(name=f"tool{n}", kind="tool", tokens=100 - n, share=0.01) for n in range(40)]
    items = prompt.render(sent("ex_7", weights=weights), BEFORE, moment, 100)
    folds = [item for item in items if isinstance(item, Fold)]

    assert text(folds[0]) == "28 lighter ones"
    assert len(folds[0].body()) == 28


def test_a_first_turn_and_a_problem_say_so() -> None:
    first = PromptDiff(id="a", turn=1, entries=[PromptEntry(kind="added", role="user", title="Hi")])
    assert "what it sends" in lines(first)
    assert lines(first)[0] == "turn     turn 1 of its conversation"
    assert lines(PromptDiff(id="a", problem="the body was not kept")) == ["▲ the body was not kept"]


async def test_the_tab_asks_when_it_is_looked_at_and_names_the_turn_before(
    busy: FakeGateway,
) -> None:
    row = busy.rows[2]
    busy.answers[f"exchanges/{row.id}/prompt"] = sent(row.id)
    app = open_app(busy)
    async with app.run_test(size=(80, 40)) as pilot:
        await shown(pilot, "60/60")
        await pilot.press("g", "j", "j", "enter")
        await settled(pilot, "to first byte")
        assert not [asked for asked in busy.requests if asked.endswith("/prompt")]
        await pilot.press("right_square_bracket", "right_square_bracket")
        said = await shown(pilot, "what it weighs")
        assert "Prompt" in said
        assert "Read" in said
        assert "ex_000001" in said


async def test_a_gateway_that_cannot_say_is_not_the_end(busy: FakeGateway) -> None:
    busy.answers["exchanges/ex_000000/prompt"] = Reply(404, {"detail": "the body was not kept"})
    app = open_app(busy)
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, "60/60")
        body(app).detail.choose("Prompt")
        await pilot.press("g", "enter")
        await shown(pilot, "the body was not kept")


@pytest.mark.parametrize("size", SIZES[:5])
async def test_a_hostile_prompt_is_harmless(busy: FakeGateway, size: tuple[int, int]) -> None:
    made = sent("ex_000000")
    evil = msgspec.structs.replace(
        made,
        before="ex_000001",
        problem=EVIL,
        weights=[Weight(name=EVIL, kind="tool", tokens=9, share=0.5)],
        entries=[PromptEntry(kind="added", role=EVIL, title=EVIL)],
        settings=[msgspec.structs.replace(made.settings[0], path=EVIL, left=EVIL)],
    )
    busy.answers["exchanges/ex_000000/prompt"] = evil
    app = open_app(busy)
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "connected")
        body(app).detail.choose("Prompt")
        await pilot.press("g", "enter")
        await settled(pilot, "PWNED")
        assert clean(screen_text(app))
