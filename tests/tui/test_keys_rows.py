"""Keys and limits as rows, and what is typed in their forms as edits."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.wire.editing import Edit, Insert, Remove, Rename, Set
from llmgate.wire.limits import LimitsView, LimitView
from llmgate_tui.glyphs import ASCII, UNICODE, Glyphs
from llmgate_tui.screens.form import Values
from llmgate_tui.screens.keys_file import drafted, enabled, limits_of, parsed
from llmgate_tui.screens.keys_forms import (
    WORDS,
    check_key,
    check_limits,
    limit_edits,
    limit_fields,
    models_edit,
    new_key,
    variable_for,
)
from llmgate_tui.screens.keys_rows import Look, bar, holders, resets, rows
from llmgate_tui.widgets.grid import GridRow
from tests.tui import sample
from tests.tui.limited import CLAUDE, FILE, GROQ, IDE, KEYS

TREE = parsed(FILE)
LIMITS = [IDE, GROQ, CLAUDE]


def look(glyphs: Glyphs = UNICODE) -> Look:
    return Look(
        now_ms=sample.NOON_MS,
        glyphs=glyphs,
        moment=lambda ms: time.strftime("%d %b", time.gmtime(ms / 1000)),
    )


def text(made: list[GridRow]) -> str:
    return "\n".join(
        " ".join(cell if isinstance(cell, str) else cell[0] for cell in row.cells) for row in made
    )


def shown(*edits: Edit, glyphs: Glyphs = UNICODE) -> str:
    found = holders(KEYS, LIMITS, TREE, drafted(TREE, edits))
    return text(rows(found, look(glyphs)))


def limit(**changes: object) -> LimitView:
    fields: dict[str, object] = {"name": "requests_per_minute", "unit": "requests", "limit": 60.0}
    return LimitView(**{**fields, **changes})  # type: ignore[arg-type]  # a test's limit


def test_every_holder_has_a_heading_and_a_row_for_each_limit() -> None:
    lines = shown().splitlines()

    assert [line for line in lines if line in {"Keys", "Providers", "Models"}]
    assert "ide   …a1b2   $LLMGATE_IDE_KEY   gpt-*, claude-*" in shown()
    assert any("requests per minute" in line and "45 / 60 15 in 12s 2 3" in line for line in lines)
    assert any("tokens per minute" in line and "48.2k~ / 200k" in line for line in lines)
    assert any("budget per day" in line and "midnight" in line for line in lines)
    assert any("1 of 4 queued" in line for line in lines)
    assert any("(warns)" in line and "30 Nov" in line for line in lines)


def test_a_disabled_key_and_one_without_limits_say_so() -> None:
    assert "ci   …9f00   disabled   any model\n  no limits: e sets them" in shown()


def test_without_keys_and_limits_each_group_says_what_to_do() -> None:
    said = text(rows(holders([], [], {}, {}), look()))

    assert "callers on this machine need none. n makes one" in said
    assert "No provider has a limit. a adds one." in said
    assert "No model has a limit of its own. a adds one." in said


def test_the_draft_is_shown_beside_what_runs() -> None:
    said = shown(
        Set(["keys", "ide", "limits", "requests_per_minute"], 100),
        Set(["keys", "ide", "limits", "requests_per_day"], 900),
        Remove(["keys", "ide", "limits", "tokens_per_minute"]),
        Set(["keys", "ci", "enabled"], True),
        Set(["limits", "gpt-*", "tokens_per_day"], 5),
        Remove(["limits", "claude-*"]),
    )

    assert "60 → 100" in said
    assert "requests per day  new: 900" in said
    assert "200k → none" in said
    assert "enabled in the draft" in said
    assert "gpt-*   new in the draft\n  tokens per day  new: 5" in said
    assert "claude-*   removed in the draft" in said


def test_a_key_that_the_draft_removes_or_adds_is_shown_so() -> None:
    said = shown(Remove(["keys", "ide"]), Set(["keys", "fresh", "key"], "x"))

    assert "ide   …a1b2   $LLMGATE_IDE_KEY" in said
    assert "removed in the draft" in said
    assert "fresh   any model   new in the draft" in said


def test_an_ascii_screen_gets_ascii_rows() -> None:
    assert shown(glyphs=ASCII).isascii()


def test_the_bar_tells_used_from_reserved_and_is_never_invisible() -> None:
    assert bar(limit(used=30), 20) == "█" * 10 + "░" * 10
    assert bar(limit(used=30, reserved=15), 20) == "█" * 5 + "▒" * 5 + "░" * 10
    assert bar(limit(used=30, reserved=15), 20, plain=True) == "#" * 5 + "+" * 5 + "." * 10
    assert bar(limit(used=1000, reserved=1), 20) == "█" * 19 + "▒"
    assert bar(limit(used=0), 20) == "░" * 20
    assert bar(limit(limit=0.0, used=1), 8) == "█" * 8


@given(
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.integers(1, 60),
    st.booleans(),
)
def test_a_bar_is_as_wide_as_it_was_asked_to_be(
    most: float, used: float, reserved: float, width: int, plain: bool
) -> None:
    drawn = bar(limit(limit=most, used=used, reserved=min(used, reserved)), width, plain=plain)

    assert len(drawn) == width


@pytest.mark.parametrize(
    ("name", "in_ms", "said"),
    [
        ("requests_per_minute", 11_500, "in 12s"),
        ("requests_per_minute", 0, "now"),
        ("requests_per_hour", 245_000, "in 4m05s"),
        ("budget_usd_per_day", 60_000, "midnight"),
        ("budget_usd_per_month", 9 * 86_400_000, "30 Nov"),
    ],
)
def test_the_time_of_more_room_is_told(name: str, in_ms: int, said: str) -> None:
    assert resets(limit(name=name, resets_ms=sample.NOON_MS + in_ms), look()) == said


def test_nothing_counted_has_no_time_of_more_room() -> None:
    assert resets(limit(), look()) == "-"


# -- the file ----------------------------------------------------------------


def test_edits_of_the_draft_are_made_on_mappings_only() -> None:
    tree = drafted(
        TREE,
        [
            Set(["limits", "new", "tokens_per_day"], 5),
            Rename(["keys", "ci"], "robot"),
            Remove(["keys", "ide", "limits", "burst"]),
            Insert(["keys", "ide", "models"], 0, "x"),
            Remove(["nothing", "here"]),
            Set(["keys", "ide", "models", 0], "y"),
        ],
    )

    assert limits_of(tree, "model", "new") == {"tokens_per_day": 5}
    assert "robot" in tree["keys"]
    assert "burst" not in limits_of(tree, "key", "ide")
    assert tree["keys"]["ide"]["models"] == ["gpt-*", "claude-*"]
    assert TREE["limits"].keys() == {"claude-*"}  # the file's own stays as it was


def test_a_file_whose_secrets_are_replaced_is_read_all_the_same() -> None:
    text = "keys:\n  ide: {key: {{secret:keys.ide}}, limits: {requests_per_minute: 3}}\n"

    assert limits_of(parsed(text), "key", "ide") == {"requests_per_minute": 3}
    assert limits_of(parsed(text.replace("{{", '"{{').replace("}},", '}}",')), "key", "ide")


@pytest.mark.parametrize("broken", ["keys: [", "- a\n- b", "\x00", "keys: 7", "keys: {a: 1}"])
def test_a_file_that_cannot_be_read_has_no_limits(broken: str) -> None:
    tree = parsed(broken)

    assert limits_of(tree, "key", "a") == {}
    assert enabled(tree, "a")


# -- forms -------------------------------------------------------------------


def typed(**changes: str) -> Values:
    known = {field.name: field.value for field in limit_fields(limits_of(TREE, "key", "ide"))}
    return {**known, **changes}


def edits(**changes: str) -> list[Edit]:
    known = limits_of(TREE, "key", "ide")
    return [edit for edit, _ in limit_edits("key", "ide", known, typed(**changes))]


def test_only_what_differs_becomes_an_edit() -> None:
    at = ["keys", "ide", "limits"]

    assert edits() == []
    assert edits(requests_per_minute="100") == [Set([*at, "requests_per_minute"], 100)]
    assert edits(burst="", tokens_per_minute="1.5m") == [
        Remove([*at, "burst"]),
        Set([*at, "tokens_per_minute"], 1_500_000),
    ]
    assert edits(budget_usd_per_day="$0.5", warn_at="90%", on_budget="warn") == [
        Set([*at, "budget_usd_per_day"], 0.5),
        Set([*at, "on_budget"], "warn"),
        Set([*at, "warn_at"], 0.9),
    ]
    assert edits(concurrency="${MOST:-4}") == [Set([*at, "concurrency"], "${MOST:-4}")]


def test_emptying_every_field_takes_the_mapping_away() -> None:
    assert edits(**dict.fromkeys(WORDS, "")) == [Remove(["keys", "ide", "limits"])]


def test_limits_of_models_and_providers_stand_in_their_own_places() -> None:
    [(model, _)] = limit_edits("model", "gpt-*", {}, {"tokens_per_day": "2k"})
    [(provider, note)] = limit_edits("provider", "groq", {}, {"concurrency": "2"})

    assert model == Set(["limits", "gpt-*", "tokens_per_day"], 2000)
    assert provider == Set(["providers", "groq", "limits", "concurrency"], 2)
    assert note == "groq: requests at once none to 2"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("requests_per_minute", "many", "not a number"),
        ("requests_per_minute", "1.5", "whole number"),
        ("requests_per_minute", "0", "from 1"),
        ("queue_wait_s", "4000", "from 0 to 3,600"),
        ("on_budget", "maybe", "stop refuses"),
        ("warn_at", "2", "from 0.01"),
        ("warn_at", "120%", "from 0.01"),
        ("max_request_bytes", "-1", "not a number"),
        ("tokens_per_day", "٣", "not a number"),
        ("tokens_per_day", "1e9", "not a number"),
    ],
)
def test_a_wrong_limit_is_said_as_it_is_typed(field: str, value: str, says: str) -> None:
    said = check_limits({field: value})

    assert WORDS[field] in said
    assert says in said


def test_a_burst_needs_a_rate() -> None:
    assert "needs requests per second" in check_limits({"burst": "4"})
    assert check_limits({"burst": "4", "requests_per_second": "2"}) == ""


@given(st.dictionaries(st.sampled_from(list(WORDS)), st.text(max_size=12)))
def test_whatever_is_typed_is_an_edit_or_a_problem(values: dict[str, str]) -> None:
    problem = check_limits(values)
    made = [] if problem else limit_edits("model", "m", {}, values)

    assert problem or len(made) == sum(bool(text.strip()) for text in values.values())


def test_a_new_key_is_asked_for_as_the_file_would_have_it() -> None:
    asked = new_key(
        {
            "name": "ide",
            "models": "gpt-*, claude-*",
            "requests_per_minute": "60",
            "budget_usd_per_day": "2.5",
            "variable": "LLMGATE_IDE_KEY",
        }
    )

    assert (asked.name, asked.variable) == ("ide", "LLMGATE_IDE_KEY")
    assert asked.settings == {
        "models": ["gpt-*", "claude-*"],
        "limits": {"requests_per_minute": 60, "budget_usd_per_day": 2.5},
    }
    assert new_key({"name": "a", "models": ""}).settings == {"models": ["*"]}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": "ide"}, "there already"),
        ({"name": "a b"}, "letters, digits"),
        ({"name": "x" * 65}, "letters, digits"),
        ({"name": "a", "variable": "1X"}, "a name such as"),
        ({"name": "a", "requests_per_minute": "x"}, "not a number"),
        ({"name": "fine"}, ""),
    ],
)
def test_a_wrong_new_key_is_said_as_it_is_typed(values: Values, says: str) -> None:
    said = check_key(values, {"ide": {}})

    assert says in said
    assert bool(said) == bool(says)


def test_the_variable_of_a_key_is_named_after_it() -> None:
    assert variable_for("my.ide-2") == "LLMGATE_MY_IDE_2_KEY"
    assert variable_for("") == ""


def test_other_models_are_a_list_and_none_is_every_model() -> None:
    assert models_edit("ide", ["a"], "a") == []
    assert [edit for edit, _ in models_edit("ide", ["a"], "b, c")] == [
        Set(["keys", "ide", "models"], ["b", "c"])
    ]
    assert [edit for edit, _ in models_edit("ide", ["a"], " ")] == [
        Remove(["keys", "ide", "models"])
    ]


def test_limits_of_a_gateway_that_knows_more_than_the_file_are_shown() -> None:
    alone = LimitsView(scope="model", name="late", limits=[limit()])

    assert "late" in text(rows(holders([], [alone], {}, {}), look()))
