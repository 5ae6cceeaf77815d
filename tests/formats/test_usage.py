"""Usage objects of hosts that count in their own way."""

import json
from typing import Any

import pytest

from llmgate.formats import anthropic_usage, openai_usage
from llmgate.formats.counting import merge
from llmgate.wire.blocks import Usage
from tests.formats.reading import stream, whole


def openai(**fields: Any) -> Usage | None:
    return openai_usage.read(json.dumps(fields).encode())


def test_openai_names_every_kind_of_token() -> None:
    seen = openai(
        prompt_tokens=100,
        completion_tokens=50,
        prompt_tokens_details={"cached_tokens": 40, "cache_write_tokens": 20, "audio_tokens": 5},
        completion_tokens_details={"reasoning_tokens": 30, "audio_tokens": 7},
    )

    assert seen == Usage(
        input_tokens=100,
        output_tokens=50,
        cache_read_tokens=40,
        cache_write_tokens=20,
        reasoning_tokens=30,
        input_audio_tokens=5,
        output_audio_tokens=7,
    )


def test_deepseek_counts_hits_and_misses() -> None:
    both = {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}

    assert openai(**both, completion_tokens=1) == Usage(
        input_tokens=100, output_tokens=1, cache_read_tokens=64
    )
    assert openai(prompt_tokens=100, **both) == Usage(input_tokens=100, cache_read_tokens=64)


def test_xai_counts_reasoning_beside_its_output_and_cost_in_ticks() -> None:
    seen = openai(
        prompt_tokens=12,
        completion_tokens=1,
        total_tokens=303,
        completion_tokens_details={"reasoning_tokens": 290},
        cost_in_usd_ticks=1_466_250,
    )

    assert seen is not None
    assert (seen.output_tokens, seen.reasoning_tokens) == (291, 290)
    assert seen.cost_usd == pytest.approx(0.000146625)


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"cost": 0.5}, 0.5),
        ({"cost": 0}, 0.0),
        ({"cost": {"total_cost": 0.25}}, 0.25),
        ({"cost": {"currency": "eur"}}, None),
        ({"cost": 0.1, "is_byok": True, "cost_details": {"upstream_inference_cost": 2}}, 2.1),
        ({"cost": 0.1, "is_byok": False, "cost_details": {"upstream_inference_cost": 2}}, 0.1),
        ({}, None),
    ],
)
def test_a_cost_is_taken_as_the_host_writes_it(fields: dict[str, Any], cost: float | None) -> None:
    seen = openai(prompt_tokens=1, completion_tokens=1, **fields)

    assert seen is not None
    assert seen.cost_usd == (None if cost is None else pytest.approx(cost))


def test_moonshot_and_perplexity_put_details_on_top() -> None:
    seen = openai(prompt_tokens=9, completion_tokens=5, cached_tokens=4, reasoning_tokens=3)

    assert seen == Usage(input_tokens=9, output_tokens=5, cache_read_tokens=4, reasoning_tokens=3)


def test_groq_hides_its_usage_in_a_corner() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    last = {"choices": [{"delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": usage}}

    assert stream("openai.chat", last).usage == Usage(input_tokens=3, output_tokens=4)


@pytest.mark.parametrize("protocol", ["openai.chat", "openai.responses", "anthropic.messages"])
@pytest.mark.parametrize("usage", [None, [], "none", 5, {"unknown": 1}])
def test_a_usage_that_says_nothing_is_no_usage(protocol: Any, usage: Any) -> None:
    body = {"type": "message", "output": [], "choices": [], "content": [], "usage": usage}

    assert whole(protocol, body).usage is None


def test_cache_writes_are_added_up_when_only_their_lifetimes_are_given() -> None:
    raw = {"input_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 2}}

    assert anthropic_usage.read(json.dumps(raw).encode()) == Usage(
        input_tokens=3, cache_write_tokens=2
    )


def test_reports_are_merged_field_by_field() -> None:
    old = Usage(input_tokens=10, output_tokens=1, cost_usd=0.5)

    assert merge(old, Usage(input_tokens=0, output_tokens=9, cache_read_tokens=0)) == Usage(
        input_tokens=10, output_tokens=9, cache_read_tokens=0, cost_usd=0.5
    )
