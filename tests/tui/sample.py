"""Traffic as coding agents make it, for the terminal UI's tests: always the same, never real."""

import random
from collections.abc import Iterator
from typing import Final

import msgspec

from llmgate.wire.exchanges import ExchangeSummary, Protocol
from llmgate.wire.gateway import ProviderView, Recording, Spend, Status

NOON_MS: Final = 1_795_262_671_000  # 2026-11-21 12:04:31 UTC
ADDRESS: Final = "127.0.0.1:8484"


class Agent(msgspec.Struct, frozen=True):
    """One kind of caller."""

    client: str
    model: str
    served: str
    provider: str
    route: str
    path: str
    protocol: Protocol
    input_tokens: int
    usd_per_mtok: tuple[float, float]


AGENTS: Final = (
    Agent(
        "claude-code",
        "claude-sonnet-4-5",
        "claude-sonnet-4-5",
        "anthropic",
        "claude",
        "/v1/messages",
        "anthropic.messages",
        48_000,
        (0.3, 15.0),
    ),
    Agent(
        "codex",
        "gpt-5.1-codex",
        "gpt-5.1-codex",
        "openai",
        "",
        "/v1/responses",
        "openai.responses",
        12_900,
        (1.25, 10.0),
    ),
    Agent(
        "aider",
        "fast",
        "llama-3.3-70b",
        "groq",
        "fast",
        "/v1/chat/completions",
        "openai.chat",
        1_100,
        (0.59, 0.79),
    ),
    Agent(
        "opencode",
        "gpt-5.1",
        "gpt-5.1-2026-03",
        "azure",
        "big",
        "/v1/chat/completions",
        "openai.chat",
        8_000,
        (1.25, 10.0),
    ),
    Agent(
        "claude-code",
        "claude-haiku-4-5",
        "claude-haiku-4-5",
        "anthropic",
        "claude",
        "/v1/messages",
        "anthropic.messages",
        900,
        (1.0, 5.0),
    ),
    Agent(
        "continue",
        "qwen3-coder:30b",
        "qwen3-coder:30b",
        "local",
        "local",
        "/v1/chat/completions",
        "openai.chat",
        3_400,
        (0.0, 0.0),
    ),
)


def finished(number: int, agent: Agent, dice: random.Random, at_ms: int) -> ExchangeSummary:
    """An exchange that went well."""
    ttfb = dice.randint(180, 900) * 1000
    out = dice.randint(40, 1800)
    total = ttfb + out * dice.randint(9_000, 22_000)
    tokens = int(agent.input_tokens * dice.uniform(0.8, 1.2))
    priced = agent.usd_per_mtok[0] > 0
    cost = (tokens * agent.usd_per_mtok[0] + out * agent.usd_per_mtok[1]) / 1e6
    return ExchangeSummary(
        id=f"ex_{number:06d}",
        started_ms=at_ms,
        state="finished",
        method="POST",
        path=agent.path,
        protocol=agent.protocol,
        status=200,
        stream=True,
        transport="sse",
        client=agent.client,
        key="ide" if number % 3 else "",
        session=f"session-{agent.client}",
        route=agent.route,
        provider=agent.provider,
        model=agent.model,
        served=agent.served,
        attempts=1,
        ttfb_us=ttfb,
        total_us=total,
        own_us=640,
        request_bytes=tokens * 4,
        response_bytes=out * 180,
        chunks=out,
        input_tokens=tokens,
        output_tokens=out,
        cache_read_tokens=tokens * 9 // 10,
        usage_basis="reported",
        cost_usd=cost if priced else None,
        cost_basis="reported" if priced else "unknown",
        price_source="table" if priced else "",
        finish="tool_use" if out % 2 else "stop",
        tool_calls=out % 2,
    )


def refused(row: ExchangeSummary) -> ExchangeSummary:
    """A provider's 429, after two attempts."""
    return msgspec.structs.replace(
        row,
        status=429,
        stream=False,
        attempts=2,
        ttfb_us=None,
        total_us=212_000,
        output_tokens=None,
        cost_usd=None,
        cost_basis="unknown",
        finish="",
        tool_calls=0,
        error_type="upstream_rate_limited",
        error="Rate limit reached for model `llama-3.3-70b` on tokens per minute",
    )


def cut(row: ExchangeSummary) -> ExchangeSummary:
    """A stream that broke."""
    return msgspec.structs.replace(
        row,
        state="cut",
        usage_basis="estimated",
        cost_basis="estimated",
        finish="",
        error_type="upstream_cut",
        error="the connection ended before the answer did",
    )


def streaming(row: ExchangeSummary, at_ms: int) -> ExchangeSummary:
    """One that is on its way."""
    return msgspec.structs.replace(
        row, state="streaming", started_ms=at_ms, total_us=None, own_us=None, output_tokens=181
    )


def waiting(row: ExchangeSummary, at_ms: int) -> ExchangeSummary:
    """One whose provider has not said anything yet."""
    return msgspec.structs.replace(
        row,
        state="waiting",
        started_ms=at_ms,
        status=None,
        ttfb_us=None,
        total_us=None,
        own_us=None,
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        cost_basis="unknown",
        usage_basis="unknown",
        tool_calls=0,
    )


def exchanges(count: int, *, end_ms: int = NOON_MS, seed: int = 7) -> list[ExchangeSummary]:
    """Rows as a working afternoon leaves them, oldest first, the last few still live."""
    dice = random.Random(seed)
    return list(_rows(count, end_ms, dice))


def _rows(count: int, end_ms: int, dice: random.Random) -> Iterator[ExchangeSummary]:
    at_ms = end_ms - 3_400 * count
    for number in range(count):
        at_ms += dice.randint(400, 6_000) if number < count - 3 else 0
        at_ms = min(at_ms, end_ms - 9_000)
        agent = dice.choices(AGENTS, (9, 4, 3, 3, 5, 2))[0]
        row = finished(number, agent, dice, at_ms)
        if number >= count - 1:
            yield waiting(row, end_ms - 700)
        elif number >= count - 3:
            yield streaming(row, end_ms - 3_100 - 2_000 * (count - number))
        elif agent.provider == "groq" and number % 2:
            yield refused(row)
        elif number % 11 == 5:
            yield cut(row)
        elif number % 17 == 4:
            yield msgspec.structs.replace(
                row, state="cancelled", error_type="caller_cancelled", error="the caller left"
            )
        elif number % 23 == 7:
            yield msgspec.structs.replace(row, repeat=4)
        else:
            yield row


def status(**changes: object) -> Status:
    """A gateway at work."""
    base = Status(
        version="0.1.0",
        address=ADDRESS,
        started_ms=NOON_MS - 3_600_000,
        now_ms=NOON_MS,
        config_version=12,
        live=3,
        streaming=2,
        requests=10_431,
        errors=125,
        today=Spend(cost_usd=1.83, input_tokens=4_100_000, output_tokens=180_000, exchanges=212),
        recording=Recording(kept=10_431, size_bytes=48_000_000),
        keyless=True,
    )
    return msgspec.structs.replace(base, **changes)


def providers() -> list[ProviderView]:
    """The providers behind the agents."""
    names = sorted({agent.provider for agent in AGENTS})
    return [
        ProviderView(
            name=name, kind=name, base_url=f"https://{name}.test", protocols=[], state="up"
        )
        for name in names
    ]
