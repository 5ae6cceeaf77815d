"""Usage as OpenAI's protocols report it, and the many hosts that speak them."""

from typing import Any, Final

import msgspec

from llmgate.formats import lenient
from llmgate.formats.counting import checked
from llmgate.wire.blocks import Usage

_USD_PER_TICK: Final = 1e-10  # xAI counts cost in ten-billionths of a dollar


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class _CostDetails(msgspec.Struct):
    upstream_inference_cost: float | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    input_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    output_tokens_details: _OutputDetails | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek
    prompt_cache_miss_tokens: int | None = None
    cached_tokens: int | None = None  # Moonshot
    reasoning_tokens: int | None = None  # Perplexity
    cost: float | dict[str, Any] | None = None  # OpenRouter; Perplexity
    cost_details: _CostDetails | None = None
    is_byok: bool | None = None
    cost_in_usd_ticks: int | None = None


_decoder: Final = msgspec.json.Decoder(_Usage)


def read(raw: bytes) -> Usage | None:
    """Reads a usage object; None when it is none."""
    usage = lenient.decode(_decoder, raw)
    if usage is None:
        return None
    given = usage.prompt_tokens_details or usage.input_tokens_details or _InputDetails()
    made = usage.completion_tokens_details or usage.output_tokens_details or _OutputDetails()
    reasoning = _first(made.reasoning_tokens, usage.reasoning_tokens)
    prompt = _prompt(usage)
    return checked(
        Usage(
            input_tokens=prompt,
            output_tokens=_output(usage, prompt, reasoning),
            cache_read_tokens=_first(
                given.cached_tokens, usage.prompt_cache_hit_tokens, usage.cached_tokens
            ),
            cache_write_tokens=given.cache_write_tokens,
            reasoning_tokens=reasoning,
            input_audio_tokens=given.audio_tokens,
            output_audio_tokens=made.audio_tokens,
            cost_usd=_cost(usage),
        )
    )


def _prompt(usage: _Usage) -> int | None:
    prompt = _first(usage.prompt_tokens, usage.input_tokens)
    hit, miss = usage.prompt_cache_hit_tokens, usage.prompt_cache_miss_tokens
    if prompt is None and hit is not None and miss is not None:
        return hit + miss
    return prompt


def _output(usage: _Usage, prompt: int | None, reasoning: int | None) -> int | None:
    """The total; xAI counts reasoning beside ``completion_tokens``, which its total gives away."""
    output = _first(usage.completion_tokens, usage.output_tokens)
    if output is None or not reasoning or prompt is None or usage.total_tokens is None:
        return output
    return output + reasoning if usage.total_tokens == prompt + output + reasoning else output


def _cost(usage: _Usage) -> float | None:
    if usage.cost_in_usd_ticks is not None:
        return usage.cost_in_usd_ticks * _USD_PER_TICK
    if isinstance(usage.cost, dict):
        total = usage.cost.get("total_cost")
        return float(total) if isinstance(total, (int, float)) else None
    if usage.cost is not None and usage.is_byok and usage.cost_details is not None:
        return usage.cost + (usage.cost_details.upstream_inference_cost or 0.0)
    return usage.cost


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
