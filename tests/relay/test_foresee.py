"""What limits reserve for a request before it is sent."""

import json

import pytest

from llmgate.access.access import Access
from llmgate.config.model import Config, KeyConfig, Limits, Price, ProviderConfig
from llmgate.config.snapshot import Snapshot
from llmgate.prices.estimate import Estimator
from llmgate.relay.call import Call
from llmgate.relay.foresee import Foresight, text_chars
from llmgate.routing.router import Choice
from llmgate.upstream.providers import Provider
from llmgate.upstream.recorded import RecordedSender
from llmgate.wire.exchanges import Protocol
from tests.relay.making import Line, exchange

CHOICE = Choice("up", "m", 1, 1.0)


def config(limits: Limits) -> Config:
    return Config(
        keys={"ide": KeyConfig(key="sk-ide-0123", limits=limits)},
        prices={"m": Price(input_per_mtok=1, output_per_mtok=2)},
    )


async def call(limits: Limits, body: bytes, protocol: Protocol = "openai.chat") -> Call:
    one = exchange(protocol, body=body)
    one.model = one.served = "m"
    return Call(one, Line().caller, Snapshot(version=1, config=config(limits)))


def provider(tmp: object) -> Provider:
    settings = ProviderConfig(kind="recording")
    return Provider("up", settings, RecordedSender(tmp, 0))  # type: ignore[arg-type]


BODY = json.dumps({"model": "m", "messages": "x" * 963}).encode()


async def test_nothing_is_worked_out_that_no_limit_asks_for() -> None:
    made = await call(Limits(requests_per_minute=1), BODY)
    way = Access(made.snapshot.config).way("ide", "up", "m", "m")
    demand = Foresight(Estimator()).foresee(made, way, CHOICE, None).demand

    assert (demand.size, demand.tokens, demand.billionths) == (len(BODY), 0, 0)
    assert made.chars is None


@pytest.mark.parametrize(
    ("bound", "learned", "output"),
    [(None, [], 500), (100, [], 100), (9000, [], 500), (None, [40], 40), (30, [40], 30)],
)
async def test_an_answer_is_as_long_as_usual_or_as_the_caller_bounds_it(
    bound: int | None, learned: list[int], output: int
) -> None:
    made = await call(Limits(tokens_per_day=1), BODY)
    made.most_output = bound
    foresight = Foresight(Estimator())
    for tokens in learned:
        foresight.learn("m", tokens)
    usage = foresight.usage(made, "m")

    assert usage.input_tokens == Estimator().input_tokens("m", len(BODY))
    assert usage.output_tokens == output


async def test_money_is_the_estimates_price(tmp_path: object) -> None:
    made = await call(Limits(budget_usd_per_day=1), BODY)
    made.most_output = 100
    way = Access(made.snapshot.config).way("ide", "up", "m", "m")
    demand = Foresight(Estimator()).foresee(made, way, CHOICE, provider(tmp_path)).demand

    tokens = Estimator().input_tokens("m", len(BODY))
    assert demand.tokens == tokens + 100
    assert demand.billionths == (tokens * 1 + 100 * 2) * 1000


@pytest.mark.parametrize(
    ("protocol", "tokens"),
    [("openai.raw", False), ("raw", False), ("openai.embeddings", True), ("openai.chat", True)],
)
async def test_bodies_that_are_not_text_are_not_guessed_at(
    protocol: Protocol, tokens: bool
) -> None:
    made = await call(Limits(tokens_per_day=1), BODY, protocol)
    usage = Foresight(Estimator()).usage(made, "m")

    assert bool(usage.input_tokens) is tokens
    assert bool(usage.output_tokens) is (protocol == "openai.chat")


async def test_counting_tokens_counts_for_nothing() -> None:
    made = await call(Limits(tokens_per_day=1), BODY, "anthropic.count_tokens")
    way = Access(made.snapshot.config).way("ide", "up", "m", "m")

    assert not Foresight(Estimator()).foresee(made, way, CHOICE, None).demand.counts


PICTURE = "A" * 400_000
PICTURES = [
    {"image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
    {"source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
    {"source": {"data": f"data:image/png;base64,{PICTURE}"}},
]


@pytest.mark.parametrize("part", PICTURES)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_picture_does_not_count_by_its_bytes(
    part: dict[str, object], separators: tuple[str, str]
) -> None:
    text = "word " * 2_000
    body = json.dumps([{"text": text}, part, {"text": text}], separators=separators).encode()

    assert 20_000 < text_chars(body) < 27_000


@pytest.mark.parametrize(
    "body", [b"", b"x" * 5000, b'"data":' * 900, b";base64," * 900, b'"data":"' + b"x" * 9000]
)
def test_any_bytes_have_a_length(body: bytes) -> None:
    assert 0 <= text_chars(body) <= max(len(body), 6000)


def test_no_more_models_are_remembered_than_the_estimator_does() -> None:
    foresight = Foresight(Estimator())
    for n in range(2000):
        foresight.learn(f"m{n}", n)

    assert len(foresight._means) == 512
