"""What the terminal UI's tests share: a frozen clock, the screen as text, pictures."""

import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.app import LlmgateApp
from llmgate_tui.clock import Clock
from llmgate_tui.glyphs import UNICODE, Glyphs
from llmgate_tui.screens.traffic import TrafficBody
from tests.tui import sample
from tests.tui.fake_gateway import TOKEN, FakeGateway, gateway

Picture = Callable[[App[None]], None]
Open = Callable[..., LlmgateApp]


class FrozenClock(Clock):
    """Noon, in UTC, for ever."""

    def now_ms(self) -> int:
        return sample.NOON_MS

    def local(self, at_ms: int) -> time.struct_time:
        return time.gmtime(at_ms / 1000)


def screen_text(app: App[None]) -> str:
    """What is on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Lets the app work until something holds; says what the screen shows when it never does."""
    for _ in range(200):
        if holds():
            return
        await pilot.pause(0.02)
    pytest.fail(f"it never came true; the screen shows\n{screen_text(pilot.app)}")


async def shown(pilot: Pilot[None], text: str) -> str:
    """Waits for a text on the screen; returns the whole of it."""
    await until(pilot, lambda: text in screen_text(pilot.app))
    return screen_text(pilot.app)


async def settled(pilot: Pilot[None], text: str) -> str:
    """Waits for a text, and then until nothing moves any more."""
    before = await shown(pilot, text)
    for _ in range(20):
        await pilot.pause(0.1)
        now = screen_text(pilot.app)
        if now == before:
            return now
        before = now
    return before


def open_app(
    fake: FakeGateway,
    *,
    token: str = TOKEN,
    heartbeat_s: float = 60.0,  # a slow machine must not look like a lost connection
    glyphs: Glyphs = UNICODE,
    owns_gateway: bool = False,
    ending: Callable[[], str] | None = None,
) -> LlmgateApp:
    """The application on a fake gateway."""
    return LlmgateApp(
        fake.url,
        token,
        address=sample.ADDRESS,
        clock=FrozenClock(),
        glyphs=glyphs,
        heartbeat_s=heartbeat_s,
        owns_gateway=owns_gateway,
        ending=ending,
    )


async def typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*(dict.get({" ": "space"}, char, char) for char in text))


def later(number: int = 0) -> str:
    return f"new-model-{number}"


def fresh(number: int = 0, **changes: object) -> ExchangeSummary:
    row = sample.exchanges(8)[0]
    base = {"id": f"new_{number}", "started_ms": sample.NOON_MS + number, "model": later(number)}
    return msgspec.structs.replace(row, **{**base, "served": "", **changes})


def body(app: LlmgateApp) -> TrafficBody:
    return app.main.body


@pytest.fixture
async def busy() -> AsyncIterator[FakeGateway]:
    """A gateway with sixty exchanges."""
    async with gateway(sample.exchanges(60)) as fake:
        yield fake


@pytest.fixture
async def empty() -> AsyncIterator[FakeGateway]:
    """A gateway nobody has used yet."""
    state = sample.status(live=0, streaming=0, requests=0, errors=0)
    async with gateway([], state) as fake:
        yield fake


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    """Compare the screen with ``pictures/<test name>.svg``; ``UPDATE_PICTURES=1`` rewrites it."""
    path = Path(request.path.parent, "pictures", f"{request.node.name}.svg")

    def compare(app: App[None]) -> None:
        got = app.export_screenshot(simplify=True)
        if os.environ.get("UPDATE_PICTURES"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(got, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == got, f"{path} no longer matches the screen"

    return compare
