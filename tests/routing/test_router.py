"""Where a request goes: routes, direct names, lists, the only provider; and who is told what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from llmgate.config.model import Config, Match, ProviderConfig, RouteConfig, Server, Target
from llmgate.errors import ModelNotFound, NotTranslated
from llmgate.routing.router import Ask, Plan, Router

CHAT = "openai.chat"
MESSAGES = "anthropic.messages"


def ask(model: str | None, protocol: str = CHAT, **changes: Any) -> Ask:
    asked = Ask(
        model=model,
        path="/v1/chat/completions",
        key="",
        headers={},
        protocol=protocol,
        stream=False,
    )
    return msgspec.structs.replace(asked, **changes)


def config(
    routes: Mapping[str, RouteConfig] | None = None, prefix: str = "", **providers: ProviderConfig
) -> Config:
    return Config(
        server=Server(model_prefix=prefix), providers=providers, routes=dict(routes or {})
    )


def like(**fields: Any) -> ProviderConfig:
    """An OpenAI-like provider that no vendor's name leads to."""
    return ProviderConfig(kind="openai-compatible", base_url="http://h/v1", **fields)


def route(*targets: Target, match: Match | None = None, **fields: Any) -> RouteConfig:
    return RouteConfig(match=match or Match(), targets=list(targets), **fields)


def plan(
    subject: Config | Router,
    asked: Ask,
    listed: Mapping[str, Sequence[str]] | None = None,
    unusable: Sequence[str] = (),
) -> Plan:
    router = subject if isinstance(subject, Router) else Router(subject)
    return router.plan(asked, listed or {}, lambda name: name not in unusable)


def first(made: Plan) -> tuple[str, str, str]:
    return made.route, made.choices[0].provider, made.choices[0].model


TWO = config(
    {
        "fast": route(
            Target(provider="a", weight=3),
            Target(provider="b", weight=1, model="llama"),
            match=Match(model=["fast", "gpt-*"]),
        )
    },
    a=like(models={"fast": "gpt-4o-mini"}),
    b=like(),
)


def test_a_route_shares_the_traffic_exactly() -> None:
    router = Router(TWO)

    picks = Counter(plan(router, ask("gpt-4")).choices[0].provider for _ in range(400))

    assert picks == {"a": 300, "b": 100}


def test_a_plan_tells_weights_shares_and_who_would_be_next() -> None:
    made = plan(TWO, ask("fast"))

    assert [(c.provider, c.model, c.weight, c.share) for c in made.choices] == [
        ("a", "gpt-4o-mini", 3, 0.75),
        ("b", "llama", 1, 0.25),
    ]
    assert (made.route, made.asked) == ("fast", "fast")


def test_the_first_matching_route_wins() -> None:
    target = Target(provider="a")
    subject = config(
        {
            "narrow": route(target, match=Match(model="x", path="/v1/responses")),
            "wide": route(target, match=Match(model="/x|y/")),
            "never": route(target, match=Match(model="x")),
        },
        a=like(),
    )

    assert plan(subject, ask("x")).route == "wide"
    assert plan(subject, ask("x", path="/v1/responses")).route == "narrow"


@pytest.mark.parametrize(
    ("match", "takes"),
    [
        (Match(), True),
        (Match(model="gpt-*"), True),
        (Match(model=["a", "b"]), False),
        (Match(path="/v1/chat/*"), True),
        (Match(path="/v1/messages"), False),
        (Match(key="ide"), True),
        (Match(key=["i*", "other"]), True),
        (Match(key="other"), False),
        (Match(header={"X-Team": "a*"}), True),
        (Match(header={"x-team": "b*"}), False),
        (Match(header={"x-none": "*"}), False),
        (Match(model="gpt-*", key="ide", path="/v1/*", header={"x-team": "/a.+/"}), True),
        (Match(model="gpt-*", key="ide", path="/v1/*", header={"x-team": "/a/"}), False),
    ],
)
def test_everything_that_is_given_must_match(match: Match, takes: bool) -> None:
    subject = config({"r": route(Target(provider="a"), match=match)}, a=like())

    made = plan(subject, ask("gpt-4", key="ide", headers={"x-team": "alpha"}))

    assert (made.route == "r") is takes


@pytest.mark.parametrize(
    ("streaming", "stream", "takes"),
    [("any", True, True), ("only", True, True), ("only", False, False), ("never", True, False)],
)
def test_a_route_may_want_streams_only_or_never(streaming: str, stream: bool, takes: bool) -> None:
    subject = config({"r": route(Target(provider="a"), streaming=streaming)}, a=like())

    assert (plan(subject, ask("m", stream=stream)).route == "r") is takes


def test_priority_takes_the_first_usable_target() -> None:
    subject = config(
        {"r": route(Target(provider="a"), Target(provider="b", weight=9), strategy="priority")},
        a=like(),
        b=like(),
    )

    assert [c.provider for c in plan(subject, ask("m")).choices] == ["a", "b"]
    assert [(c.provider, c.share) for c in plan(subject, ask("m"), unusable=["a"]).choices] == [
        ("b", 1.0),
        ("a", 0.0),
    ]


