"""`llmgate check --route`: the reasons in words."""

from llmgate.config.model import Config, Match, ProviderConfig, RouteConfig, Target
from llmgate.routing.explain import explain
from llmgate.routing.router import Ask, Router

SUBJECT = Config(
    providers={
        "a": ProviderConfig(kind="vllm"),
        "b": ProviderConfig(kind="vllm", enabled=False),
    },
    routes={
        "off": RouteConfig(targets=[Target(provider="b")]),
        "other": RouteConfig(match=Match(model="x"), targets=[Target(provider="a")]),
        "keyed": RouteConfig(match=Match(key="ide"), targets=[Target(provider="a")]),
        "streams": RouteConfig(streaming="only", targets=[Target(provider="a")]),
        "taken": RouteConfig(match=Match(model="m"), targets=[Target(provider="a", model="n")]),
    },
)


def reasons(model: str, config: Config = SUBJECT, protocol: str = "openai.chat") -> list[str]:
    asked = Ask(
        model=model,
        path="/v1/chat/completions",
        key="",
        headers={},
        protocol=protocol,
        stream=False,
    )
    return explain(Router(config), asked, {}, lambda _: True)


def test_every_route_passed_over_says_why_and_the_taken_one_what_it_does() -> None:
    assert reasons("m") == [
        "model m, protocol openai.chat, path /v1/chat/completions",
        "route off: passed over, all its targets are disabled",
        "route other: passed over, another model",
        "route keyed: passed over, the model fits; path, key or headers do not",
        "route streams: passed over, streaming does not fit",
        "route taken: takes it",
        "  provider a, model n, weight 1, 100% of the traffic",
    ]


def test_without_a_route_the_provider_is_named() -> None:
    assert reasons("a/q")[-1] == "no route takes it: provider a, as q"


def test_a_refusal_is_told_with_its_status() -> None:
    assert reasons("m", protocol="gemini")[-1].startswith("answered 501: the caller speaks gemini")


def test_explaining_turns_no_wheel() -> None:
    router = Router(SUBJECT)
    asked = Ask(model="m", path="/", key="", headers={}, protocol="openai.chat", stream=False)
    explain(router, asked, {}, lambda _: True)

    assert router.rules["taken"].wheel.current == [0]
