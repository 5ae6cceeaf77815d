"""Comparisons and prompts as a gateway answers them, for the tests of what shows them."""

import msgspec

from llmgate.wire.compare import (
    Change,
    Comparison,
    EventPair,
    Fact,
    PromptDiff,
    PromptEntry,
    Span,
    ToolDiff,
    Weight,
)
from llmgate.wire.exchanges import ExchangeSummary
from tests.tui.fake_gateway import FakeGateway

TEXT = [
    Span("same", "The weather in Paris is "),
    Span("removed", "sunny"),
    Span("added", "rainy"),
    Span("same", " today.\n\nTake "),
    Span("removed", "sunglasses"),
    Span("added", "an umbrella"),
    Span("same", " with you.\n"),
    Span("added", "It clears up at six.\n"),
    Span("same", "Bye."),
]
TOOLS = [
    ToolDiff(
        left_name="get_weather",
        right_name="get_weather",
        left='{\n  "city": "Paris",\n  "days": 2\n}',
        right='{\n  "city": "Paris",\n  "days": 3\n}',
        changes=[Change(path="days", left="2", right="3")],
    ),
    ToolDiff(right_name="get_time", right='{\n  "zone": "CET"\n}'),
    ToolDiff(left_name="done", right_name="done", left="{}", right="{}", same=True),
]
FACTS = [
    Fact(name="status", left="200", right="200", same=True),
    Fact(name="model", left="claude-sonnet-4-5", right="llama-3.3-70b"),
    Fact(name="total", unit="us", left_value=3_100_000, right_value=420_000),
    Fact(
        name="output tokens", unit="tokens", left_value=181, right_value=240, right_estimated=True
    ),
    Fact(name="cost", unit="usd", left_value=0.0151, right_value=0.0002),
    Fact(name="speed", unit="tokens/s", left_value=62.0, right_value=None),
]
EVENTS = [
    EventPair(left='{"id":"a","delta":"sun"}', right='{"id":"b","delta":"rain"}'),
    EventPair(left='{"delta":"ny"}', right='{"delta":"ny"}', same=True),
    EventPair(right='{"delta":" today"}'),
]


def comparison(left: ExchangeSummary, right: ExchangeSummary, **changes: object) -> Comparison:
    """Two answers to one question."""
    made = Comparison(
        left=left,
        right=right,
        similarity=0.87,
        text=TEXT,
        reasoning=[Span("same", "Think.")],
        tools=TOOLS,
        facts=FACTS,
        events=EVENTS,
        events_cut=12,
        ignored=["id", "created"],
    )
    return msgspec.structs.replace(made, **changes)


def serve(
    fake: FakeGateway,
    left: int = -3,
    right: int = -2,
    right_row: ExchangeSummary | None = None,
    **changes: object,
) -> Comparison:
    """Two of its rows can be compared, either way round."""
    one, other = fake.rows[left], right_row or fake.rows[right]
    made = comparison(one, other, **changes)
    fake.answers[f"exchanges/{one.id}/compare"] = made
    fake.answers[f"exchanges/{other.id}/compare"] = msgspec.structs.replace(
        made, left=other, right=one
    )
    return made


def prompt(id: str, **changes: object) -> PromptDiff:  # noqa: A002
    """The twelfth turn of a coding agent."""
    made = PromptDiff(
        id=id,
        before="ex_000001",
        entries=[
            PromptEntry(kind="kept", count=21, chars=160_000, tokens=40_200),
            PromptEntry(kind="dropped", role="user", title="<system-reminder>", tokens=120),
            PromptEntry(kind="added", role="assistant", title="calls Read", tokens=90),
            PromptEntry(kind="added", role="tool", title="tool result of Read", tokens=3_100),
            PromptEntry(
                kind="changed",
                role="system",
                title="You are a careful engineer",
                tokens=1_900,
                spans=[
                    Span("same", "You are a "),
                    Span("removed", "quick"),
                    Span("added", "careful"),
                    Span("same", " engineer"),
                ],
            ),
        ],
        settings=[Change(path="temperature", left="1", right="0")],
        weights=[
            Weight(
                name="Read",
                kind="tool",
                calls=14,
                results=14,
                tokens=31_000,
                share=0.67,
                new_tokens=3_100,
            ),
            Weight(name="system prompt", kind="system", tokens=9_000, share=0.19),
            Weight(name="Bash", kind="tool", calls=3, results=3, tokens=2_000, share=0.043),
        ],
        input_tokens=48_204,
        resent_tokens=44_900,
        added_tokens=3_190,
        dropped_tokens=120,
        cached_tokens=46_080,
        turn=12,
    )
    return msgspec.structs.replace(made, **changes)
