"""A report says of every row whether its target is reached, as text and as JSON."""

import msgspec
import pytest

from llmgate.bench.child import BenchProblem
from llmgate.bench.report import Report, Row, figure, table
from llmgate.bench.rows import ROWS
from llmgate.bench.run import check_rows

ROW = Row(name="request", what="CPU per request", unit="us", target=300)


def report(*rows: Row) -> Report:
    """A report of these rows."""
    return Report(
        version="1",
        python="3.11",
        system="here",
        cores=2,
        calibration_us=1234.5,
        seconds=3,
        rows=list(rows),
    )


@pytest.mark.parametrize(
    ("value", "also", "reached"),
    [(300.0, True, True), (300.1, True, False), (10.0, False, False)],
)
def test_a_figure_reaches_its_target_or_not(value: float, also: bool, reached: bool) -> None:
    assert figure(ROW, value, also=also).reached is reached


def test_the_table_names_figure_target_verdict_and_details() -> None:
    text = table(report(figure(ROW, 412.25, requests_per_s=2100.0), ROW))

    assert "calibration 1,23" in text
    assert "412.2 us" in text
    assert "300 us" in text
    assert "MISSED" in text
    assert "requests per s 2,100" in text
    assert "not measured" in text


def test_json_carries_the_same_figures() -> None:
    rows = msgspec.json.decode(msgspec.json.encode(report(figure(ROW, 12.0))))["rows"]

    assert rows[0]["value"] == 12.0
    assert rows[0]["reached"] is True


def test_a_missed_row_makes_the_report_missed_and_an_unmeasured_one_does_not() -> None:
    assert report(ROW, figure(ROW, 1.0)).reached
    assert not report(figure(ROW, 301.0)).reached


def test_rows_are_chosen_by_name_and_unknown_names_are_refused() -> None:
    assert check_rows([]) == list(ROWS)
    assert check_rows(["start"]) == ["start"]
    with pytest.raises(BenchProblem, match=r"no row is called 'strat'.*start"):
        check_rows(["strat"])
