"""The matrix as cells, without a screen; and as Markdown."""

import msgspec
import pytest

from llmgate.wire.replays import Cell, MatrixRow, ReplayEstimate, ReplaySpec, ReplayTarget
from llmgate_tui import replay_cells, replay_text
from llmgate_tui.glyphs import ASCII, UNICODE
from llmgate_tui.replay_cells import cell_text, differs, dollars, next_difference, ordered, window
from llmgate_tui.replay_report import check_name, markdown
from llmgate_tui.replay_sets import Looked, source_sets
from llmgate_tui.screens.replay_table import shape
from llmgate_tui.state import Traffic
from tests.tui import sample
from tests.tui.replayed import FAILED, REFUSED, TITLES, cell, estimate, matrix, replay

PENDING = Cell()


def row(*cells: Cell) -> MatrixRow:
    return MatrixRow(source=sample.exchanges(1)[0], title="t", cells=[cell(), *cells])


@pytest.mark.parametrize(
    ("result", "text", "tone"),
    [
        (cell(0.93), "200         0.93", "plain"),
        (cell(0.8), "200         0.80", "warn"),
        (cell(0.2), "200         0.20", "bad"),
        (cell(0.999), "200         0.99", "plain"),
        (cell(1.0), "200            1", "plain"),
        (FAILED, "✗ 429          -", "bad"),
        (cell(None, state="cut", status=200, ok=0), "✗ cut          -", "bad"),
        (PENDING, "… wait", "quiet"),
        (cell(state="refused", ids=[]), "⊘ no", "warn"),
        (cell(None, state="streaming", ok=0), "▸ runs         -", "accent"),
        (cell(0.7, ids=["a", "b", "c"], ok=3), "3/3         0.70", "good"),
        (cell(0.7, ids=["a", "b", "c"], ok=1), "✗1/3        0.70", "bad"),
    ],
)
def test_a_cell_says_how_it_ended_and_one_figure(result: Cell, text: str, tone: str) -> None:
    said, how = cell_text(result, "similarity", UNICODE, original=False)

    assert said.rstrip() == text
    assert how == tone
    assert cell_text(result, "similarity", ASCII, original=False)[0].isascii()


def test_the_original_is_not_compared_with_itself() -> None:
    assert cell_text(cell(1.0), "similarity", UNICODE, original=True)[0].split() == ["200"]
    said = cell_text(cell(1.0), "all", UNICODE, original=True)[0]
    assert said.split() == ["200", "412ms", "3.1s", "62", "181", "$0.0021"]


def test_money_is_never_more_certain_than_it_is() -> None:
    assert dollars(None, "reported") == "-"
    assert dollars(0.5, "unknown") == "-"
    assert dollars(0.5, "estimated") == "$0.5000~"
    assert dollars(0.00001, "reported") == "<$0.0001"


def test_what_broke_comes_first_then_the_least_alike_then_what_is_not_known() -> None:
    rows = [row(cell(1.0)), row(PENDING), row(cell(0.2)), row(FAILED), row(cell(0.6))]

    assert ordered(rows, "similarity", 1, worst=True) == [rows[at] for at in (3, 2, 4, 0, 1)]
    assert ordered(rows, "similarity", 1, worst=False) == rows


@pytest.mark.parametrize("name", ["cost", "ttft", "total", "out"])
def test_more_is_worse_but_for_speed(name: str) -> None:
    field = {"cost": "cost_usd", "ttft": "ttfb_us", "total": "total_us", "out": "output_tokens"}
    small, large = (row(cell(**{field[name]: value})) for value in (1, 9))

    assert ordered([small, large], name, 1, worst=True) == [large, small]
    slow, quick = row(cell(tokens_per_s=5.0)), row(cell(tokens_per_s=50.0))
    assert ordered([quick, slow], "tps", 1, worst=True) == [slow, quick]


def test_only_what_has_ended_otherwise_differs() -> None:
    assert not differs(row(cell(1.0)), 1)
    assert differs(row(cell(0.99)), 1)
    assert differs(row(FAILED), 1)
    assert not differs(row(PENDING), 1)
    assert not differs(row(cell(0.1)), 0)
    assert not differs(row(cell(0.1)), 5)


def test_the_search_for_differences_goes_round_and_may_find_none() -> None:
    rows = [row(cell(1.0), cell(0.5)), row(cell(0.9), cell(1.0))]

    assert next_difference(rows, (0, 1), 1) == (0, 2)
    assert next_difference(rows, (0, 2), 1) == (1, 1)
    assert next_difference(rows, (1, 1), 1) == (0, 2)
    assert next_difference(rows, (0, 2), -1) == (1, 1)
    assert next_difference([row(cell(1.0))], (0, 1), 1) is None
    assert next_difference([], (0, 1), 1) is None


