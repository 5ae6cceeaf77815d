"""Routes as they are shown: who really took the requests."""

from collections import Counter

import pytest

from llmgate.config.model import Match, RouteConfig, Target
from llmgate.control.route_views import observed_by_target, route_views


def named(_provider: str, model: str) -> str:
    return {"short": "long-name-2026"}.get(model, model)


A, B = Target(provider="a", weight=3), Target(provider="b", model="short")
B_TOO = Target(provider="b")


@pytest.mark.parametrize(
    ("targets", "sent", "observed"),
    [
        ([A, B], {}, [0, 0]),
        ([A, B], {("a", "m1"): 2, ("a", "m2"): 1, ("b", "long-name-2026"): 5}, [3, 5]),
        ([B_TOO, B], {("b", "m1"): 2, ("b", "long-name-2026"): 5}, [2, 5]),
        ([A, A], {("a", "m1"): 2}, [2, 0]),
        ([B, B], {("b", "long-name-2026"): 2}, [2, 0]),
        ([A], {("gone", "m1"): 2}, [0]),
    ],
)
def test_each_target_has_the_requests_that_were_sent_for_it(
    targets: list[Target], sent: dict[tuple[str, str], int], observed: list[int]
) -> None:
    assert observed_by_target(targets, sent, named) == observed


def test_a_route_is_shown_with_its_configured_and_its_observed_share() -> None:
    route = RouteConfig(
        match=Match(model=["gpt-*", "x"], header={"x-team": "a*"}),
        targets=[A, Target(provider="b", weight=1)],
        enabled=False,
        streaming="only",
    )
    counts = Counter({("fast", "a", "m"): 1, ("fast", "b", "m"): 3, ("other", "a", "m"): 9})
    (view,) = route_views({"fast": route}, counts, named)

    assert view.match == {"model": "gpt-*, x", "header": "x-team: a*"}
    assert (view.enabled, view.streaming, view.observed) == (False, "only", 4)
    assert [(t.share, t.observed_share, t.observed) for t in view.targets] == [
        (0.75, 0.25, 1),
        (0.25, 0.75, 3),
    ]


def test_a_route_without_traffic_has_no_observed_share() -> None:
    (view,) = route_views({"fast": RouteConfig(targets=[A])}, Counter(), named)

    assert view.targets[0].observed_share is None
    assert view.observed == 0
