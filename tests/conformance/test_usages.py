"""Usage bodies of many providers come out as their collectors expect, tokens and prices."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmgate.formats import anthropic_usage, openai_usage
from llmgate.prices import table
from llmgate.prices.price import charge
from llmgate.wire.blocks import Usage
from tests.conformance.captures import needs_captures

pytestmark = needs_captures

KINDS = {"anthropic": "anthropic", "openai": "openai", "groq": "groq", "mistral": "mistral"}
KINDS |= {"openrouter": "openrouter", "deepseek": "deepseek", "x-ai": "xai"}
NAMES = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
}
AT_MS = 1_788_000_000_000


def cases() -> Iterator[tuple[str, Any, dict[str, Any], dict[str, Any]]]:
    """Yields (file, body, expected usage, extractor) of the protocols that are carried."""
    if not os.environ.get("LLMGATE_CAPTURES"):
        return
    path = Path(os.environ["LLMGATE_CAPTURES"], "genai-prices", "usages.json")
    for row in json.loads(path.read_text()):
        for found in row["extracted"]:
            for extractor in found["extractors"]:
                own = extractor["provider_id"] in KINDS and "usage" in row["body"]
                if own and fits(row["body"]["usage"], extractor):
                    yield row["body"].get("file", ""), row, found["usage"], extractor


def fits(usage: dict[str, Any], extractor: dict[str, Any]) -> bool:
    """The extractor is that of the protocol that the usage was written in."""
    flavour = {
        "chat": "prompt_tokens" in usage,
        "responses": "input_tokens_details" in usage,
        "default": "cache_creation" in usage and extractor["provider_id"] == "anthropic",
    }
    return flavour.get(extractor["api_flavor"], False)


def read(usage: dict[str, Any], extractor: dict[str, Any]) -> Usage:
    raw = json.dumps(usage).encode()
    is_anthropic = extractor["api_flavor"] == "default"
    found = anthropic_usage.read(raw) if is_anthropic else openai_usage.read(raw)
    assert found is not None
    return found


ALL = list(cases())
every_case = pytest.mark.parametrize(
    ("row", "wanted", "extractor"), [(c[1], c[2], c[3]) for c in ALL], ids=[c[0] for c in ALL]
)


@every_case
def test_tokens_are_counted_as_expected(
    row: dict[str, Any], wanted: dict[str, Any], extractor: dict[str, Any]
) -> None:
    usage = read(row["body"]["usage"], extractor)
    seen = {name: getattr(usage, ours) or 0 for name, ours in NAMES.items()}

    known = {name: wanted[name] for name in NAMES if name in wanted}
    assert {name: seen[name] for name in known} == known


@every_case
def test_the_price_is_as_expected(
    row: dict[str, Any], wanted: dict[str, Any], extractor: dict[str, Any]
) -> None:
    if "input_price" not in extractor or not row.get("model"):
        pytest.skip("no price is expected")
    usage = read(row["body"]["usage"], extractor)
    rates = table.rates(KINDS[extractor["provider_id"]], "", row["model"], AT_MS)
    assert rates is not None

    expected = Decimal(extractor["input_price"]) + Decimal(extractor["output_price"])
    assert charge(usage, rates) == expected
    assert wanted["input_tokens"] == usage.input_tokens