def test_the_chosen_target_stays_in_sight() -> None:
    assert window(10, 1, 1, 3) == 1
    assert window(10, 4, 1, 3) == 2
    assert window(10, 2, 5, 3) == 2
    assert window(10, 9, 1, 3) == 7
    assert window(3, 2, 9, 3) == 1


@pytest.mark.parametrize("width", range(38, 240, 7))
@pytest.mark.parametrize("targets", [1, 2, 7])
def test_what_is_shown_fits_every_width(width: int, targets: int) -> None:
    form = shape(width, ["original", *["provider/a-long-model-name"] * targets], "")
    columns = form.fitting + form.original

    used = 3 + (form.cell + 1) * columns + 9 * form.timed + 17 * form.named
    assert width - used >= 12


def test_the_estimate_says_a_reason_once_and_what_is_not_priced() -> None:
    found = estimate("groq/llama", "local/qwen3", refused=[REFUSED] * 3)
    lines = replay_text.estimate_lines(found, UNICODE, 100)
    text = "\n".join("".join(piece for piece, _ in line) for line in lines)

    assert "8 requests  of 4 exchanges   about $0.0620" in text
    assert "groq/llama  4 requests, 48.0k in, 1.2k out  $0.0310~" in text
    assert text.count("openai.chat was recorded") == 1
    assert "✗ 3 exchanges not to anthropic" in text


@pytest.mark.parametrize(
    ("found", "free"),
    [
        (estimate("a", usd=0.0), True),
        (estimate("a", usd=0.01), False),
        (estimate("a", usd=None), False),
        (ReplayEstimate(requests=1, usd=0.0, targets=[]), True),
    ],
)
def test_only_what_is_known_to_cost_nothing_is_free(found: ReplayEstimate, free: bool) -> None:
    assert replay_text.free(found) == free
    unpriced = [msgspec.structs.replace(one, unpriced=1) for one in found.targets]
    assert not replay_text.free(msgspec.structs.replace(found, targets=unpriced)) or not unpriced


def test_the_question_names_the_count_the_price_and_the_limit() -> None:
    spec = ReplaySpec(targets=[ReplayTarget(provider="a"), ReplayTarget()], limit_usd=0.5)
    said = replay_text.question(spec, estimate("a", "routes", refused=[REFUSED]))

    assert said.startswith("Send 8 requests to a and routes? It costs about $0.0620")
    assert "it stops at $0.5000" in said
    assert "1 cannot be sent there" in said


def test_a_stopped_replay_whose_requests_still_run_is_followed() -> None:
    assert replay_text.active(replay(state="stopped", running=1))
    assert not replay_text.active(replay(state="stopped", running=0))


def test_the_newest_of_many_are_sent_and_the_rest_is_counted() -> None:
    traffic = Traffic()
    traffic.put(sample.exchanges(300))
    held = [row for row in traffic.rows if row.total_us is not None]
    sets = source_sets(traffic, Looked(row=held[0], rows=held), (), ("", ()))
    shown = next(one for one in sets if one.id == "filter")

    assert len(shown.ids) == 100
    assert shown.note.startswith("newest 100 of ")
    assert list(shown.ids)[-1] == max(held, key=lambda one: one.started_ms).id


def test_markdown_holds_no_markup_of_others() -> None:
    found = matrix()
    evil = msgspec.structs.replace(found.rows[0], title="a | b <img src=x> [x](y) `c`\n# d")
    text = markdown(msgspec.structs.replace(found, rows=[evil, *found.rows[1:]]))
    line = next(line for line in text.splitlines() if "img" in line)

    assert line.startswith(r"| a \| b \<img src=x\> \[x\](y) \`c\`")
    assert all(title in text for title in TITLES[1:])
    assert len({line.count(" | ") for line in text.splitlines() if line.startswith("|")}) <= 2


@pytest.mark.parametrize("name", ["a.md", "replay-1.json", "my report.md"])
def test_a_name_is_a_file_here(name: str) -> None:
    assert not check_name(name)


@pytest.mark.parametrize("name", ["", "a", "a.txt", "../a.md", "/a/b.md", ".md", ".a.md", "a\n.md"])
def test_other_names_are_refused(name: str) -> None:
    assert check_name(name)


def test_all_figures_stand_under_their_names() -> None:
    said = cell_text(cell(0.5), "all", UNICODE, original=False)[0]

    assert len(said) == len(replay_cells.HEAD) == replay_cells.WIDE
