"""The shipped table gives the prices of the package it was made from, to the last digit."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import genai_prices
import pytest
from genai_prices.data import providers

from llmgate.prices import make_table, table
from llmgate.prices.price import charge
from llmgate.wire.blocks import Usage

VERSION = version("genai-prices")
same_version = pytest.mark.skipif(
    VERSION not in table.source(),
    reason=f"the table is from another version than the installed genai-prices {VERSION}",
)
MOMENTS = [datetime(2024, 6, 1, 3, tzinfo=UTC), datetime(2026, 9, 1, 17, 30, tzinfo=UTC)]
USAGES = [
    Usage(input_tokens=1234, output_tokens=567),
    Usage(input_tokens=300_001, output_tokens=7, cache_read_tokens=250_000),
    Usage(
        input_tokens=98_765,
        output_tokens=4_321,
        cache_read_tokens=45_678,
        cache_write_tokens=12_345,
        cache_write_1h_tokens=2_345,
        reasoning_tokens=321,
    ),
    Usage(input_tokens=999, output_tokens=555, input_audio_tokens=111, output_audio_tokens=222),
]
NAMES = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "input_audio_tokens": "input_audio_tokens",
    "output_audio_tokens": "output_audio_tokens",
}


def names_in(rule: Any) -> Iterator[str]:
    """Model names that a match rule speaks of."""
    for kind, value in vars(rule).items():
        if isinstance(value, list):
            for inner in value:
                yield from names_in(inner)
        elif kind != "regex":
            yield value


def theirs(usage: Usage) -> Any:
    given = {NAMES[n]: v for n in NAMES if (v := getattr(usage, n)) is not None}
    return genai_prices.Usage(**given)


@same_version
@pytest.mark.parametrize("provider", providers, ids=lambda provider: provider.id)
def test_every_model_costs_what_the_source_says(provider: Any) -> None:
    compared = 0
    for model in provider.models:
        for name in {model.id, *list(names_in(model.match))[:2]}:
            for number, usage in enumerate(USAGES):
                compared += agrees(provider, name, usage, MOMENTS[number % 2])

    assert compared or provider.id in {"elevenlabs", "cursor", "openai-decisions"}


def agrees(provider: Any, name: str, usage: Usage, moment: datetime) -> int:
    """Compares one price; 0 where the source has none or refuses the usage."""
    row = next(row for row in table._table().providers if row.id == provider.id)
    sets = [
        table._PriceSet(condition, table._rates(prices))
        for condition, prices in table._find(row, name.lower())
    ]
    try:
        expected = genai_prices.calc_price(
            theirs(usage), name, provider_id=provider.id, genai_request_timestamp=moment
        )
    except (LookupError, ValueError):
        return 0
    rates = table._current(sets, int(moment.timestamp() * 1000))
    assert charge(usage, rates) == expected.total_price, (provider.id, name, usage)
    return 1


@same_version
def test_the_table_is_up_to_date_with_the_installed_package() -> None:
    assert make_table.make() == make_table.TABLE.read_bytes(), (
        "run python -m llmgate.prices.make_table"
    )


def test_the_table_names_its_source_and_carries_its_licence() -> None:
    assert "genai-prices" in table.source()
    assert b"Permission is hereby granted" in make_table.TABLE.read_bytes()


@pytest.mark.parametrize(
    ("kind", "url", "model", "price"),
    [
        ("openai", "https://api.openai.com/v1", "gpt-4o-mini-2024-07-18", "0.15"),
        ("openai", "http://proxy.example/v1", "GPT-4o-mini", "0.15"),
        ("openai-compatible", "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile", "0.59"),
        ("anthropic", "https://api.anthropic.com", "claude-sonnet-4-5-20250929", "3"),
        ("openai-compatible", "http://127.0.0.1:9000/v1", "gpt-4o-mini", None),
        ("ollama", "http://127.0.0.1:11434/v1", "gpt-4o-mini", None),
        ("recording", "", "gpt-4o-mini", None),
        ("openai", "https://api.openai.com/v1", "no-such-model", None),
        ("openai", "https://api.openai.com/v1", "gpt-" * 1000, None),
    ],
)
def test_a_model_is_found_by_provider_kind_or_address(
    kind: str, url: str, model: str, price: str | None
) -> None:
    found = table.rates(kind, url, model, 1_763_690_377_000)

    assert (str(found.input.base) if found and found.input else None) == price
