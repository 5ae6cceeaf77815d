"""Keys and limits as a gateway tells them, for the terminal UI's tests."""

from typing import Final

from llmgate.wire.gateway import ConfigView, KeyView
from llmgate.wire.limits import LimitsView, LimitView
from tests.tui import sample
from tests.tui.fake_gateway import FakeGateway

FILE: Final = """\
providers:
  groq: {kind: groq, limits: {requests_per_minute: 20, concurrency: 2, queue: 4}}
  local: {kind: ollama}
  openai: {kind: openai}
keys:
  ide:
    key: ${LLMGATE_IDE_KEY}
    models: [gpt-*, claude-*]
    limits:
      {requests_per_second: 2, burst: 4, requests_per_minute: 60, tokens_per_minute: 200000}
  ci: {key: sk-***, enabled: false}
limits:
  claude-*: {budget_usd_per_month: 40, on_budget: warn}
"""
ETAG: Final = '"v12"'
IDE: Final = LimitsView(
    scope="key",
    name="ide",
    in_flight=2,
    refused=3,
    last_refused_ms=sample.NOON_MS - 12_000,
    last_refused="key ide: 60 requests per minute are used up",
    limits=[
        LimitView(
            name="requests_per_minute",
            unit="requests",
            limit=60,
            used=45,
            reserved=2,
            resets_ms=sample.NOON_MS + 11_500,
            refused=3,
        ),
        LimitView(
            name="tokens_per_minute",
            unit="tokens",
            limit=200_000,
            used=48_200,
            reserved=9_000,
            estimated=True,
            resets_ms=sample.NOON_MS + 41_000,
        ),
        LimitView(
            name="budget_usd_per_day",
            unit="usd",
            limit=5,
            used=5.1,
            resets_ms=sample.NOON_MS + 12 * 3_600_000,
        ),
        LimitView(name="max_request_bytes", unit="bytes", limit=1_000_000),
    ],
)
GROQ: Final = LimitsView(
    scope="provider",
    name="groq",
    in_flight=2,
    queued=1,
    queue=4,
    limits=[
        LimitView(name="requests_per_minute", unit="requests", limit=20),
        LimitView(name="concurrency", unit="requests", limit=2, used=2, reserved=2),
    ],
)
CLAUDE: Final = LimitsView(
    scope="model",
    name="claude-*",
    limits=[
        LimitView(
            name="budget_usd_per_month",
            unit="usd",
            limit=40,
            used=31,
            warns_only=True,
            resets_ms=sample.NOON_MS + 9 * 86_400_000,
        )
    ],
)
KEYS: Final = [
    KeyView(
        name="ide",
        hint="a1b2",
        models=["gpt-*", "claude-*"],
        variable="LLMGATE_IDE_KEY",
        limits=IDE,
    ),
    KeyView(name="ci", hint="9f00", models=["*"]),
]


def limit(fake: FakeGateway) -> None:
    """Gives the gateway keys and limits."""
    fake.answers["keys"] = list(KEYS)
    fake.answers["limits"] = [IDE, GROQ, CLAUDE]
    tell_file(fake, FILE)


def tell_file(fake: FakeGateway, text: str, *, editable: bool = True) -> None:
    """The config file as it is now."""
    fake.answers["config"] = ConfigView(
        version=12,
        file="config.yaml",
        loaded_ms=sample.NOON_MS,
        etag=ETAG,
        text=text,
        editable=editable,
    )
