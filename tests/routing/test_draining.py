"""Routes that are disabled and providers that drain: what is passed over, what is refused."""

import pytest

from llmgate.config.model import Config, Match, RouteConfig, Target
from llmgate.errors import ModelNotFound, UpstreamUnreachable
from llmgate.routing.explain import explain
from llmgate.routing.router import Router
from tests.routing.test_router import MESSAGES, ask, config, first, like, plan, route

TWO = config(
    {
        "fast": route(Target(provider="a", weight=3), Target(provider="b"), match=Match(model="m")),
        "rest": route(Target(provider="c"), match=Match(model="m*")),
    },
    a=like(models={"x": "y"}),
    b=like(),
    c=like(),
)


def drained(subject: Config | Router, model: str | None, *draining: str) -> tuple[str, str, str]:
    router = subject if isinstance(subject, Router) else Router(subject)
    return first(router.plan(ask(model), {}, lambda _: True, frozenset(draining)))


def test_a_disabled_route_is_passed_over_and_its_names_are_not_listed() -> None:
    off = RouteConfig(match=Match(model="old"), targets=[Target(provider="a")], enabled=False)
    subject = config({"off": off, "on": route(Target(provider="b"), match=Match(model="new"))},
                     a=like(), b=like())  # fmt: skip

    assert Router(subject).names() == ["new"]
    with pytest.raises(ModelNotFound) as caught:
        plan(subject, ask("old"))
    assert "did you mean 'old'" not in caught.value.message
    assert explain(Router(subject), ask("new"), {}, lambda _: True)[1] == (
        "route off: passed over, it is disabled"
    )


def test_a_route_that_is_enabled_again_turns_its_wheel_on() -> None:
    before = Router(TWO)
    picks = [plan(before, ask("m")).choices[0].provider for _ in range(2)]
    routes = {**TWO.routes, "fast": route(*TWO.routes["fast"].targets, enabled=False)}
    disabled = Router(Config(providers=TWO.providers, routes=routes), before)
    again = Router(TWO, disabled)
    picks += [plan(again, ask("m")).choices[0].provider for _ in range(2)]

    assert first(plan(disabled, ask("m")))[0] == "rest"
    assert sorted(picks) == ["a", "a", "a", "b"]


def test_a_target_that_drains_takes_nothing() -> None:
    router = Router(TWO)

    assert {drained(router, "m", "a")[1] for _ in range(8)} == {"b"}


def test_a_route_whose_targets_all_drain_is_passed_over() -> None:
    lines = explain(Router(TWO), ask("m"), {}, lambda _: True, frozenset({"a", "b"}))

    assert drained(TWO, "m", "a", "b") == ("rest", "c", "m")
    assert lines[1] == "route fast: passed over, all its targets are draining"


@pytest.mark.parametrize("model", ["a/q", "x", None])
def test_a_name_that_reaches_only_what_drains_is_refused_with_the_way_back(
    model: str | None,
) -> None:
    subject = config(a=like(models={"x": "y"}))
    with pytest.raises(UpstreamUnreachable, match=r"'a' is draining.*providers/a/resume") as caught:
        drained(subject, model, "a")

    assert caught.value.status == 502


def test_what_another_provider_has_too_goes_there() -> None:
    listed = {"a": ["q"], "b": ["q"]}
    made = Router(TWO).plan(ask("q"), listed, lambda _: True, frozenset({"a"}))

    assert [choice.provider for choice in made.choices] == ["b"]


def test_a_direct_name_never_slips_to_another_provider() -> None:
    subject = config(a=like(), b=like())

    with pytest.raises(UpstreamUnreachable):
        drained(subject, "a/q", "a")


def test_what_draining_did_not_cause_is_told_as_ever() -> None:
    with pytest.raises(ModelNotFound):
        drained(TWO, "nothing-like-it", "a")


def test_the_only_target_that_speaks_the_protocol_drains() -> None:
    spoken = like(protocols=["anthropic.messages"])
    subject = config({"r": route(Target(provider="a"), Target(provider="b"))}, a=like(), b=spoken)

    with pytest.raises(UpstreamUnreachable, match="'b' is draining"):
        Router(subject).plan(ask("m", MESSAGES), {}, lambda _: True, frozenset({"b"}))