def test_disabled_providers_and_weight_0_take_no_part() -> None:
    subject = config(
        {"r": route(Target(provider="a"), Target(provider="b", weight=0), Target(provider="c"))},
        a=like(enabled=False),
        b=like(),
        c=like(),
    )

    assert [c.provider for c in plan(subject, ask("m")).choices] == ["c"]


def test_a_route_whose_targets_are_all_off_is_passed_over() -> None:
    subject = config(
        {"r": route(Target(provider="a")), "s": route(Target(provider="b"))},
        a=like(enabled=False),
        b=like(),
    )

    assert plan(subject, ask("m")).route == "s"


def test_without_a_usable_target_the_request_is_still_sent() -> None:
    made = plan(TWO, ask("gpt-4"), unusable=["a", "b"])

    assert made.choices[0].provider == "a"


def test_targets_that_speak_the_protocol_are_preferred() -> None:
    subject = config(
        {"r": route(Target(provider="a", weight=9), Target(provider="c"))},
        a=like(),
        c=ProviderConfig(kind="anthropic"),
    )

    assert [c.provider for c in plan(subject, ask("m", MESSAGES)).choices] == ["c"]
    assert [c.provider for c in plan(subject, ask("m")).choices] == ["a"]


def test_when_no_target_speaks_the_protocol_both_sides_are_named() -> None:
    with pytest.raises(
        NotTranslated, match=r"anthropic\.messages.*'a' speaks openai\.chat"
    ) as caught:
        plan(TWO, ask("fast", MESSAGES))
    assert caught.value.status == 501


def test_a_prefix_is_taken_off_the_model() -> None:
    subject = msgspec.structs.replace(TWO, server=Server(model_prefix="Proxy"))

    assert plan(subject, ask("Proxy/gpt-4")).asked == "gpt-4"
    assert first(plan(subject, ask("Proxy/gpt-4"))) == ("fast", "a", "gpt-4")
    assert first(plan(subject, ask("gpt-4"))) == ("fast", "a", "gpt-4")


def test_provider_slash_model_asks_the_provider_directly() -> None:
    subject = config(a=like(models={"x": "y"}), b=like())

    assert first(plan(subject, ask("b/m"))) == ("", "b", "m")
    assert first(plan(subject, ask("a/x"))) == ("", "a", "y")
    assert first(plan(subject, ask("b/org/m"))) == ("", "b", "org/m")


def test_a_model_with_a_slash_that_is_no_provider_is_looked_up_whole() -> None:
    subject = config(a=like(), b=like())

    assert first(plan(subject, ask("org/m"), {"b": ["org/m"], "a": ["x"]})) == ("", "b", "org/m")


def test_the_providers_own_names_come_in_the_order_of_certainty() -> None:
    subject = config(a=like(models={"m*": "by-pattern"}), b=like(), c=like(models={"m": "by-name"}))

    assert first(plan(subject, ask("m"), {"b": ["m"]})) == ("", "c", "by-name")
    assert first(plan(subject, ask("m2"), {"b": ["m2"]})) == ("", "b", "m2")
    assert first(plan(subject, ask("m3"), {"b": ["m2"]})) == ("", "a", "by-pattern")


def test_several_providers_that_list_a_model_are_tried_in_order_usable_first() -> None:
    subject = config(a=like(), b=like(), c=like())
    listed = {"a": ["m"], "b": ["x"], "c": ["m"]}

    assert [c.provider for c in plan(subject, ask("m"), listed).choices] == ["a", "c"]
    assert [c.provider for c in plan(subject, ask("m"), listed, ["a"]).choices] == ["c", "a"]


def test_a_vendors_models_find_it_whatever_its_list_says() -> None:
    subject = config(
        anthropic=ProviderConfig(kind="anthropic"),
        openai=ProviderConfig(kind="openai"),
        other=like(),
    )
    listed = {"anthropic": ["claude-sonnet-4-5-20250929"], "openai": ["gpt-4o-2024-08-06"]}

    assert first(plan(subject, ask("claude-sonnet-4-5", MESSAGES), listed))[1] == "anthropic"
    assert first(plan(subject, ask("o3-mini"), listed))[1] == "openai"


def test_a_vendors_kind_at_another_address_owns_nothing() -> None:
    subject = config(
        a=ProviderConfig(kind="openai", base_url="http://a/v1"),
        b=ProviderConfig(kind="openai", base_url="http://b/v1"),
    )

    with pytest.raises(ModelNotFound):
        plan(subject, ask("gpt-4o"))


