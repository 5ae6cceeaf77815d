"""What holds of every plan, whatever is configured and asked."""

from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.config.model import Config, Match, ProviderConfig, RouteConfig, Server, Target
from llmgate.errors import ModelNotFound, NotTranslated
from llmgate.routing.router import Ask, Router

CHAT = "openai.chat"
MESSAGES = "anthropic.messages"


def ask(model: str | None, protocol: str) -> Ask:
    path = "/v1/chat/completions"
    return Ask(model=model, path=path, key="", headers={}, protocol=protocol, stream=False)


MODELS = st.sampled_from(
    ["m1", "m2", "a/m1", "b/x", "claude-1", "gpt-1", "zz", None, "", "Proxy/m1"]
)
PROVIDERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.builds(
            ProviderConfig,
            kind=st.sampled_from(["openai", "anthropic", "vllm", "groq", "recording"]),
            enabled=st.booleans(),
            models=st.dictionaries(
                st.sampled_from(["m1", "m*", "/m(.)/"]), st.just("renamed"), max_size=2
            ),
        )
        for name in "abcd"
    },
)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    providers = draw(PROVIDERS)
    targets = st.lists(
        st.builds(
            Target, provider=st.sampled_from(sorted(providers) or ["-"]), weight=st.integers(0, 5)
        ),
        min_size=1,
        max_size=4,
    )
    routes = (
        draw(
            st.dictionaries(
                st.sampled_from(["r", "s"]),
                st.builds(
                    RouteConfig,
                    match=st.builds(
                        Match, model=st.sampled_from([None, "m1", "m*", ["zz", "a/*"]])
                    ),
                    strategy=st.sampled_from(["weighted", "priority"]),
                    targets=targets,
                ),
                max_size=2,
            )
        )
        if providers
        else {}
    )
    prefix = draw(st.sampled_from(["", "Proxy", "Proxy/"]))
    return Config(server=Server(model_prefix=prefix), providers=providers, routes=routes)


@given(
    configs(),
    st.lists(st.tuples(MODELS, st.sampled_from([CHAT, MESSAGES, "openai.raw"])), max_size=8),
    st.dictionaries(st.sampled_from("abcd"), st.just(("m1", "zz")), max_size=3),
    st.sets(st.sampled_from("abcd")),
)
@settings(max_examples=200)
def test_a_plan_never_holds_a_disabled_mute_or_repeated_provider(
    subject: Config,
    asks: list[tuple[str | None, str]],
    listed: dict[str, tuple[str, ...]],
    unusable: set[str],
) -> None:
    router = Router(subject)
    for model, protocol in asks:
        try:
            made = router.plan(ask(model, protocol), listed, lambda name: name not in unusable)
        except (ModelNotFound, NotTranslated):
            continue

        assert made.choices
        usable = [choice.provider not in unusable for choice in made.choices]
        assert usable == sorted(usable, reverse=True)
        for choice in made.choices:
            assert subject.providers[choice.provider].enabled
            assert protocol in router.offers[choice.provider].protocols
            assert choice.weight > 0
            assert 0 <= choice.share <= 1
        if not made.route:
            assert len({choice.provider for choice in made.choices}) == len(made.choices)
