"""A gateway with something on every screen, for the tests that look at all of them."""

from typing import Final

import msgspec

from llmgate.wire.editing import History, Revision, RouteEffect, Share, Verdict
from llmgate.wire.feed import Notice
from llmgate.wire.gateway import ConfigView, Problem, RouteView, TargetView
from tests.tui import sample
from tests.tui.fake_gateway import FakeGateway
from tests.tui.limited import CLAUDE, GROQ, IDE, KEYS
from tests.tui.provided import provider
from tests.tui.replayed import replay
from tests.tui.replayed import serve as serve_replays
from tests.tui.spent import report

NOON: Final = sample.NOON_MS
PATH: Final = "/home/me/llmgate/config.yaml"
FILE: Final = """\
# what my agents use
providers:
  groq: {kind: groq, limits: {requests_per_minute: 20, concurrency: 2, queue: 4}}
  local: {kind: ollama}
  openai:
    kind: openai
    api_key: ${OPENAI_API_KEY}
keys:
  ide:
    key: ${LLMGATE_IDE_KEY}
    models: [gpt-*, claude-*]
    limits: {requests_per_minute: 60, tokens_per_minute: 200000, budget_usd_per_day: 5}
  ci: {key: sk-***, enabled: false}
limits:
  claude-*: {budget_usd_per_month: 40, on_budget: warn}
routes:
  fast:
    match: {model: gpt-*}
    targets:
      - {provider: openai, weight: 50}   # the dear one
      - {provider: groq, model: llama-3.3-70b, weight: 50}
  big:
    match: {model: claude-*, key: ide}
    strategy: priority
    targets: [{provider: openai}, {provider: local, model: qwen3}]
"""
DIFF: Final = """\
--- config.yaml
+++ config.yaml
@@ -20,1 +20,1 @@
-      - {provider: openai, weight: 50}   # the dear one
+      - {provider: openai, weight: 70}   # the dear one
"""
ROUTES: Final = [
    RouteView(
        name="fast",
        match={"model": "gpt-*"},
        strategy="weighted",
        observed=200,
        targets=[
            TargetView(provider="openai", weight=50, share=0.5, observed_share=0.48, observed=96),
            TargetView(
                provider="groq",
                model="llama-3.3-70b",
                weight=50,
                share=0.5,
                observed_share=0.52,
                observed=104,
            ),
        ],
    ),
    RouteView(
        name="big",
        match={"model": "claude-*", "key": "ide"},
        strategy="priority",
        observed=12,
        targets=[
            TargetView(provider="openai", share=1.0, observed_share=1.0, observed=12),
            TargetView(provider="local", model="qwen3"),
        ],
    ),
]
SHIFTED: Final = Verdict(
    ok=True,
    etag='"v13"',
    version=13,
    diff=DIFF,
    routes=[
        RouteEffect(
            route="fast",
            change="changed",
            shares=[
                Share(
                    provider="openai", weight_before=50, weight_after=70, before=0.5, after=0.5833
                ),
                Share(
                    provider="groq",
                    model="llama-3.3-70b",
                    weight_before=50,
                    weight_after=50,
                    before=0.5,
                    after=0.4167,
                ),
            ],
        )
    ],
)
PROBLEM: Final = Problem(
    message="unknown field 'wieght'; did you mean 'weight'?",
    file=PATH,
    line=20,
    column=28,
    path="routes.fast.targets[0].wieght",
)


def furnish(fake: FakeGateway) -> None:
    """Routes, providers, keys, limits, spend, replays, a file with a history, notices."""
    serve_replays(fake, replay())
    fake.routes = list(ROUTES)
    fake.providers = [
        provider("groq"),
        provider(
            "local",
            kind="ollama",
            base_url="http://127.0.0.1:11434/v1",
            state="down",
            error_share=1.0,
            in_flight=0,
            spark=[],
        ),
        provider(
            "openai",
            kind="openai",
            error_share=0.0,
            errors_by_type={},
            last_errors=[],
            spark=[400.0, 420, 380, 900, 410, 400, 395, 600],
        ),
    ]
    fake.answers |= {
        "providers": list(fake.providers),
        "keys": list(KEYS),
        "limits": [IDE, GROQ, CLAUDE],
        "spend": report(),
        "config": ConfigView(
            version=12, file=PATH, loaded_ms=NOON, etag='"v12"', text=FILE, undo=11, editable=True
        ),
        "config/history": History(
            revisions=[
                Revision(
                    number=number,
                    at_ms=NOON - (12 - number) * 86_400_000,
                    who="tui" if number % 2 else "file",
                    etag=f'"v{number}"',
                    summary="fast: openai 70 to 50",
                    current=number == 12,
                )
                for number in (12, 11, 10)
            ],
            undo=11,
        ),
        "POST config/validate": SHIFTED,
        "PATCH config": msgspec.structs.replace(SHIFTED, applied=True),
    }
    fake.notices = [
        Notice(at_ms=NOON - 60_000, level="info", kind="reload", text="config v12 is in force"),
        Notice(at_ms=NOON - 9_000, level="warning", kind="health", text="local is down"),
        Notice(at_ms=NOON - 4_000, level="error", kind="limit", text="key ide: refused a request"),
    ]
