"""The first request names a model that the gateway answers."""

import pytest

from llmgate.wire.gateway import HealthState, ProviderView, RouteView
from llmgate_tui.first_model import FALLBACK, first_model
from tests.tui import sample


def route(**match: str) -> RouteView:
    return RouteView(name="r", match=match, strategy="weighted", targets=[])


def provider(*models: str, state: HealthState = "up") -> ProviderView:
    return ProviderView(
        name="p", kind="p", base_url="", protocols=[], state=state, models=list(models)
    )


def test_the_demo_answers_to_its_own_name() -> None:
    assert first_model(sample.status(demo=True), [route(model="fast")], []) == "demo"


@pytest.mark.parametrize(
    ("routes", "named"),
    [
        ([route(model="fast")], "fast"),
        ([route(model="fast-*, /gpt-.*/, gpt-[45], cheap")], "cheap"),
        ([route(), route(model="*"), route(model="o?, local/llama3.2:3b")], "local/llama3.2:3b"),
        ([route(model="theirs", key="ide"), route(model="ours")], "ours"),
        ([route(model="theirs", key="ide")], "theirs"),
    ],
)
def test_the_first_literal_model_of_a_route_comes_first(
    routes: list[RouteView], named: str
) -> None:
    assert first_model(sample.status(), routes, [provider("listed")]) == named


def test_without_a_literal_route_a_provider_that_can_be_used_names_one() -> None:
    providers = [provider("off", state="no_key"), provider(), provider("first", "second")]

    assert first_model(sample.status(), [route(model="gpt-*")], providers) == "first"


@pytest.mark.parametrize(
    "name", ["", "it's", "a b", "$(reboot)", "\x1b[31m", "\u202eevil", "x" * 200]
)
def test_names_that_a_shell_or_a_screen_would_obey_are_never_offered(name: str) -> None:
    assert first_model(None, [route(model=name)], [provider(name)]) == FALLBACK