def test_a_listed_model_of_another_protocol_is_not_translated() -> None:
    subject = config(a=ProviderConfig(kind="anthropic"), b=like())

    with pytest.raises(NotTranslated, match=r"openai\.chat.*'a' speaks anthropic\.messages"):
        plan(subject, ask("claude-x", CHAT), {"a": ["claude-x"], "b": ["m"]})


def test_the_only_provider_without_a_list_takes_unknown_models() -> None:
    alone = config(a=like())

    assert first(plan(alone, ask("whatever"))) == ("", "a", "whatever")
    with pytest.raises(ModelNotFound):
        plan(alone, ask("whatever"), {"a": ["m"]})
    with pytest.raises(ModelNotFound):
        plan(config(a=like(), b=like()), ask("whatever"))


def test_the_demo_beside_others_takes_only_its_own_models() -> None:
    demo = ProviderConfig(kind="recording")

    assert first(plan(config(a=like(), demo=demo), ask("m")))[1] == "a"
    assert first(plan(config(demo=demo), ask("m"), {"demo": ["x"]}))[1] == "demo"


def test_where_all_providers_are_recordings_the_first_answers_for_any_model() -> None:
    subject = config(demo=ProviderConfig(kind="recording"), quick=ProviderConfig(kind="recording"))
    listed = {"demo": ["gpt-4o-mini"], "quick": ["gpt-4o-mini"]}

    assert first(plan(subject, ask("demo"), listed))[1:] == ("demo", "demo")


def test_a_request_without_a_model_goes_to_the_first_speaker() -> None:
    subject = config(
        off=like(enabled=False), c=ProviderConfig(kind="anthropic"), a=like(), b=like()
    )

    assert [c.provider for c in plan(subject, ask(None, "openai.raw")).choices] == ["a", "b"]
    assert plan(subject, ask(None, "openai.raw")).choices[0].model == ""
    assert plan(subject, ask(None, "raw")).choices[0].provider == "c"
    batches = ask(None, "raw", path="/v1/messages/batches")
    assert [c.provider for c in plan(subject, batches).choices] == ["c"]
    with pytest.raises(NotTranslated, match="gemini"):
        plan(subject, ask(None, "gemini"))


def test_a_path_route_takes_requests_without_a_model() -> None:
    subject = config(
        {"files": route(Target(provider="b"), match=Match(path="/v1/files*"))}, a=like(), b=like()
    )

    made = plan(subject, ask(None, "openai.raw", path="/v1/files/1"))

    assert (made.route, made.choices[0].provider, made.choices[0].model) == ("files", "b", "")


def test_an_unknown_model_is_told_the_nearest_names() -> None:
    subject = config(
        {"fast": route(Target(provider="a"), match=Match(model="my-fast-model"))},
        a=like(models={"house-model": "x"}),
        b=like(),
    )
    listed = {"a": ["gpt-4o", "gpt-4o-mini", "gpt-4.1"], "b": ["llama"]}

    with pytest.raises(ModelNotFound, match="did you mean 'gpt-4o'") as caught:
        plan(subject, ask("gpt-4oo"), listed)
    assert caught.value.status == 404
    with pytest.raises(ModelNotFound, match="'my-fast-model'"):
        plan(subject, ask("my-fast-mdel"), listed)
    with pytest.raises(ModelNotFound, match="'house-model'"):
        plan(subject, ask("house-modle"), listed)
    with pytest.raises(ModelNotFound, match="GET /v1/models"):
        plan(subject, ask("zzzz"), listed)


def test_a_hostile_model_name_is_neither_printed_raw_nor_at_length() -> None:
    with pytest.raises(ModelNotFound) as caught:
        plan(config(a=like(), b=like()), ask("\x1b[31m" + "x" * 100_000))

    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


def test_nothing_configured_says_what_to_do() -> None:
    with pytest.raises(ModelNotFound, match="add one under `providers:`"):
        plan(config(), ask("m"))
    with pytest.raises(ModelNotFound, match="add one under `providers:`"):
        plan(config(a=like(enabled=False)), ask(None, "openai.raw"))


def test_wheels_turn_on_after_a_reload_that_leaves_the_route() -> None:
    unbroken, before = Router(TWO), Router(TWO)
    for _ in range(3):
        plan(unbroken, ask("gpt-4"))
        plan(before, ask("gpt-4"))
    more = msgspec.structs.replace(TWO, providers={**TWO.providers, "new": like()})

    after = Router(more, before)

    expected = [plan(unbroken, ask("gpt-4")).choices[0].provider for _ in range(8)]
    assert [plan(after, ask("gpt-4")).choices[0].provider for _ in range(8)] == expected


def test_the_names_to_list_are_those_written_literally() -> None:
    assert Router(TWO).names() == ["fast"]


def test_what_is_remembered_of_callers_names_is_bounded() -> None:
    router = Router(TWO)
    for n in range(6000):
        plan(router, ask(f"gpt-{n}"))

    assert len(router._by_model) <= 4096
    assert len(router.offers["a"]._named) <= 4096
