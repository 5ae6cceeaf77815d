"""The official SDKs, against the demo and through the gateway: they judge, not we."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import MessageParam, ToolParam
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.responses import FunctionToolParam

from tests.flows.configs import ended
from tests.support.gateway import GatewayProcess

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Explain SSE in short."}]
WEATHER: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "What is the weather in Lisbon?"}
]
TALK: list[MessageParam] = [{"role": "user", "content": "Explain SSE in short."}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
CHAT_TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather.", "parameters": SCHEMA},
}
RESPONSES_TOOL: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "parameters": SCHEMA,
    "strict": False,
}
MESSAGES_TOOL: ToolParam = {"name": "get_weather", "input_schema": SCHEMA}

DEMO = "providers:\n  demo: {kind: recording, speed: 0}\nhealth: {every_s: 0}\n"


@pytest.fixture
async def demo() -> AsyncIterator[GatewayProcess]:
    """A gateway on the shipped recordings, without their waits."""
    async with GatewayProcess(DEMO) as gateway:
        yield gateway


def openai_client(gateway: GatewayProcess) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0)


def anthropic_client(gateway: GatewayProcess) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gateway.url, api_key="none", max_retries=0)


async def test_openai_chat_answers_whole_and_streamed(demo: GatewayProcess) -> None:
    async with openai_client(demo) as client:
        whole = await client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
        async with client.chat.completions.stream(
            model="gpt-4o-mini", messages=ASK, stream_options={"include_usage": True}
        ) as stream:
            streamed = await stream.get_final_completion()
    rows = await ended(demo, 2)

    assert whole.choices[0].message.content
    assert whole.usage is not None
    assert streamed.choices[0].message.content
    assert streamed.usage is not None
    assert rows[0]["output_tokens"] == streamed.usage.completion_tokens
    assert rows[0]["cost_usd"] > 0  # what it would have cost where it was recorded
    assert rows[0]["cost_basis"] == "estimated"
    assert rows[1]["output_tokens"] == whole.usage.completion_tokens
    assert {row["state"] for row in rows} == {"finished"}


async def test_openai_chat_calls_tools(demo: GatewayProcess) -> None:
    async with openai_client(demo) as client:
        async with client.chat.completions.stream(
            model="gpt-4o-mini", messages=WEATHER, tools=[CHAT_TOOL]
        ) as stream:
            answer = await stream.get_final_completion()
    calls = answer.choices[0].message.tool_calls
    rows = await ended(demo)

    assert answer.choices[0].finish_reason == "tool_calls"
    assert calls
    assert calls[0].function.name == "get_weather"
    assert rows[0]["tool_calls"] == len(calls)


async def test_openai_completions_and_embeddings_answer(demo: GatewayProcess) -> None:
    async with openai_client(demo) as client:
        whole = await client.completions.create(
            model="gpt-3.5-turbo-instruct", prompt="def fib(n):"
        )
        pieces = [
            chunk.choices[0].text
            async for chunk in await client.completions.create(
                model="gpt-3.5-turbo-instruct", prompt="def fib(n):", stream=True
            )
            if chunk.choices
        ]
        vectors = await client.embeddings.create(model="text-embedding-3-small", input="hello")

    assert whole.choices[0].text
    assert "".join(pieces)
    assert len(vectors.data[0].embedding) > 8


async def test_openai_responses_answer_whole_streamed_and_with_tools(demo: GatewayProcess) -> None:
    async with openai_client(demo) as client:
        whole = await client.responses.create(model="gpt-5.1", input="Explain SSE in short.")
        async with client.responses.stream(model="gpt-5.1", input="Explain SSE.") as stream:
            streamed = await stream.get_final_response()
        async with client.responses.stream(
            model="gpt-5.1", input="What is the weather in Lisbon?", tools=[RESPONSES_TOOL]
        ) as stream:
            called = await stream.get_final_response()
    rows = await ended(demo, 3)

    assert whole.output_text
    assert streamed.output_text
    assert [i.name for i in called.output if i.type == "function_call"][:1] == ["get_weather"]
    assert {row["usage_basis"] for row in rows} == {"reported"}


async def test_anthropic_messages_answer_whole_streamed_and_with_tools(
    demo: GatewayProcess,
) -> None:
    async with anthropic_client(demo) as client:
        whole = await client.messages.create(model="claude-demo", max_tokens=500, messages=TALK)
        async with client.messages.stream(
            model="claude-demo", max_tokens=500, messages=TALK
        ) as stream:
            streamed = await stream.get_final_message()
        async with client.messages.stream(
            model="claude-demo",
            max_tokens=500,
            messages=[{"role": "user", "content": "What is the weather in Lisbon?"}],
            tools=[MESSAGES_TOOL],
        ) as stream:
            called = await stream.get_final_message()
        counted = await client.messages.count_tokens(model="claude-demo", messages=TALK)
    rows = await ended(demo, 4)

    assert whole.content[0].type == "text"
    assert streamed.stop_reason == "end_turn"
    assert called.stop_reason == "tool_use"
    assert [b.name for b in called.content if b.type == "tool_use"][:1] == ["get_weather"]
    assert counted.input_tokens > 0
    by_protocol = {row["protocol"]: row for row in rows}
    assert by_protocol["anthropic.messages"]["client"] == "anthropic-py"


async def test_both_sdks_read_the_models_list(demo: GatewayProcess) -> None:
    async with openai_client(demo) as one, anthropic_client(demo) as other:
        listed = [model.id async for model in one.models.list()]
        also = [model.id async for model in other.models.list()]
        single = await other.models.retrieve(listed[0])

    assert listed
    assert listed == also
    assert single.id == listed[0]


async def test_the_sdks_raise_their_own_errors(demo: GatewayProcess) -> None:
    async with openai_client(demo) as client:
        with pytest.raises(openai.APIError):
            async for _ in await client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": "llmgate:error please"}],
                stream=True,
            ):
                pass
    async with anthropic_client(demo) as other:
        with pytest.raises(anthropic.APIStatusError):
            async with other.messages.stream(
                model="claude-demo",
                max_tokens=50,
                messages=[{"role": "user", "content": "llmgate:error please"}],
            ) as stream:
                await stream.get_final_message()
    rows = await ended(demo, 2)

    assert {row["state"] for row in rows} == {"failed"}


async def test_twenty_callers_at_once_each_get_their_whole_answer(demo: GatewayProcess) -> None:
    async with anthropic_client(demo) as client:

        async def one() -> str:
            async with client.messages.stream(
                model="claude-demo", max_tokens=500, messages=TALK
            ) as stream:
                return await stream.get_final_text()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one()) for _ in range(20)]
    rows = await ended(demo, 20)

    assert len({task.result() for task in tasks}) == 1
    assert {row["state"] for row in rows} == {"finished"}
