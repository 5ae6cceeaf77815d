"""What an exchange cost: as the provider says, else by configured prices, else by the table."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from llmgate.config.model import Price
from llmgate.config.patterns import LONGEST, compile_pattern, is_literal
from llmgate.prices import table
from llmgate.prices.table import Rate, Rates
from llmgate.wire.blocks import Basis, Usage

_MILLION: Final = 1_000_000
_NOTHING: Final = Decimal(0)


class Cost(msgspec.Struct, frozen=True):
    """Money; ``basis`` is how sure it is, ``source`` is provider, config or table.

    ``uncached_usd`` is what it would have been without a cache; None where nothing was cached.
    """

    usd: float | None = None
    basis: Basis = "unknown"
    source: str = ""
    uncached_usd: float | None = None


_UNKNOWN: Final = Cost()


def cost(  # noqa: PLR0913 - every one of them decides
    usage: Usage,
    *,
    usage_basis: Basis,
    provider_kind: str,
    base_url: str,
    model: str,
    prices: Mapping[str, Price],
    at_ms: int,
) -> Cost:
    """Works out the cost of one exchange; unknown stays unknown, never 0."""
    configured = _configured(prices, model) if prices else None
    found = configured or table.rates(provider_kind, base_url, model, at_ms)
    if usage.cost_usd is not None:
        uncached = _uncached(usage, found) if found else None
        return Cost(usage.cost_usd, "reported", "provider", uncached)
    if found is None or not found.per_token or usage_basis == "unknown":
        return _UNKNOWN
    if usage.input_tokens is None or usage.output_tokens is None:
        return _UNKNOWN
    usd = float(charge(usage, found))
    source = "table" if configured is None else "config"
    return Cost(usd, usage_basis, source, _uncached(usage, found))


def charge(usage: Usage, rates: Rates) -> Decimal:
    """Adds up every kind of token at its rate; one without a rate counts as what it is part of."""
    total_input = usage.input_tokens or 0
    read = _count(rates.cache_read, usage.cache_read_tokens)
    write = _count(rates.cache_write, usage.cache_write_tokens)
    long_write = min(write, _count(rates.cache_write_1h, usage.cache_write_1h_tokens))
    heard = _count(rates.input_audio, usage.input_audio_tokens)
    spoken = _count(rates.output_audio, usage.output_audio_tokens)
    thought = _count(rates.reasoning, usage.reasoning_tokens)
    said = max(0, (usage.output_tokens or 0) - spoken - thought)
    counts = (
        (rates.input, max(0, total_input - read - write - heard)),
        (rates.cache_read, read),
        (rates.cache_write, write - long_write),
        (rates.cache_write_1h, long_write),
        (rates.input_audio, heard),
        (rates.output, said),
        (rates.output_audio, spoken),
        (rates.reasoning, thought),
    )
    total = _NOTHING
    for rate, count in counts:
        if rate is not None and count:
            total += rate.at(total_input) * count / _MILLION
    if rates.request is not None:
        total += rates.request.at(total_input) / 1000
    return total


def _count(rate: Rate | None, tokens: int | None) -> int:
    return 0 if rate is None else tokens or 0


def _uncached(usage: Usage, rates: Rates) -> float | None:
    if not usage.cache_read_tokens and not usage.cache_write_tokens:
        return None
    if usage.input_tokens is None or usage.output_tokens is None or not rates.per_token:
        return None
    without = msgspec.structs.replace(
        usage, cache_read_tokens=None, cache_write_tokens=None, cache_write_1h_tokens=None
    )
    return float(charge(without, rates))


def _configured(prices: Mapping[str, Price], model: str) -> Rates | None:
    price = prices.get(model)
    if price is None and len(model) <= LONGEST:
        price = next(
            (
                value
                for name, value in prices.items()
                if not is_literal(name) and _compiled(name).fullmatch(model)
            ),
            None,
        )
    return None if price is None else _rates(price)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return compile_pattern(pattern)


@lru_cache(maxsize=256)
def _rates(price: Price) -> Rates:
    return Rates(
        input=_rate(price.input_per_mtok),
        output=_rate(price.output_per_mtok),
        cache_read=_rate(price.cache_read_per_mtok),
        cache_write=_rate(price.cache_write_per_mtok),
    )


def _rate(value: float | None) -> Rate | None:
    return None if value is None else Rate(Decimal(str(value)))
