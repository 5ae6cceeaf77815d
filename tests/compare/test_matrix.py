"""The matrix of a replay: medians of what ended well, and nothing that went wrong hidden."""

from typing import Any

import pytest

from llmgate.compare.matrix import Result, build
from llmgate.compare.rates import tokens_per_s
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import Matrix, ReplayRefusal, ReplaySpec, ReplayView
from tests.compare.made import row, said

VIEW = ReplayView(id="r1", created_ms=1, state="running", spec=ReplaySpec())


def result(name: str, alike: float | None = 1.0, **fields: Any) -> Result:
    return row(name, **fields), alike


def built(
    *results: Result,
    refused: list[ReplayRefusal] | None = None,
    source: ExchangeSummary | None = None,
) -> Matrix:
    """A matrix of one request at one place."""
    original = source or row("s")
    given = {(original.id, 0): list(results)} if results else {}
    sources = [(original, "title", said("a"))]
    return build(VIEW, ["original", "p/m"], sources, given, refused or [])


def test_a_cell_holds_the_medians_of_its_results() -> None:
    times = (100, 900, 300)
    results = [
        result(f"x{n}", n / 10, ttfb_us=n, total_us=2 * n, cost_usd=n / 1e6, output_tokens=n)
        for n in times
    ]
    cell = built(*results).rows[0].cells[1]

    assert cell.ids == ["x100", "x900", "x300"]
    assert (cell.ttfb_us, cell.total_us, cell.output_tokens) == (300, 600, 300)
    assert (cell.cost_usd, cell.similarity, cell.ok) == (300 / 1e6, 30.0, 3)
    assert (cell.state, cell.status) == ("finished", 200)


def test_what_went_wrong_is_told_and_does_not_count_as_fast() -> None:
    cell = (
        built(
            result("x1", ttfb_us=500, usage_basis="reported"),
            result("x2", None, state="failed", status=429, ttfb_us=1, error="slow down"),
        )
        .rows[0]
        .cells[1]
    )

    assert (cell.state, cell.status, cell.error, cell.ok) == ("failed", 429, "slow down", 1)
    assert cell.ttfb_us == 500
    assert cell.usage_basis == "reported"


def test_a_result_that_still_lives_shows() -> None:
    cell = built(result("x1"), result("x2", state="streaming", ttfb_us=5)).rows[0].cells[1]

    assert (cell.state, cell.ok) == ("streaming", 1)
    assert built(result("x2", state="waiting", status=None)).rows[0].cells[1].ttfb_us is None


def test_what_was_not_sent_is_pending_or_refused() -> None:
    assert built().rows[0].cells[1].state == "pending"
    for target in ("p/m", ""):
        refusal = ReplayRefusal(source="s", target=target, reason="speaks another protocol")
        cell = built(refused=[refusal]).rows[0].cells[1]
        assert (cell.state, cell.error) == ("refused", "speaks another protocol")
    other = ReplayRefusal(source="s", target="q/m", reason="no")
    assert built(refused=[other]).rows[0].cells[1].state == "pending"


def test_the_original_is_the_first_column_and_is_like_itself() -> None:
    source = row("s", cost_usd=0.5, cost_basis="estimated", ttfb_us=7)
    first = built(source=source).rows[0].cells[0]

    assert (first.ids, first.cost_usd, first.cost_basis) == (["s"], 0.5, "estimated")
    assert (first.similarity, first.ok) == (1.0, 1)


def test_the_weakest_figure_says_what_a_median_is_worth() -> None:
    cell = (
        built(
            result("x1", output_tokens=1, usage_basis="reported", cost_basis="unknown"),
            result("x2", output_tokens=2, usage_basis="estimated"),
        )
        .rows[0]
        .cells[1]
    )

    assert (cell.usage_basis, cell.cost_basis) == ("estimated", "unknown")


def test_totals_are_sums_of_tokens_and_cost_and_medians_of_the_rest() -> None:
    sources = [(row(f"s{n}"), "t", said("a")) for n in range(3)]
    results = {
        (f"s{n}", 0): [
            result(f"x{n}", 0.5, ttfb_us=n, cost_usd=0.25, cost_basis="reported", input_tokens=10)
        ]
        for n in range(3)
    }
    total = build(VIEW, ["original", "p/m"], sources, results, []).totals[1]

    assert (total.ttfb_us, total.cost_usd, total.input_tokens) == (1, 0.75, 30)
    assert (total.similarity, total.ok, total.cost_basis) == (0.5, 3, "reported")


