"""Spend as rows, a chart and a file."""

import stat
import time
from pathlib import Path

import msgspec
import pytest

from llmgate.wire.spend import Period, SpendRow, SpendSlot
from llmgate_tui.filter import compile_filter
from llmgate_tui.screens.spend_chart import chart
from llmgate_tui.screens.spend_export import write_new
from llmgate_tui.screens.spend_rows import Total, cells, dollars, drill, hit_rate, name
from tests.tui import sample
from tests.tui.spent import CODEX, HOUR, MIDNIGHT, NOON, QWEN, SONNET, report


def texts(row: SpendRow, total: Total) -> list[str]:
    return [
        cell if isinstance(cell, str) else cell[0]
        for cell in cells(row, name(row, "model"), total, plain=False)
    ]


# -- rows ------------------------------------------------------------------------


def test_unknown_money_is_never_zero_and_an_estimate_says_so() -> None:
    assert dollars(QWEN).strip() == "-"
    assert dollars(SONNET) == "$1.50~"
    assert dollars(CODEX) == "$0.5000 "
    assert dollars(SpendRow(exchanges=4, errors=4)).strip() == "-"
    assert dollars(SpendRow(exchanges=1, input_tokens=10)).strip() == "$0"
    assert dollars(SpendRow(cost_usd=0.2, unpriced=3)).strip() == "$0.2000"


def test_a_row_tells_share_tokens_and_how_much_came_from_the_cache() -> None:
    text = texts(SONNET, Total(2.0, 0))

    assert text[2:] == [
        "━" * 9 + " " * 3,
        "75%",
        "120",
        "3",
        "4.00M",
        "3.00M",
        "-",
        "75%",
        "88.0k",
        "-",
        "-",
    ]
    assert texts(QWEN, Total(2.0, 0))[-1] == "9"
    assert texts(QWEN, Total(2.0, 0))[3] == "-"
    assert hit_rate(QWEN) == "-"


def test_while_no_price_is_known_shares_are_of_tokens() -> None:
    assert Total(0.0, 70_000).share(QWEN) == 0.5
    assert Total(0.0, 0).share(QWEN) == 0.0


def test_what_has_no_name_says_what_that_means() -> None:
    assert name(SpendRow(), "key") == "(without a key)"
    assert name(SpendRow(name="a\x1b[31m"), "key") == "a␛[31m"


def test_a_row_leads_to_its_exchanges_of_the_period() -> None:
    assert drill(report(by="key"), SpendRow(name="ide"), NOON) == "key:=ide since:725m"
    assert drill(report(), SpendRow(), NOON) == "-model:?* since:725m"
    assert drill(report("30d"), None, NOON) == "since:709h"


def test_a_models_exchanges_are_those_served_by_it_and_those_that_only_asked_for_it() -> None:
    accept = compile_filter(drill(report(), CODEX, NOON), now_ms=NOON)
    row = msgspec.structs.replace(sample.exchanges(1)[0], started_ms=NOON - 1000)
    other, codex = "other", CODEX.name

    assert accept is not None
    assert accept(msgspec.structs.replace(row, model=other, served=codex))
    assert accept(msgspec.structs.replace(row, model=codex, served=""))
    assert not accept(msgspec.structs.replace(row, model=codex, served=other))
    assert not accept(msgspec.structs.replace(row, served=codex, started_ms=MIDNIGHT - HOUR))


# -- chart -----------------------------------------------------------------------


def utc(ms: int) -> time.struct_time:
    return time.gmtime(ms / 1000)


@pytest.mark.parametrize("width", [20, 40, 76, 120, 190])
@pytest.mark.parametrize("period", ["today", "7d", "30d"])
def test_a_chart_fits_its_width_and_labels_stand_under_their_columns(
    width: int, period: Period
) -> None:
    lines = [
        "".join(text for text, _ in line)
        for line in chart(report(period), utc, width=width, height=4)
    ]
    labels = lines[-1]

    assert len(lines) == 6
    assert all(len(line) <= width for line in lines[1:-1])
    assert "█" in lines[-2]
    assert labels.split()[0] in {"00", "15", "23"}
    assert "  0 " in lines[-2]


def test_a_chart_names_the_highest_column() -> None:
    head = chart(report(), utc, width=100, height=4)[0]

    assert "".join(text for text, _ in head) == "$ per hour   most $1.20, 12:00"


def test_without_prices_the_chart_counts_tokens_and_without_use_there_is_none() -> None:
    unpriced = [SpendSlot(start_ms=MIDNIGHT, tokens=48_000)]

    assert chart(report(slots=unpriced), utc, width=60, height=3)[0][0] == (
        "tokens per hour",
        "strong",
    )
    assert chart(report(slots=[SpendSlot(start_ms=MIDNIGHT)]), utc, width=60, height=3) == []
    assert chart(report(slots=[]), utc, width=60, height=3) == []


# -- export ----------------------------------------------------------------------


def test_an_export_never_overwrites_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = write_new(tmp_path, "spend", b"a")
    second = write_new(tmp_path, "spend", b"b")

    assert (first.name, first.read_bytes()) == ("spend.csv", b"a")
    assert (second.name, second.read_bytes()) == ("spend-2.csv", b"b")
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
