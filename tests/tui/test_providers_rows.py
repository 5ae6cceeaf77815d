"""Providers as rows, and their settings as a form and as edits."""

import pytest

from llmgate.wire.editing import Edit, Remove, Set
from llmgate.wire.gateway import HealthState, Quantiles
from llmgate_tui.glyphs import ASCII, UNICODE
from llmgate_tui.screens.providers_edit import check, edits, settings, values, variable
from llmgate_tui.screens.providers_rows import cells, sought, state_cell, usable
from tests.tui.provided import FILE, NOON, provider

STATES: list[HealthState] = ["up", "degraded", "down", "unknown", "disabled", "no_key", "draining"]


# -- rows ----------------------------------------------------------------------


def test_every_state_has_a_word_and_a_sign_of_one_cell_in_both_sets() -> None:
    for glyphs in (UNICODE, ASCII):
        shown_ = {state: state_cell(provider(state=state), glyphs)[0] for state in STATES}

        assert all(text[1] == " " for text in shown_.values())
        assert shown_["no_key"].endswith("no key")
        assert [text[2:] for text in shown_.values()][:3] == ["up", "degraded", "down"]
        assert all(text.isascii() for text in shown_.values()) == (glyphs is ASCII)


def test_what_a_person_did_counts_more_than_what_was_measured() -> None:
    assert state_cell(provider(draining=True), UNICODE)[0].endswith("draining")
    assert state_cell(provider(draining=True, enabled=False), UNICODE)[0].endswith("disabled")
    assert not usable(provider(draining=True))
    assert usable(provider(state="degraded"))


def test_a_row_tells_rates_times_and_the_last_error() -> None:
    row = cells(provider(queued=2), NOON, UNICODE, 5)
    text = [cell if isinstance(cell, str) else cell[0] for cell in row]

    assert text[2:7] == ["3+2", "12", "25%", "412ms", "2.1s"]
    assert text[7] == "   ▃▇"
    assert text[9] == "12s 429 rate limited: slow down (0)"


def test_without_traffic_nothing_is_claimed_of_rates() -> None:
    idle = provider(requests_per_minute=0, error_share=0, in_flight=0, ttfb=Quantiles(), spark=[])
    row = [cell if isinstance(cell, str) else cell[0] for cell in cells(idle, NOON, UNICODE, 5)]

    assert row[2:7] == ["-", "-", "-", "-", "-"]
    assert row[7] == "     "


def test_a_search_looks_at_name_kind_and_address() -> None:
    views = [provider("b"), provider("a"), provider("c", base_url="http://local:1")]

    assert [view.name for view in sought(views, "")] == ["a", "b", "c"]
    assert [view.name for view in sought(views, "local")] == ["c"]


# -- settings as a form ----------------------------------------------------------


def test_the_form_holds_what_the_file_says() -> None:
    known = settings(FILE, "groq")

    assert known is not None
    assert values(known) == {
        "base_url": "",
        "variable": "GROQ_API_KEY",
        "connect_s": "5",
        "first_byte_s": "",
        "idle_s": "60.5",
        "models": "fast=llama-3.3-70b, claude-*=gpt-4o",
    }


def test_what_a_form_could_not_write_back_is_not_in_it() -> None:
    known = settings(FILE, "local")

    assert known is not None
    assert set(values(known)) == {"base_url", "connect_s", "first_byte_s", "idle_s"}
    assert settings(FILE, "nobody") is None
    assert settings("providers: [", "groq") is None
    assert settings("providers: {groq: 4}", "groq") is None


@pytest.mark.parametrize("key", ["${A_KEY}", "${A_KEY:-x}", "${A_KEY:-{{secret:a}", "${A_KEY:-}"])
def test_a_key_is_known_by_its_variable(key: str) -> None:
    assert variable(key) == "A_KEY"
    assert variable("sk-literal") == variable(None) == ""


def test_only_what_differs_becomes_an_edit() -> None:
    before = {
        "base_url": "",
        "variable": "A",
        "connect_s": "5",
        "idle_s": "60",
        "models": "a=b, c=d",
    }
    after = {
        "base_url": "https://x.test/v1",
        "variable": "A",
        "connect_s": "",
        "idle_s": "2.5",
        "models": "a=z, e=f",
    }
    at = ["providers", "groq"]
    wanted: list[Edit] = [
        Set([*at, "base_url"], "https://x.test/v1"),
        Remove([*at, "timeout", "connect_s"]),
        Set([*at, "timeout", "idle_s"], 2.5),
        Remove([*at, "models", "c"]),
        Set([*at, "models", "a"], "z"),
        Set([*at, "models", "e"], "f"),
    ]

    assert [edit for edit, _ in edits("groq", before, after)] == wanted
    assert edits("groq", before, before) == []


def test_an_empty_map_of_models_goes_as_a_whole() -> None:
    found = edits("groq", {"models": "a=b"}, {"models": ""})

    assert [edit for edit, _ in found] == [Remove(["providers", "groq", "models"])]


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("base_url", "api.groq.com", "http://"),
        ("variable", "sk-secret value", "not the key itself"),
        ("idle_s", "soon", "seconds above 0"),
        ("connect_s", "0", "seconds above 0"),
        ("models", "fast", "asked=sent"),
        ("models", "a=b=c", "asked=sent"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_do(field: str, text: str, said: str) -> None:
    assert said in check({field: text})
    assert check({"base_url": "https://a.test", "idle_s": "${IDLE}", "models": "a=b, "}) == ""
