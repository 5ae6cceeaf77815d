"""Routes with a draft on top, and the edits that keys and forms make."""

import msgspec
import pytest

from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set
from llmgate.wire.gateway import RouteView, TargetView
from llmgate_tui.glyphs import ASCII, UNICODE
from llmgate_tui.screens import routes_edits as edits
from llmgate_tui.screens.routes_plan import PlannedRoute, planned
from llmgate_tui.screens.routes_rows import Spot, asks, cells, heading, rows, spot

FAST = RouteView(
    name="fast",
    match={"model": "gpt-*"},
    strategy="weighted",
    observed=200,
    targets=[
        TargetView(provider="openai", weight=50, share=0.5, observed_share=0.48, observed=96),
        TargetView(provider="groq", model="llama", weight=50, share=0.5, observed=104),
    ],
)
BIG = RouteView(
    name="big",
    match={"model": "claude-*", "header": "x-team: a*"},
    strategy="priority",
    targets=[TargetView(provider="anthropic"), TargetView(provider="openai")],
)
WEIGHT: list[str | int] = ["routes", "fast", "targets", 0, "weight"]


def plan(*made: Edit, away: tuple[str, ...] = ()) -> list[PlannedRoute]:
    return planned([FAST, BIG], made, away)


def shares(route: PlannedRoute) -> list[float]:
    return [round(target.share, 3) for target in route.targets]


def test_shares_follow_the_draft() -> None:
    assert shares(plan()[0]) == [0.5, 0.5]
    assert shares(plan(Set(WEIGHT, 70))[0]) == [0.583, 0.417]
    assert shares(plan(Set(WEIGHT, 0))[0]) == [0.0, 1.0]
    assert shares(plan(Set(["routes", "fast", "enabled"], False))[0]) == [0.0, 0.0]


def test_a_priority_route_sends_everything_to_its_first_target_that_takes_any() -> None:
    assert shares(plan()[1]) == [1.0, 0.0]
    assert shares(plan(away=("anthropic",))[1]) == [0.0, 1.0]
    assert shares(plan(away=("openai",))[0]) == [0.0, 1.0]


def test_a_target_is_known_again_wherever_the_draft_moves_it() -> None:
    route = plan(
        Move(["routes", "fast", "targets", 1], 0),
        Set(WEIGHT, 10),
        Rename(["routes", "fast"], "quick"),
        Insert(["routes", "quick", "targets"], 0, {"provider": "new"}),
        Move(["routes", "big"], 0),
    )[1]

    assert route.name == "quick"
    assert route.was == FAST
    assert [target.provider for target in route.targets] == ["new", "groq", "openai"]
    assert [target.was for target in route.targets] == [None, FAST.targets[1], FAST.targets[0]]
    assert [target.weight for target in route.targets] == [1, 10, 50]


def test_a_drafted_route_is_read_as_the_file_would_be() -> None:
    value = {"match": {"model": ["a", "b"], "header": {"x": "y*"}}, "targets": [{"provider": "p"}]}
    made = plan(Set(["routes", "new"], value))[-1]

    assert made.match == {"model": "a, b", "header": "x: y*"}
    assert (made.strategy, made.streaming, made.enabled, made.was) == (
        "weighted",
        "any",
        True,
        None,
    )


@pytest.mark.parametrize("value", [None, 3, "x", [], {"targets": [1, None]}, {"match": 1}])
def test_values_that_are_no_route_break_nothing(value: object) -> None:
    made = plan(Set(["routes", "odd"], value), Set(["routes", "fast", "targets"], value))

    assert [route.name for route in made][:2] == ["fast", "big"]
    assert planned([FAST], [Set(["routes"], value)]) is not None


def test_weights_stay_in_their_bounds() -> None:
    route = plan()[0]

    assert edits.weigh(route, route.targets[0], 70) == (Set(WEIGHT, 70), "fast: openai 50 to 70")
    assert edits.weigh(route, route.targets[0], 50) is None
    low, high = (edits.weigh(route, route.targets[0], weight) for weight in (-5, 10**9))
    assert low is not None
    assert low[0] == Set(WEIGHT, 0)
    assert high is not None
    assert high[0] == Set(WEIGHT, edits.HEAVIEST)


def test_the_note_of_a_weight_tells_from_what_runs() -> None:
    route = plan(Set(WEIGHT, 60))[0]
    drafted = edits.weigh(route, route.targets[0], 70)

    assert drafted is not None
    assert drafted[1] == "fast: openai 50 to 70"


def test_equal_weights_keep_the_sum() -> None:
    route = plan(Set(WEIGHT, 90))[0]

    made = [edit for edit, _ in edits.equalise(route)]
    assert made == [Set(WEIGHT, 70), Set(["routes", "fast", "targets", 1, "weight"], 70)]
    assert edits.equalise(plan()[0]) == []


def test_routes_and_targets_move_until_the_end() -> None:
    made = plan()

    assert edits.move(made, made[0], None, -1) is None
    assert edits.move(made, made[1], None, -1) == ((Move(["routes", "big"], 0), "big up"), 0)
    down = edits.move(made, made[0], made[0].targets[0], 1)
    assert down == ((Move(["routes", "fast", "targets", 0], 1), "fast: openai down"), 1)
    assert edits.move(made, made[0], made[0].targets[1], 1) is None


