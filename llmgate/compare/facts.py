"""The figures of two exchanges, beside each other."""

from collections.abc import Callable
from typing import Final

from llmgate.compare.rates import tokens_per_s
from llmgate.compare.side import Side
from llmgate.wire.compare import Fact
from llmgate.wire.exchanges import ExchangeSummary as Row

_TEXTS: Final[tuple[tuple[str, Callable[[Row], str]], ...]] = (
    ("status", lambda row: "" if row.status is None else str(row.status)),
    ("ending", lambda row: row.state),
    ("protocol", lambda row: row.protocol),
    ("provider", lambda row: row.provider),
    ("route", lambda row: row.route),
    ("model asked", lambda row: row.model),
    ("model served", lambda row: row.served),
    ("finish", lambda row: row.finish),
    ("error", lambda row: row.error or row.error_type),
)
_FIGURES: Final[tuple[tuple[str, str, Callable[[Row], float | None]], ...]] = (
    ("time to first byte", "us", lambda row: row.ttfb_us),
    ("total time", "us", lambda row: row.total_us),
    ("tokens per second", "tokens/s", tokens_per_s),
    ("input tokens", "tokens", lambda row: row.input_tokens),
    ("cached tokens", "tokens", lambda row: row.cache_read_tokens),
    ("tokens written to cache", "tokens", lambda row: row.cache_write_tokens),
    ("output tokens", "tokens", lambda row: row.output_tokens),
    ("reasoning tokens", "tokens", lambda row: row.reasoning_tokens),
    ("cost", "usd", lambda row: row.cost_usd),
    ("tool calls", "", lambda row: row.tool_calls),
    ("chunks", "chunks", lambda row: row.chunks),
    ("answer size", "bytes", lambda row: row.response_bytes),
    ("request size", "bytes", lambda row: row.request_bytes),
)
_COUNTED: Final = frozenset({"tokens", "tokens/s"})
_RARE: Final = frozenset({"cached tokens", "tokens written to cache", "reasoning tokens", "error"})


def facts_of(left: Side, right: Side) -> list[Fact]:
    """Every fact that a side has; rare ones are left out where neither does."""
    a, b = left.summary, right.summary
    facts = [_text(name, read(a), read(b)) for name, read in _TEXTS]
    facts += [_figure(name, unit, a, b, read) for name, unit, read in _FIGURES]
    return [fact for fact in facts if fact.name not in _RARE or _is_there(fact)]


def _is_there(fact: Fact) -> bool:
    return bool(fact.left or fact.right or fact.left_value or fact.right_value)


def _text(name: str, left: str, right: str) -> Fact:
    return Fact(name=name, left=left, right=right, same=left == right)


def _figure(
    name: str, unit: str, left: Row, right: Row, read: Callable[[Row], float | None]
) -> Fact:
    before, after = read(left), read(right)
    return Fact(
        name=name,
        unit=unit,
        left_value=before,
        right_value=after,
        same=before == after,
        left_estimated=before is not None and _is_estimated(unit, left),
        right_estimated=after is not None and _is_estimated(unit, right),
    )


def _is_estimated(unit: str, row: Row) -> bool:
    basis = row.cost_basis if unit == "usd" else row.usage_basis if unit in _COUNTED else ""
    return basis == "estimated"