def test_a_sum_that_lacks_a_cost_is_estimated_and_never_zero() -> None:
    sources = [(row(f"s{n}"), "t", said("a")) for n in range(2)]
    known = result("x0", cost_usd=0.25, cost_basis="reported")
    some = {("s0", 0): [known], ("s1", 0): [result("x1")]}
    none = {("s0", 0): [result("x0")], ("s1", 0): [result("x1")]}

    total = build(VIEW, ["original", "p/m"], sources, some, []).totals[1]
    assert (total.cost_usd, total.cost_basis) == (0.25, "estimated")
    total = build(VIEW, ["original", "p/m"], sources, none, []).totals[1]
    assert (total.cost_usd, total.cost_basis) == (None, "unknown")


@pytest.mark.parametrize(
    "state",
    [
        {"state": "cancelled"},
        {"state": "cut"},  # as a store is found after a crash
        {"state": "cut", "error_type": "gateway_internal"},
    ],
)
def test_what_was_given_up_is_no_result_beside_others(state: dict[str, str]) -> None:
    well = [result(f"x{n}", ttfb_us=5, cost_usd=0.1) for n in range(2)]
    gone = result("x9", None, **state, status=None, ttfb_us=1, error="given up")
    cell = built(well[0], gone, well[1]).rows[0].cells[1]
    live = built(gone, result("x1", state="waiting", status=None)).rows[0].cells[1]
    alone = built(gone).rows[0].cells[1]

    assert (cell.state, cell.error, cell.ids, cell.ok) == ("finished", "", ["x0", "x1"], 2)
    assert live.state == "waiting"
    assert (alone.state, alone.error, alone.ids) == (state["state"], "given up", ["x9"])


def test_what_a_provider_cut_is_a_result() -> None:
    cut = result("x9", None, state="cut", error_type="upstream_cut", error="it left")
    cell = built(result("x1"), cut).rows[0].cells[1]

    assert (cell.state, cell.error, cell.ok, len(cell.ids)) == ("cut", "it left", 1, 2)


def test_totals_count_everything_that_was_sent() -> None:
    matrix = built(
        *(result(f"x{n}", input_tokens=n, cost_usd=n / 4, cost_basis="reported") for n in (1, 2)),
        result("x3", None, state="failed", input_tokens=4, cost_usd=1, cost_basis="reported"),
        result("x4", None, state="cancelled", input_tokens=8, cost_usd=2, cost_basis="reported"),
        result("x5", None, state="failed", status=500),
        source=row("s", input_tokens=7, cost_usd=0.5, cost_basis="reported"),
    )
    original, total = matrix.totals

    assert (total.input_tokens, total.cost_usd, total.cost_basis) == (15, 3.75, "reported")
    assert (original.input_tokens, original.cost_usd) == (7, 0.5)


def test_a_sum_without_the_cost_of_a_cancelled_answer_is_estimated() -> None:
    known = result("x0", cost_usd=0.25, cost_basis="reported")
    gone = result("x1", None, state="cancelled", output_tokens=9)

    assert built(known, gone).totals[1].cost_basis == "estimated"


def test_a_matrix_of_nothing_is_built() -> None:
    matrix = build(VIEW, ["original", "p/m"], [], {}, [])

    assert matrix.rows == []
    assert [cell.state for cell in matrix.totals] == ["pending", "pending"]


def test_tokens_per_second_count_from_the_first_byte_of_a_stream() -> None:
    given: dict[str, Any] = {"output_tokens": 100, "total_us": 1_500_000, "ttfb_us": 500_000}

    assert tokens_per_s(row(stream=True, **given)) == 100
    assert tokens_per_s(row(**given)) == 100 / 1.5
    assert tokens_per_s(row(stream=True, **{**given, "ttfb_us": 1_499_000})) == 100 / 1.5
    assert tokens_per_s(row(total_us=5)) is None
    assert tokens_per_s(row(output_tokens=5)) is None
