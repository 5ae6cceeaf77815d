"""The running set of providers: what a reload keeps, which credential goes out."""

from pathlib import Path
from typing import Any

import pytest

from llmgate.config.model import Config, ProviderConfig
from llmgate.upstream.providers import Provider, Providers, speaks
from llmgate.upstream.reply import Outbound, Reply
from llmgate.wire.gateway import LastError, Probe
from llmgate.wire.limits import LimitsView

ROOT = Path(__file__).parents[2]
CALLER = [
    (b"authorization", b"Bearer callers-own"),
    (b"x-api-key", b"callers-own"),
    (b"cookie", b"callers-own"),
    (b"user-agent", b"x/1"),
]


def config(**providers: ProviderConfig) -> Config:
    return Config(providers=providers)


def openai(**fields: Any) -> ProviderConfig:
    return ProviderConfig(kind="openai-compatible", base_url="http://127.0.0.1:9/v1", **fields)


def running(**providers: ProviderConfig) -> Providers:
    made = Providers(lambda _: ROOT / "recordings")
    made.apply(config(**providers))
    return made


def one(**fields: Any) -> Provider:
    return running(up=openai(**fields))["up"]


class Counting:
    """A way out that counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    async def send(self, request: Outbound) -> Reply:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed += 1


def test_a_reload_keeps_a_provider_that_did_not_change() -> None:
    providers = running(a=openai(), b=openai(api_key="sk-1"))
    a, b = providers["a"], providers["b"]
    providers.apply(config(a=openai(), b=openai(api_key="sk-2"), c=openai()))

    assert providers["a"] is a
    assert providers["b"] is not b
    assert list(providers) == ["a", "b", "c"]


def test_a_changed_provider_remembers_models_errors_and_its_last_probe() -> None:
    providers = running(up=openai())
    before = providers["up"]
    before.models = ("m",)
    before.probe = Probe(at_ms=1, ok=True)
    before.health.last_ok_ms = 5
    before.health.rate_limits["x-ratelimit-limit"] = "9"
    before.health.note_error(1, LastError(at_ms=1, error_type="upstream_cut", message="no"))
    providers.apply(config(up=openai(api_key="sk-new")))
    after = providers["up"].view(2, 2_000)

    assert after.models == ["m"]
    assert after.probe == before.probe
    assert after.rate_limits == {"x-ratelimit-limit": "9"}
    assert [error.error_type for error in after.last_errors] == ["upstream_cut"]
    assert after.in_flight == 0


def test_a_provider_of_another_kind_starts_afresh() -> None:
    providers = running(up=openai())
    providers["up"].models = ("m",)
    providers.apply(
        config(up=ProviderConfig(kind="anthropic-compatible", base_url="http://127.0.0.1:9"))
    )

    assert not providers["up"].models


async def test_a_replaced_provider_is_closed_once_its_last_request_has_ended() -> None:
    providers = running(up=openai(), gone=openai())
    old, gone = providers["up"], providers["gone"]
    old.sender, gone.sender = Counting(), Counting()
    old.health.begun(1)
    providers.apply(config(up=openai(api_key="sk-2")))
    await providers.close_retired()
    while_busy = (old.sender.closed, gone.sender.closed)
    old.health.succeeded(2, ttfb_us=1, total_us=1)
    await providers.close_retired()
    await providers.close_retired()

    assert while_busy == (0, 1)
    assert (old.sender.closed, gone.sender.closed) == (1, 1)


async def test_the_end_closes_every_provider_and_those_that_were_replaced() -> None:
    providers = running(up=openai())
    old = providers["up"]
    old.sender = Counting()
    providers.apply(config(up=openai(api_key="sk-2")))
    new = providers["up"]
    new.sender = Counting()
    await providers.close()

    assert (old.sender.closed, new.sender.closed) == (1, 1)
    assert len(providers) == 0


def test_only_enabled_providers_are_usable_and_listed() -> None:
    providers = running(on=openai(), off=openai(enabled=False))
    for provider in providers.values():
        provider.models = ("m",)

    assert providers.usable("on")
    assert not providers.usable("off")
    assert not providers.usable("never-heard-of")
    assert providers.listed() == {"on": ("m",)}
    assert providers["off"].state(1) == "disabled"


def sent(provider: Provider, *, lend: bool = False) -> dict[str, list[str]]:
    """The headers that would go out, by name."""
    found: dict[str, list[str]] = {}
    for name, value in provider.headers(CALLER, lend_credential=lend):
        found.setdefault(name, []).append(value)
    return found


def test_the_configured_key_goes_out_and_the_callers_own_never_beside_it() -> None:
    for lend in (False, True):
        headers = sent(one(api_key="sk-1"), lend=lend)

        assert headers["authorization"] == ["Bearer sk-1"]
        assert "callers-own" not in str(headers)


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("anthropic", "x-api-key", "sk-1"),
        ("openai", "authorization", "Bearer sk-1"),
        ("ollama", "authorization", "Bearer sk-1"),
    ],
)
def test_a_key_goes_where_the_kind_of_provider_looks_for_it(
    kind: str, header: str, value: str
) -> None:
    made = ProviderConfig(kind=kind, base_url="http://127.0.0.1:9", api_key="sk-1")

    assert dict(running(up=made)["up"].headers((), lend_credential=False))[header] == value


def test_the_callers_own_credential_is_lent_only_on_a_gateway_without_keys() -> None:
    kept, lent = sent(one()), sent(one(), lend=True)

    assert "callers-own" not in str(kept)
    assert lent["authorization"] == ["Bearer callers-own"]
    assert lent["x-api-key"] == ["callers-own"]
    assert "cookie" not in lent


@pytest.mark.parametrize("kind", ["ollama", "lmstudio", "recording"])
def test_no_credential_is_lent_to_what_needs_none(kind: str) -> None:
    made = ProviderConfig(kind=kind, base_url="http://127.0.0.1:9")

    assert "callers-own" not in str(sent(running(up=made)["up"], lend=True))


def test_a_credential_among_the_configured_headers_is_the_only_one() -> None:
    provider = one(headers={"Authorization": "Basic abc"})

    assert sent(provider, lend=True)["authorization"] == ["Basic abc"]
    assert provider.state(1) == "unknown"


def test_configured_headers_beat_the_callers_and_the_callers_beat_the_usual_ones() -> None:
    made = ProviderConfig(
        kind="anthropic", api_key="sk-1", headers={"Anthropic-Beta": "ours", "User-Agent": "ours"}
    )
    caller = [(b"anthropic-beta", b"theirs"), (b"anthropic-version", b"theirs")]
    headers = running(up=made)["up"].headers(caller, lend_credential=False)

    assert sorted(headers) == [
        ("accept-encoding", "identity"),
        ("anthropic-beta", "ours"),
        ("anthropic-version", "theirs"),
        ("user-agent", "ours"),
        ("x-api-key", "sk-1"),
    ]


def test_keys_take_turns_once_one_is_refused() -> None:
    provider = one(api_key="sk-a", api_keys=["sk-b", "sk-a", "sk-c"])
    turns = []
    for _ in range(4):
        turns.append(sent(provider)["authorization"][0])
        provider.rotate_credential()

    assert turns == ["Bearer sk-a", "Bearer sk-b", "Bearer sk-c", "Bearer sk-a"]


def test_a_single_key_stays_and_no_key_cannot_turn() -> None:
    single, none = one(api_key="sk-a"), one()
    single.rotate_credential()
    none.rotate_credential()

    assert sent(single)["authorization"] == ["Bearer sk-a"]
    assert none.state(1) == "no_key"


@pytest.mark.parametrize(
    ("key", "hint"),
    [("sk-0123456789abcd", "…abcd"), ("short", "set"), (None, "")],
)
def test_a_view_hints_at_the_key_and_never_shows_it(key: str | None, hint: str) -> None:
    view = one(api_key=key).view(1, 1_000)

    assert view.key_hint == hint
    assert key is None or key not in str(view)


def test_a_view_says_what_the_last_minute_was_like() -> None:
    provider = one(api_key="sk-1")
    for ok in (True, True, True, False):
        provider.health.begun(10)
        if ok:
            provider.health.succeeded(10_000, ttfb_us=4_000, total_us=9_000)
        else:
            failure = LastError(at_ms=1, error_type="upstream_timeout", message="no")
            provider.health.failed(10, failure)
    view = provider.view(20, 20_000)

    assert (view.requests_per_minute, view.errors_per_minute, view.error_share) == (4, 1, 0.25)
    assert view.errors_by_type == {"upstream_timeout": 1}
    assert view.ttfb.p50_ms == 4
    assert view.state == "degraded"


def test_a_provider_speaks_what_its_kind_or_its_config_says_and_everything_raw() -> None:
    usual, narrow = one(), one(protocols=["openai.embeddings"])

    assert speaks(usual, "openai.chat")
    assert not speaks(usual, "anthropic.messages")
    assert speaks(narrow, "openai.embeddings")
    assert not speaks(narrow, "openai.chat")
    assert speaks(narrow, "raw")


def test_draining_survives_a_reload_and_ends_when_it_is_resumed() -> None:
    providers = running(a=openai(), b=openai())
    providers.drain("a", draining=True)
    providers.apply(config(a=openai(), b=openai(), c=openai()))
    unchanged = providers.draining
    providers.apply(config(a=openai(api_key="sk-2"), b=openai()))
    changed = providers.draining
    view = providers["a"].view(1, 1_000)
    providers.drain("a", draining=False)

    assert unchanged == changed == {"a"}
    assert not providers.draining
    assert (view.state, view.draining) == ("draining", True)


def test_a_view_holds_its_limits_and_how_many_wait() -> None:
    limits = LimitsView(scope="provider", name="up", queued=3)
    view = one(api_key="sk-1").view(1, 1_000, limits)

    assert (view.limits, view.queued) == (limits, 3)
