"""Made-up exchanges for the tests of the detail pane, and a gateway that tells them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import msgspec

from llmgate.wire.blocks import BlockDelta, BlockEvent, BlockStarted, BlockStopped, Finished
from llmgate.wire.chat import ChatRequest, ChatView, Message, Part
from llmgate.wire.compare import Change, PromptDiff, PromptEntry, Span, Weight
from llmgate.wire.exchanges import (
    Attempt,
    Chunk,
    ExchangeDetail,
    ExchangeSummary,
    Growth,
    Mark,
)
from llmgate_tui.api import ApiProblem
from llmgate_tui.clock import Clock
from llmgate_tui.widgets.line_text import Item, LineText

STARTED_MS = 1_763_726_400_000
HOSTILE = "A\x1b]0;PWNED\x07\x1b[31m\x9b2J\u202e\u200b\x7f\x00[bold red]x[/][@click=app.quit]y"


class StillClock(Clock):
    """Twelve seconds after every sample began."""

    def now_ms(self) -> int:
        """Always the same."""
        return STARTED_MS + 12_000


def summary(**changes: Any) -> ExchangeSummary:
    """A streamed agent call that went well."""
    fields: dict[str, Any] = {
        "id": "ex_01JD2M7Q9K",
        "started_ms": STARTED_MS,
        "state": "finished",
        "method": "POST",
        "path": "/v1/messages",
        "protocol": "anthropic.messages",
        "status": 200,
        "stream": True,
        "transport": "sse",
        "client": "claude-code",
        "key": "ide",
        "session": "5f2c81d0-77aa",
        "route": "fast",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "served": "claude-sonnet-4-5-20250929",
        "attempts": 2,
        "ttfb_us": 412_000,
        "total_us": 3_120_000,
        "own_us": 640,
        "request_bytes": 148_204,
        "response_bytes": 18_400,
        "chunks": 42,
        "input_tokens": 48_204,
        "output_tokens": 181,
        "cache_read_tokens": 46_080,
        "cache_write_tokens": 1_024,
        "reasoning_tokens": 40,
        "usage_basis": "reported",
        "cost_usd": 0.0151,
        "cost_basis": "reported",
        "price_source": "table",
        "finish": "tool_calls",
        "tool_calls": 1,
    }
    return ExchangeSummary(**(fields | changes))


LIVE = summary(
    state="streaming",
    total_us=None,
    own_us=None,
    input_tokens=None,
    output_tokens=60,
    cache_read_tokens=None,
    cache_write_tokens=None,
    reasoning_tokens=None,
    usage_basis="unknown",
    cost_usd=None,
    cost_basis="unknown",
    price_source="",
    finish="",
    tool_calls=0,
)
LIMITED = summary(
    state="failed",
    status=429,
    error_type="policy_rate_limited",
    error="key ide: 10 requests per second",
    route="",
    provider="",
    attempts=0,
    served="",
    ttfb_us=None,
    chunks=0,
    input_tokens=None,
    output_tokens=None,
    cost_usd=None,
    cost_basis="unknown",
    usage_basis="unknown",
    stream=False,
    transport="json",
    finish="",
    tool_calls=0,
)
CUT = summary(
    state="cut",
    error_type="upstream_cut",
    error="the connection ended inside an event",
    usage_basis="estimated",
    cost_basis="estimated",
    cost_usd=0.0190,
    cache_read_tokens=None,
    cache_write_tokens=None,
    reasoning_tokens=None,
    finish="",
    tool_calls=0,
)


def detail(row: ExchangeSummary | None = None, **changes: Any) -> ExchangeDetail:
    """The detail of a row."""
    fields: dict[str, Any] = {
        "summary": row or summary(),
        "query": "beta=true",
        "request_headers": [("content-type", "application/json"), ("user-agent", "claude-cli/2.0")],
        "sent_headers": [("anthropic-version", "2023-06-01")],
        "received_headers": [("content-type", "text/event-stream"), ("request-id", "req_011")],
        "response_headers": [("x-llmgate-provider", "anthropic")],
        "attempts": [
            Attempt(
                provider="openai",
                model="gpt-4o-mini",
                url="https://api.openai.example/v1/messages",
                started_us=900,
                ended_us=211_000,
                status=429,
                error_type="upstream_rate_limited",
                error="Rate limit reached for requests",
                retry_after_s=2.0,
                weight=30,
                share=0.3,
            ),
            Attempt(
                provider="anthropic",
                model="claude-sonnet-4-5-20250929",
                url="https://api.anthropic.example/v1/messages",
                started_us=211_300,
                ended_us=3_119_000,
                status=200,
                weight=70,
                share=0.7,
            ),
        ],
        "marks": [
            Mark("accepted", 0),
            Mark("body", 210),
            Mark("planned", 380),
            Mark("sent", 211_700),
            Mark("head", 409_000),
            Mark("first_byte", 412_000),
            Mark("last_byte", 3_119_000),
            Mark("done", 3_120_000),
        ],
        "config_version": 12,
        "hints": ["/v1/v1 in the path: the base URL of this client has one /v1 too many"],
        "usage_raw": '{"input_tokens":1100,"cache_read_input_tokens":46080}',
    }
    return ExchangeDetail(**(fields | changes))


CHAT = ChatView(
    request=ChatRequest(
        messages=[
            Message(
                role="system",
                parts=[Part(kind="text", text="\n".join(f"Rule {n}." for n in range(1, 21)))],
            ),
            Message(
                role="user",
                parts=[
                    Part(kind="text", text="What is the weather in Zürich?"),
                    Part(kind="image", text="image/png 48 kB"),
                ],
            ),
            Message(
                role="assistant",
                parts=[
                    Part(kind="reasoning", text="I should ask the tool."),
                    Part(kind="tool_call", name="weather", id="toolu_1", text='{"city":"Zürich"}'),
                ],
            ),
            Message(
                role="tool",
                parts=[Part(kind="tool_result", id="toolu_1", text='{"celsius":7,"rain":true}')],
            ),
        ],
        tools=["weather", "read_file"],
        settings={"max_tokens": "1024", "temperature": "0.2"},
    ),
    answer=[
        Part(kind="reasoning", text="Seven degrees."),
        Part(kind="text", text="It is 7 °C and raining.\nTake a coat."),
        Part(kind="tool_call", name="read_file", id="toolu_2", text='{"path":"coat.md"}'),
    ],
    finish="tool_calls",
)
REQUEST = (
    b'{"model":"claude-sonnet-4-5","max_tokens":1024,"stream":true,'
    b'"messages":[{"role":"user","content":"What is the weather?"}],"temperature":0.2}'
)
SENT = REQUEST.replace(b"claude-sonnet-4-5", b"claude-sonnet-4-5-20250929")


def chunks(count: int = 42) -> list[Chunk]:
    """A streamed answer, one pause in it."""
    made, at_us = [], 412_000
    for n in range(count):
        text = f'event: content_block_delta\ndata: {{"index":0,"delta":{{"text":"word {n}"}}}}\n\n'
        at_us += 640_000 if n == 30 else 14_000 + (n * 7919) % 9_000
        made.append(Chunk(n, at_us, len(text), text))
    return made


def words(*texts: str) -> list[BlockEvent]:
    """A text block."""
    return [
        BlockStarted(0, "text"),
        *(BlockDelta(0, "text", text) for text in texts),
        BlockStopped(0),
    ]


PROMPT = PromptDiff(
    id="x1",
    before="x0",
    entries=[
        PromptEntry(kind="kept", role="system", title="You are", count=3, chars=900, tokens=220),
        PromptEntry(
            kind="changed",
            role="user",
            title="Look again",
            chars=40,
            tokens=10,
            spans=[Span("same", "Look "), Span("removed", "here"), Span("added", "again")],
        ),
        PromptEntry(kind="added", role="tool", title="result of Read", chars=400, tokens=100),
    ],
    settings=[Change(path="temperature", left="1", right="0")],
    weights=[
        Weight(name="Read", kind="tool", calls=2, results=2, chars=800, tokens=200, share=0.6),
        Weight(name="system", kind="system", chars=500, tokens=130, share=0.4),
    ],
    input_tokens=330,
    resent_tokens=220,
    added_tokens=110,
    turn=2,
)


class Gateway:
    """Answers as the control API does; ``problem`` makes it refuse, ``gate`` holds its streams."""

    def __init__(self, **known: ExchangeDetail) -> None:
        self.details = known
        self.problem: ApiProblem | None = None
        self.view = CHAT
        self.prompted = PROMPT
        self.request, self.sent, self.answer = REQUEST, SENT, b'{"content":"hi"}'
        self.parts = chunks()
        self.growth: asyncio.Queue[Growth | None] = asyncio.Queue()
        self.asked: list[str] = []
        self.open_streams = 0

    def _note(self, what: str, id: str) -> None:  # noqa: A002
        self.asked.append(f"{what} {id}")
        if self.problem is not None:
            raise self.problem

    async def detail(self, id: str) -> ExchangeDetail:  # noqa: A002
        """As told, else the sample."""
        self._note("detail", id)
        return self.details.get(id) or detail(summary(id=id))

    async def body(self, id: str, part: Literal["request", "sent", "answer"]) -> bytes:  # noqa: A002
        """The sample bodies."""
        self._note(part, id)
        return {"request": self.request, "sent": self.sent, "answer": self.answer}[part]

    async def chunks(self, id: str, start: int = 0, limit: int = 1000) -> list[Chunk]:  # noqa: A002
        """The sample chunks."""
        self._note("chunks", id)
        return self.parts[start : start + limit]

    async def chat(self, id: str) -> ChatView:  # noqa: A002
        """The sample conversation."""
        self._note("chat", id)
        return self.view

    async def prompt(self, id: str, before: str = "") -> PromptDiff:  # noqa: A002
        """The sample of what a request adds."""
        self._note("prompt", id)
        return self.prompted

    async def stream(self, id: str, start: int = 0) -> AsyncGenerator[Growth, None]:  # noqa: A002
        """What the test puts in, until None breaks it."""
        self._note("stream", id)
        self.open_streams += 1
        try:
            while (growth := await self.growth.get()) is not None:
                yield growth
        finally:
            self.open_streams -= 1

    def grow(
        self, *blocks: BlockEvent, done: bool = False, parts: list[Chunk] | None = None
    ) -> None:
        """Lets the stream say more."""
        row = summary() if done else LIVE
        self.growth.put_nowait(
            Growth(summary=row, blocks=list(blocks), chunks=parts or [], done=done)
        )


def done(*texts: str) -> list[BlockEvent]:
    """A whole text answer."""
    return [*words(*texts), Finished("stop", "end_turn")]


def hostile(value: Any) -> Any:
    """The same value with a hostile string in place of every string of data."""
    raw = msgspec.to_builtins(value)
    return msgspec.convert(_poison(raw), type(value))


_SAFE = frozenset({"id", "state", "protocol", "transport", "kind", "usage_basis", "cost_basis"})


def _poison(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: v if key in _SAFE else _poison(v) for key, v in raw.items()}
    if isinstance(raw, (list, tuple)):
        return [_poison(v) for v in raw]
    return HOSTILE if isinstance(raw, str) else raw


def text(items: Sequence[Item], *, opened: bool = False) -> str:
    """The lines as they would be shown, folds closed or open."""
    shown = LineText()
    shown.show(items)
    for line in reversed(range(len(shown.texts))) if opened else ():
        shown.toggle(line)
    return "\n".join(line.rstrip() for line in shown.texts)
