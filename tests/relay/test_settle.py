"""Usage and cost of an answer that has ended; every number says where it comes from."""

import pytest

from llmgate.config.model import Price
from llmgate.exchange import Exchange
from llmgate.formats import catalog
from llmgate.relay.meter import Meter
from llmgate.relay.settle import Settler
from llmgate.wire.exchanges import Protocol, State
from tests.flows.configs import chat_chunks, message_chunks
from tests.relay.making import exchange

PRICES = {"m": Price(input_per_mtok=1.0, output_per_mtok=2.0)}


def settled(
    chunks: list[bytes],
    *,
    settler: Settler | None = None,
    protocol: Protocol = "openai.chat",
    state: State = "finished",
    status: int = 200,
    body: bytes = b"x" * 1000,
    prices: dict[str, Price] | None = None,
) -> Exchange:
    """An exchange that ended so with these chunks."""
    one = exchange(protocol, body=body)
    one.model, one.status, one.state = "m", status, state
    for chunk in chunks:
        one.chunk(chunk, 1)
    meter = Meter(one, catalog.reader_for(protocol, "text/event-stream"), "")
    (settler or Settler()).settle(
        one,
        meter,
        kind="openai-compatible",
        base_url="http://127.0.0.1:9/v1",
        prices=PRICES if prices is None else prices,
    )
    return one


def test_what_the_provider_counted_is_reported_and_priced() -> None:
    one = settled(chat_chunks("one ", "two "))

    assert (one.usage.input_tokens, one.usage.output_tokens) == (12, 2)
    assert (one.usage_basis, one.cost_basis, one.price_source) == ("reported", "reported", "config")
    assert one.cost_usd == pytest.approx((12 * 1 + 2 * 2) / 1e6)


def test_what_nobody_counted_is_estimated_and_its_price_too() -> None:
    one = settled(chat_chunks("some words of an answer", usage=False))

    assert (one.usage_basis, one.cost_basis) == ("estimated", "estimated")
    assert one.usage.input_tokens == 360
    assert one.usage.output_tokens == 8
    assert one.cost_usd == pytest.approx((360 + 16) / 1e6)


def test_an_answer_without_a_word_and_without_usage_is_unknown_and_not_zero() -> None:
    one = settled(chat_chunks(usage=False))

    assert one.usage_basis == "unknown"
    assert one.usage.output_tokens is None
    assert (one.cost_usd, one.cost_basis) == (None, "unknown")


def test_a_model_without_a_price_has_tokens_and_no_cost() -> None:
    one = settled(chat_chunks("one "), prices={})

    assert one.usage_basis == "reported"
    assert (one.cost_usd, one.cost_basis, one.price_source) == (None, "unknown", "")


def test_an_error_costs_nothing_that_anybody_knows() -> None:
    one = settled([b'{"error":{"message":"no, and at length"}}'], status=429, state="failed")

    assert one.usage_basis == "unknown"
    assert one.cost_usd is None


@pytest.mark.parametrize("state", ["cut", "cancelled"])
def test_of_a_broken_answer_the_reported_beginning_is_only_a_beginning(state: State) -> None:
    said = "a good many words that were written before it broke " * 4
    one = settled(message_chunks(said)[:3], protocol="anthropic.messages", state=state)

    assert one.usage_basis == "estimated"
    assert one.usage.input_tokens == 49  # reported at the start
    assert one.usage.output_tokens is not None
    assert one.usage.output_tokens > 50  # not the 1 of message_start
    assert one.cost_basis == "estimated"


def test_estimates_learn_from_what_the_model_reported_before() -> None:
    settler = Settler()
    text = "wort " * 40
    first = settled(chat_chunks(text, usage=False), settler=settler).usage.output_tokens
    for _ in range(50):
        settled([*chat_chunks(*["wort "] * 40)], settler=settler)
    later = settled(chat_chunks(text, usage=False), settler=settler).usage.output_tokens

    assert first == 66
    assert later is not None
    assert abs(later - 40) < 4


def test_a_broken_answer_teaches_nothing() -> None:
    settler = Settler()
    for _ in range(50):
        settled(chat_chunks(*["x" * 100] * 3)[:-1], settler=settler, state="cut")

    one = settled(chat_chunks("y" * 100, usage=False), settler=settler)
    assert one.usage.output_tokens == 33


@pytest.mark.parametrize("protocol", ["openai.embeddings", "anthropic.count_tokens", "raw"])
def test_what_generates_nothing_is_never_estimated(protocol: Protocol) -> None:
    one = settled([b'{"object":"list","data":[]}'], protocol=protocol)

    assert one.usage_basis == "unknown"
    assert one.cost_usd is None


def test_embeddings_are_priced_by_their_input() -> None:
    body = b'{"object":"list","data":[],"usage":{"prompt_tokens":500,"total_tokens":500}}'
    one = settled([body], protocol="openai.embeddings")

    assert one.usage_basis == "reported"
    assert one.usage.input_tokens == 500
    assert one.cost_usd == pytest.approx(500 / 1e6)


def test_an_exchange_that_reached_nobody_is_unknown() -> None:
    one = exchange()
    Settler().settle(one, None, kind="", base_url="", prices=PRICES)

    assert (one.usage_basis, one.cost_basis) == ("unknown", "unknown")
