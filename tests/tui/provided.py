"""Providers and a config, for the tests of the Providers screen."""

from typing import Final

import msgspec

from llmgate.wire.gateway import LastError, Probe, ProviderView, Quantiles
from llmgate.wire.limits import LimitsView, LimitView
from tests.tui import sample

NOON: Final = sample.NOON_MS
FILE: Final = """
providers:
  groq:
    kind: groq
    api_key: ${GROQ_API_KEY}
    timeout: {connect_s: 5, idle_s: 60.5}
    models: {fast: llama-3.3-70b, "claude-*": gpt-4o}
  local: {kind: ollama, api_keys: [a, b], models: [qwen3]}
"""


def provider(name: str = "groq", **changes: object) -> ProviderView:
    base = ProviderView(
        name=name,
        kind="groq",
        base_url=f"https://api.{name}.test/v1",
        protocols=["openai.chat"],
        state="up",
        key_hint="GROQ_API_KEY …9f2c",
        in_flight=3,
        requests_per_minute=12,
        error_share=0.25,
        errors_by_type={"upstream_rate_limited": 4},
        ttfb=Quantiles(p50_ms=412, p95_ms=2_100, count=40),
        last_errors=[error(0), error(1)],
        probe=Probe(at_ms=NOON - 60_000, ok=True, latency_ms=212, models=41),
        models=["llama-3.3-70b", "qwen3"],
        rate_limits={"x-ratelimit-remaining-requests": "988"},
        rate_limits_ms=NOON - 12_000,
        spark=[None, 100, 400],
        limits=LimitsView(
            scope="provider",
            name=name,
            limits=[
                LimitView(
                    name="requests_per_minute",
                    unit="requests",
                    limit=20,
                    used=17,
                    resets_ms=NOON + 7_000,
                )
            ],
        ),
    )
    return msgspec.structs.replace(base, **changes)


def error(number: int, exchange: str = "ex_000007") -> LastError:
    return LastError(
        at_ms=NOON - 12_000 - number * 60_000,
        error_type="upstream_rate_limited",
        message=f"slow down ({number})",
        status=429,
        exchange=exchange,
    )
