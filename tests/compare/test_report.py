"""The Markdown report: a table that holds whatever titles, names and errors bring."""

import re
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.fail_if import Judgement, parse
from llmgate.compare.report import MAX_LINES, code, markdown
from llmgate.wire.replays import Cell, Matrix
from llmgate.wire.safe_text import safe_text
from tests.compare.made import cell, matrix

ORIGINAL = cell(similarity=1.0, cost_usd=0.01, ttfb_us=500_000, cost_basis="reported")
RESULT = cell(similarity=0.6, cost_usd=0.03, ttfb_us=1_200_000, cost_basis="estimated")
_UNESCAPED = re.compile(r"(?<!\\)\|")


def titled(found: Matrix, title: str) -> Matrix:
    rows = [msgspec.structs.replace(row, title=title) for row in found.rows]
    return msgspec.structs.replace(found, rows=rows)


def test_a_report_has_a_summary_totals_and_results() -> None:
    view: dict[str, Any] = {"total": 1, "done": 1, "spent_usd": 0.03, "spent_basis": "reported"}
    report = markdown(matrix([ORIGINAL, RESULT], **view))

    assert report.startswith(
        "### Replay `r1`\n\n1 requests at 1 place, 1 of 1 ended well; cost $0.03; finished."
    )
    assert "| `request 0` | `p1/m` | 200 | 1.20 s (2.4x) |" in report
    assert "~$0.03 (3.0x) | 0.60 |" in report
    assert "| `original` |" in report


def test_the_worst_comes_first() -> None:
    failed = Cell(ids=["x"], state="failed", status=500, error="overloaded")
    refused = Cell(state="refused", error="speaks another protocol")
    good = cell(similarity=0.9)
    report = markdown(matrix([ORIGINAL, good, RESULT, Cell(), refused, failed]))
    lines = [line for line in report.splitlines() if line.startswith("| `request 0`")]

    assert [line.split("|")[2].strip() for line in lines] == [
        "`p5/m`",
        "`p4/m`",
        "`p2/m`",
        "`p1/m`",
        "`p3/m`",
    ]
    assert "500: `overloaded`" in lines[0]
    assert "not sent: `speaks another protocol`" in lines[1]


def test_several_tries_say_how_many_ended_well() -> None:
    tries = cell(ids=["x", "y", "z"], ok=2, state="failed", status=429, error="slow down")

    assert "| 2 of 3 ok, 429: `slow down` |" in markdown(matrix([ORIGINAL, tries]))


def test_a_rule_stands_above_the_tables() -> None:
    found = matrix([ORIGINAL, RESULT], [ORIGINAL, cell()])
    report = markdown(found, parse("similarity<0.8").judge(found))

    assert '**The rule is broken:**\n\n- `s0 "request 0" at p1/m: similarity is 0.6' in report
    assert "Not judged:\n\n- `s1" in report
    assert "**The rule is kept.**" in markdown(found, Judgement([], []))
    assert "rule" not in markdown(found)


def test_a_title_cannot_leave_its_cell() -> None:
    evil = "a|b `c` <img src=x> @someone #12 \n| --- |\n\x1b[31m[x](http://y) \\"
    report = markdown(titled(matrix([ORIGINAL, RESULT]), evil))
    line = next(line for line in report.splitlines() if "img" in line)

    assert len(_UNESCAPED.findall(line)) == 11
    assert line.startswith(
        r"| `a\|b 'c' <img src=x> @someone #12 ⏎\| --- \|⏎␛[31m[x](http://y) \` |"
    )


@given(title=st.text(max_size=120))
def test_every_line_of_a_table_has_its_columns_whatever_the_title(title: str) -> None:
    report = markdown(titled(matrix([ORIGINAL, RESULT]), title))
    lines = [line for line in report.split("\n") if line.startswith("|")]

    assert len(lines) == 2 + 2 + 2 + 1
    assert {len(_UNESCAPED.findall(line)) for line in lines} == {10, 11}


@given(text=st.text(max_size=300))
def test_a_code_span_is_one_line_and_ends_where_it_should(text: str) -> None:
    found = code(text)

    assert found == "-" or (found[0] == found[-1] == "`" and found.count("`") == 2)
    assert safe_text(found, newlines=False) == found
    assert len(found) <= 82 + 10


def test_a_long_replay_is_cut_and_counted() -> None:
    report = markdown(matrix(*[[ORIGINAL, RESULT]] * (MAX_LINES + 7)))

    assert report.count("| `request ") == MAX_LINES
    assert "and 7 more results" in report
