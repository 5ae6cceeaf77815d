"""The cost of an exchange, and how sure it is."""

import pytest

from llmgate.config.model import Price
from llmgate.prices.price import Cost, cost
from llmgate.wire.blocks import Basis, Usage

MINI = {"my-mini": Price(input_per_mtok=0.1, output_per_mtok=0.4)}


def price(
    usage: Usage,
    *,
    basis: Basis = "reported",
    kind: str = "openai",
    model: str = "gpt-4o-mini",
    prices: dict[str, Price] | None = None,
) -> Cost:
    return cost(
        usage,
        usage_basis=basis,
        provider_kind=kind,
        base_url="http://127.0.0.1:1/v1",
        model=model,
        prices=prices or {},
        at_ms=1_763_690_377_000,
    )


def test_what_the_provider_charged_comes_first() -> None:
    usage = Usage(input_tokens=10, output_tokens=10, cost_usd=0.5)

    assert price(usage, model="my-mini", prices=MINI) == Cost(0.5, "reported", "provider", None)


def test_a_configured_price_comes_before_the_table() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    prices = {"gpt-4o-*": Price(input_per_mtok=1, output_per_mtok=2)}

    assert price(usage, prices=prices) == Cost(3.0, "reported", "config", None)
    assert price(usage) == Cost(0.75, "reported", "table", None)


def test_cached_tokens_have_their_own_price_and_the_price_without_a_cache_is_told() -> None:
    usage = Usage(
        input_tokens=1_000_000,
        output_tokens=0,
        cache_read_tokens=800_000,
        cache_write_tokens=100_000,
        cache_write_1h_tokens=40_000,
    )
    found = price(usage, kind="anthropic", model="claude-sonnet-4-5-20250929")

    # 100k fresh at 6, 800k read at 0.6, 60k written at 7.5, 40k for an hour at 12: over 200k tokens
    assert found.usd == pytest.approx(0.6 + 0.48 + 0.45 + 0.48)
    assert found.uncached_usd == pytest.approx(6.0)


def test_a_configured_price_without_cache_prices_counts_cached_tokens_as_input() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0, cache_read_tokens=500_000)

    assert price(usage, model="my-mini", prices=MINI).usd == 0.1


def test_a_local_server_costs_what_is_configured_and_else_nobody_knows() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)

    assert price(usage, kind="ollama") == Cost()
    assert price(usage, kind="ollama", model="my-mini", prices=MINI).usd == 0.1


def test_an_estimated_usage_gives_an_estimated_cost() -> None:
    assert price(Usage(input_tokens=10, output_tokens=1), basis="estimated").basis == "estimated"


@pytest.mark.parametrize(
    "usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)], ids=["none", "in", "out"]
)
def test_half_a_usage_has_no_cost(usage: Usage) -> None:
    assert price(usage) == Cost()


def test_unknown_usage_has_no_cost() -> None:
    assert price(Usage(input_tokens=1, output_tokens=1), basis="unknown") == Cost()


def test_more_cached_than_asked_never_gives_a_negative_cost() -> None:
    found = price(Usage(input_tokens=5, output_tokens=0, cache_read_tokens=50))

    assert found.usd is not None
    assert found.usd > 0