def test_a_form_changes_only_the_fields_that_differ() -> None:
    route = plan()[0]
    target = route.targets[1]
    at: list[str | int] = ["routes", "fast", "targets", 1]
    before = edits.target_values(target)

    assert edits.change_target(route, target, before) == []
    changed = edits.change_target(route, target, {**before, "model": "", "weight": "7"})
    assert [edit for edit, _ in changed] == [Remove([*at, "model"]), Set([*at, "weight"], 7)]


def test_a_route_form_writes_lists_and_headers_and_renames_last() -> None:
    route = plan()[1]
    after = {
        **edits.route_values(route),
        "name": "large",
        "model": "claude-*, opus",
        "key": "ide",
        "header": "x-team: b, x-app: c*",
        "strategy": "weighted",
        "path": "",
    }

    made = [edit for edit, _ in edits.change_route(route, after)]
    at: list[str | int] = ["routes", "big"]
    assert made == [
        Set([*at, "match", "model"], ["claude-*", "opus"]),
        Set([*at, "match", "key"], "ide"),
        Set([*at, "match", "header"], {"x-team": "b", "x-app": "c*"}),
        Set([*at, "strategy"], "weighted"),
        Rename(at, "large"),
    ]
    emptied = edits.change_route(route, {**edits.route_values(route), "header": ""})
    assert [edit for edit, _ in emptied] == [Remove([*at, "match", "header"])]


def test_a_regular_expression_keeps_its_commas() -> None:
    assert edits.wanted("model", "/gpt-{1,2}/") == "/gpt-{1,2}/"
    assert edits.wanted("model", "a, b") == ["a", "b"]


def test_a_new_route_says_no_more_than_was_typed() -> None:
    values = {
        "name": "fast",
        "model": "gpt-*",
        "strategy": "weighted",
        "provider": "openai",
        "target": "",
    }
    edit, note = edits.new_route(values)

    assert edit == Set(
        ["routes", "fast"],
        {"match": {"model": "gpt-*"}, "targets": [{"provider": "openai", "weight": 1}]},
    )
    assert note == "route fast added"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name"),
        ({"name": "big"}, "already"),
        ({"name": "no name"}, "letters"),
        ({"strategy": "random"}, "weighted or priority"),
        ({"provider": ""}, "provider"),
    ],
)
def test_a_new_route_that_cannot_be_is_told_why(change: dict[str, str], said: str) -> None:
    values = {"name": "x", "model": "", "strategy": "weighted", "provider": "p", "target": ""}

    assert said in edits.check_new_route({**values, **change}, {"big"})
    assert edits.check_new_route(values, {"big"}) == ""


@pytest.mark.parametrize("weight", ["", "-1", "1.5", "x", "100001", "٣"])
def test_a_weight_that_is_none_is_told_so(weight: str) -> None:
    assert "weight" in edits.check_target({"provider": "p", "model": "", "weight": weight})


def test_headers_are_name_and_pattern() -> None:
    values = {**edits.route_values(plan()[0]), "header": "x-team"}

    assert "x-team: a*" in edits.check_route(values, set())


# -- rows ----------------------------------------------------------------------


def test_rows_are_a_heading_and_its_targets() -> None:
    found = rows(plan(), {}, UNICODE, 120)

    assert [row.id for row in found] == [":fast", "0:fast", "1:fast", ":big", "0:big", "1:big"]
    assert [spot(row.id) for row in found[:2]] == [Spot("fast"), Spot("fast", 0)]
    assert spot("-1") is None
    assert spot(Spot("a:b", 3).id) == Spot("a:b", 3)


def test_a_drafted_weight_shows_both_and_moves_every_share() -> None:
    route = plan(Set(WEIGHT, 70))[0]
    first = cells(route, route.targets[0], None, UNICODE, 120)
    second = cells(route, route.targets[1], None, UNICODE, 120)
    plain = cells(route, route.targets[0], None, ASCII, 120)

    assert first[2] == ("50 → 70", "accent")
    assert first[3] == ("58 %", "accent")
    assert second[2] == ("50", "")
    assert second[3] == ("42 %", "accent")
    assert first[4] == ("48 %", "")
    assert plain[2] == ("50 > 70", "accent")
    assert all(str(text).isascii() for text, _ in map(tuple, plain))


def test_headings_say_what_the_draft_does() -> None:
    made = plan(
        Set(["routes", "fast", "enabled"], False),
        Rename(["routes", "big"], "large"),
        Set(["routes", "new"], {"targets": []}),
    )
    said = ["".join(cell[0] for cell in heading(route, UNICODE)) for route in made]

    assert said[0].startswith("fast  on → off")
    assert said[1].startswith("large  was big")
    assert said[2].startswith("new  new  every request")
    assert asks({}) == "every request"
    off = msgspec.structs.replace(FAST, enabled=False)
    assert ("  off", "warn") in heading(planned([off], [])[0], UNICODE)


def test_narrow_rows_put_the_model_beside_the_provider() -> None:
    route = plan()[0]

    assert cells(route, route.targets[1], None, UNICODE, 40)[0] == ("  groq llama", "")
    assert cells(route, route.targets[1], None, UNICODE, 120)[0] == ("  groq", "")
