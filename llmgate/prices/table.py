"""The shipped price table: read when the first price is asked for, searched once per model."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

_PATH: Final = Path(__file__).with_name("table.json")
_LONGEST_NAME: Final = 300
_COMPACT_DATE: Final = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")

PROVIDER_OF_KIND: Final = {
    "openai": "openai",
    "anthropic": "anthropic",
    "groq": "groq",
    "openrouter": "openrouter",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "together": "together",
    "xai": "x-ai",
    "fireworks": "fireworks",
    "cerebras": "cerebras",
    "azure": "azure",
    "bedrock": "aws",
    "cohere": "cohere",
    "gemini": "google",
    "google": "google",
    "vertex": "google",
    "moonshot": "moonshotai",
    "perplexity": "perplexity",
    "zai": "zai",
}
LOCAL_KINDS: Final = frozenset({"ollama", "llamacpp", "lmstudio", "vllm", "recording", "demo"})


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda name, text: name == text,
    "^": lambda name, text: name.startswith(text),
    "$": lambda name, text: name.endswith(text),
    "*": lambda name, text: text in name,
    "~": lambda name, text: re.search(text, name) is not None,
}


class Rate(msgspec.Struct, frozen=True):
    """A price per unit; ``tiers`` are (more input tokens than, price), rising."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The price for a request of this size: passing a threshold changes it for all tokens."""
        price = self.base
        for start, higher in self.tiers:
            if input_tokens > start:
                price = higher
        return price


class Rates(msgspec.Struct, frozen=True):
    """What a model costs per million tokens, ``request`` per thousand; None: as the rest."""

    input: Rate | None = None
    output: Rate | None = None
    cache_read: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    input_audio: Rate | None = None
    output_audio: Rate | None = None
    reasoning: Rate | None = None
    request: Rate | None = None

    @property
    def per_token(self) -> bool:
        """Tokens have a price at all."""
        return self.input is not None or self.output is not None


class _PriceSet(msgspec.Struct, frozen=True):
    condition: list[str] | None
    rates: Rates


class _Provider(msgspec.Struct):
    id: str
    url: str
    fallback: list[str]
    models: list[list[Any]]


class _Table(msgspec.Struct):
    source: str
    providers: list[_Provider]


def rates(kind: str, base_url: str, model: str, at_ms: int) -> Rates | None:
    """Finds what a model costs at a provider; None when the table does not say."""
    sets = _price_sets(kind, base_url, model)
    if len(sets) == 1:
        return sets[0].rates
    return _current(sets, at_ms) if sets else None


def source() -> str:
    """Names where the table is from."""
    return _table().source


@cache
def _table() -> _Table:
    return msgspec.json.decode(_PATH.read_bytes(), type=_Table)


@lru_cache(maxsize=4096)
def _price_sets(kind: str, base_url: str, model: str) -> tuple[_PriceSet, ...]:
    if kind in LOCAL_KINDS or not model or len(model) > _LONGEST_NAME:
        return ()
    provider = _provider(kind, base_url)
    if provider is None:
        return ()
    name = model.lower()
    rows = _find(provider, name) or _find(provider, _COMPACT_DATE.sub(_dashed, name))
    return tuple(_PriceSet(condition, _rates(prices)) for condition, prices in rows)


def _provider(kind: str, base_url: str) -> _Provider | None:
    providers = _table().providers
    wanted = PROVIDER_OF_KIND.get(kind)
    if wanted is not None:
        return next((each for each in providers if each.id == wanted), None)
    return next((each for each in providers if re.match(each.url, base_url)), None)


def _find(provider: _Provider, name: str) -> list[Any]:
    """Looks in a provider's own models, then in those of the makers whose models it offers."""
    found = _search(provider.models, name)
    for other in () if found else provider.fallback:
        maker = next((each for each in _table().providers if each.id == other), None)
        found = _search(maker.models, name) if maker else []
        if found:
            break
    return found


def _search(models: list[list[Any]], name: str) -> list[Any]:
    return next((row[1:] for row in models if _fits(row[0], name)), [])


def _fits(rule: Sequence[Any], name: str) -> bool:
    kind = rule[0]
    if kind in "|&":
        inner = (_fits(each, name) for each in rule[1:])
        return any(inner) if kind == "|" else all(inner)
    return _TESTS[kind](name, rule[1])


def _current(sets: Sequence[_PriceSet], at_ms: int) -> Rates:
    """Of several sets the last whose condition holds, else the first."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    active = (each.rates for each in reversed(sets) if _holds(each.condition, moment))
    return next(active, sets[0].rates)


def _holds(condition: list[str] | None, moment: datetime) -> bool:
    if condition is None:
        return True
    if condition[0] == "from":
        return moment.date() >= date.fromisoformat(condition[1])
    start, end = (_utc(time.fromisoformat(each)) for each in condition[1:])
    now = moment.timetz()
    return now >= start or now < end if end < start else start <= now < end


def _utc(moment: time) -> time:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return datetime.combine(date(1970, 1, 1), moment).astimezone(UTC).timetz()


def _rates(prices: dict[str, Any]) -> Rates:
    return Rates(*(_rate(prices.get(key)) for key in "iorwhabtq"))


def _rate(price: Any) -> Rate | None:
    if price is None:
        return None
    if isinstance(price, str):
        return Rate(Decimal(price))
    return Rate(Decimal(price[0]), tuple((start, Decimal(text)) for start, text in price[1:]))


def _dashed(found: re.Match[str]) -> str:
    year, month, day = (int(found[n]) for n in (1, 2, 3))
    try:
        date(year, month, day)
    except ValueError:
        return found[0]
    return f"-{year:04}-{month:02}-{day:02}"
