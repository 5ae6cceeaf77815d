"""Numbers, columns and glyphs."""

import msgspec
import pytest
from rich.cells import cell_len

from llmgate_tui import columns, figures, glyphs
from llmgate_tui.columns import Look
from llmgate_tui.text import fit, fit_right
from tests.tui import sample

LOOK = Look(sample.NOON_MS, lambda _: "12:04:31", glyphs.UNICODE)


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (None, "-"),
        (300, "<1ms"),
        (412_000, "412ms"),
        (999_600, "1.0s"),
        (3_140_000, "3.1s"),
        (99_960_000, "1m40s"),
        (125_000_000, "2m05s"),
        (3_720_000_000, "1h02m"),
    ],
)
def test_durations_are_short_and_have_units(us: int | None, text: str) -> None:
    assert figures.duration(us) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "-"), (0, "0"), (999, "999"), (48_204, "48.2k"), (1_250_000, "1.25M")],
)
def test_counts_are_short(number: int | None, text: str) -> None:
    assert figures.count(number) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [(None, "-"), (0.0, "0.0000"), (0.00001, "<0.0001"), (0.0151, "0.0151"), (1.834, "1.83")],
)
def test_money_keeps_the_digits_that_matter(usd: float | None, text: str) -> None:
    assert figures.money(usd) == text


def test_an_estimate_is_marked_and_unknown_is_never_zero() -> None:
    assert figures.count(410, estimated=True) == "410~"
    assert figures.money(0.019, estimated=True) == "0.0190~"
    assert figures.money(None, estimated=True) == "-"


@pytest.mark.parametrize("width", range(30, 240))
def test_the_columns_never_exceed_the_width(width: int) -> None:
    chosen = columns.for_width(width)

    assert columns.GUTTER + sum(cells + 1 for _, cells in chosen) <= width
    assert all(cells > 0 for _, cells in chosen)


def test_every_state_has_a_word_or_a_code() -> None:
    row = sample.exchanges(1)[0]
    texts = {
        state: columns.status(msgspec.structs.replace(row, state=state, status=None), LOOK)[0]
        for state in ("waiting", "streaming", "finished", "failed", "cut", "cancelled")
    }

    assert texts == {
        "waiting": "… wait",
        "streaming": "▸",
        "finished": "-",
        "failed": "✗ failed",
        "cut": "✗ cut",
        "cancelled": "⊘ gone",
    }


def test_a_limit_of_ours_is_told_apart_from_a_providers() -> None:
    row = msgspec.structs.replace(sample.exchanges(1)[0], state="failed", status=429)
    ours = msgspec.structs.replace(row, error_type="policy_rate_limited")

    assert columns.status(ours, LOOK)[0] != columns.status(row, LOOK)[0]


def test_a_model_served_under_another_name_shows_both() -> None:
    row = msgspec.structs.replace(sample.exchanges(1)[0], model="fast", served="llama-3.3-70b")

    assert columns.model(row, LOOK)[0] == "fast → llama-3.3-70b"


@pytest.mark.parametrize("text", ["", "abc", "abcdefgh", "日本語テキスト", "é" * 9])
def test_fitted_text_has_exactly_the_width(text: str) -> None:
    assert cell_len(fit(text, 6)) == 6
    assert cell_len(fit_right(text, 6)) == 6


def test_every_glyph_is_one_cell_and_has_an_ascii_twin() -> None:
    for name in glyphs.UNICODE.__struct_fields__:
        assert getattr(glyphs.ASCII, name).isascii()
        assert cell_len(getattr(glyphs.UNICODE, name)) == 1


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        ({"LANG": "en_US.UTF-8"}, glyphs.UNICODE),
        ({"LANG": "de_DE.utf8"}, glyphs.UNICODE),
        ({"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, glyphs.ASCII),
        ({"LANG": "en_US.ISO-8859-1"}, glyphs.ASCII),
        ({"LANG": "en_US.UTF-8", "LLMGATE_ASCII": "1"}, glyphs.ASCII),
        ({}, glyphs.UNICODE),
    ],
)
def test_the_locale_decides_between_glyphs_and_ascii(
    environ: dict[str, str], chosen: glyphs.Glyphs
) -> None:
    assert glyphs.choose(environ) is chosen
