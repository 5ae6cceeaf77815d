"""The official SDKs get the same answers through the gateway as straight from a foreign mock."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from tests.agents.processes import AIMOCK_KEY, Aimock, gateway_config
from tests.support.gateway import GatewayProcess

pytestmark = [pytest.mark.agents, pytest.mark.timeout(400)]

_USAGE = {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38} | {
    "input_tokens": 31,
    "output_tokens": 7,
}
_CALLS = [
    {"name": "get_weather", "arguments": {"city": "Zürich"}},
    {"name": "get_weather", "arguments": {"city": "Łódź"}},
]
_FIXTURES: list[dict[str, object]] = [
    {"match": {"model": "tools"}, "response": {"toolCalls": _CALLS, "usage": _USAGE}},
    {"match": {"endpoint": "embedding"}, "response": {"embedding": [0.25, -0.5, 0.125]}},
    {
        "match": {"model": "cut"},
        "response": {"content": "This answer never comes to its end. " * 6},
        "truncateAfterChunks": 4,
        "latency": 10,
    },
    {
        "match": {"model": "wrong"},
        "response": {
            "error": {"message": "that image is too large", "type": "invalid_request_error"},
            "status": 400,
        },
    },
    {
        "match": {"endpoint": "chat"},
        "response": {"content": "Grüezi, 世界 👋 from the mock. " * 4, "usage": _USAGE},
    },
]
_SAY: Any = [{"role": "user", "content": "say hi"}]
_TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
_MESSAGES_TOOL: Any = {"name": "get_weather", "input_schema": {"type": "object"}}
_RESPONSES_TOOL: Any = _TOOL["function"] | {"type": "function", "strict": False}

Clients = tuple[openai.AsyncOpenAI, anthropic.AsyncAnthropic]
Ask = Callable[[Clients], Awaitable[object]]


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[tuple[Aimock, GatewayProcess, Clients, Clients]]:
    """The mock, the gateway in front of it, and SDK clients of each."""
    async with (
        Aimock(_FIXTURES, tmp_path) as aimock,
        GatewayProcess(gateway_config(aimock.url)) as gateway,
    ):
        direct, through = _clients(aimock.url, AIMOCK_KEY), _clients(gateway.url, "any")
        yield aimock, gateway, direct, through
        for client in (*direct, *through):
            await client.close()


def _clients(url: str, key: str) -> Clients:
    return (
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=20),
        anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0, timeout=20),
    )


async def chat(clients: Clients, model: str = "plain") -> object:
    """A chat completion without a stream."""
    return await clients[0].chat.completions.create(model=model, messages=_SAY, tools=[_TOOL])


async def chat_stream(clients: Clients, model: str = "plain") -> object:
    """A streamed chat completion, chunk by chunk."""
    stream = await clients[0].chat.completions.create(
        model=model,
        messages=_SAY,
        tools=[_TOOL],
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in stream]


async def responses(clients: Clients, model: str = "plain") -> object:
    """A response without a stream."""
    return await clients[0].responses.create(model=model, input="hi", tools=[_RESPONSES_TOOL])


async def responses_stream(clients: Clients, model: str = "plain") -> object:
    """A streamed response, event by event."""
    stream = await clients[0].responses.create(
        model=model, input="hi", tools=[_RESPONSES_TOOL], stream=True
    )
    return [event async for event in stream]


async def messages(clients: Clients, model: str = "plain") -> object:
    """A message without a stream."""
    return await clients[1].messages.create(
        model=model, max_tokens=100, messages=_SAY, tools=[_MESSAGES_TOOL]
    )


async def messages_stream(clients: Clients, model: str = "plain") -> object:
    """A streamed message, event by event."""
    stream = await clients[1].messages.create(
        model=model, max_tokens=100, messages=_SAY, tools=[_MESSAGES_TOOL], stream=True
    )
    return [event async for event in stream]


async def embeddings(clients: Clients) -> object:
    """An embedding."""
    return await clients[0].embeddings.create(model="embedder", input="hi", encoding_format="float")


ALL = [chat, chat_stream, responses, responses_stream, messages, messages_stream]
STREAMS = [chat_stream, responses_stream, messages_stream]


def plain(value: object) -> object:
    """The answer as data, without what the mock makes up anew each time."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name not in _ANEW}
    dump = getattr(value, "model_dump", None)
    return value if dump is None else plain(dump(warnings=False))


_ANEW = {"id", "created", "created_at", "completed_at", "item_id", "call_id", "obfuscation"}


@pytest.mark.parametrize("model", ["plain", "tools"])
async def test_answers_are_those_of_the_mock(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients], model: str
) -> None:
    _, gateway, direct, through = sides
    for ask in ALL:
        expected = plain(await ask(direct, model))
        assert plain(await ask(through, model)) == expected, ask.__name__

    rows = await gateway.exchanges(len(ALL))
    assert {(row.state, row.status, row.usage_basis) for row in rows} == {
        ("finished", 200, "reported")
    }
    assert {(row.input_tokens, row.output_tokens) for row in rows} == {(31, 7)}
    assert {row.tool_calls for row in rows} == {2 if model == "tools" else 0}
    assert {row.client for row in rows} == {"openai-py", "anthropic-py"}


async def test_embeddings_are_those_of_the_mock(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    _, gateway, direct, through = sides

    assert plain(await embeddings(through)) == plain(await embeddings(direct))
    [row] = await gateway.exchanges(1)
    assert (row.protocol, row.state) == ("openai.embeddings", "finished")


async def failure(ask: Ask, clients: Clients) -> tuple[str, object, object]:
    """How an SDK reports that it did not work: the class, the status, the body."""
    try:
        await ask(clients)
    except (openai.OpenAIError, anthropic.AnthropicError) as error:
        body = getattr(error, "body", None)
        return type(error).__name__, getattr(error, "status_code", None), plain(body)
    except Exception as error:  # noqa: BLE001 - a broken answer may surface as anything
        return type(error).__name__, None, None
    return "nothing", None, None


async def test_a_refusal_reaches_the_caller_as_the_mock_wrote_it(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    _, gateway, direct, through = sides
    for ask in ALL:

        async def wrong(clients: Clients, ask: Callable[..., Awaitable[object]] = ask) -> object:
            return await ask(clients, "wrong")

        seen = await failure(wrong, through)
        assert seen == await failure(wrong, direct), ask.__name__
        assert seen[:2] == ("BadRequestError", 400)

    rows = await gateway.exchanges(len(ALL))
    assert {(row.state, row.error_type) for row in rows} == {("failed", "upstream_bad_request")}


async def test_rate_limits_keep_their_status_and_their_wait(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    aimock, gateway, direct, through = sides
    await aimock.chaos(rateLimitRate=1.0)
    with pytest.raises(openai.RateLimitError) as expected:
        await chat(direct)
    with pytest.raises(openai.RateLimitError) as seen:
        await chat(through)
    with pytest.raises(anthropic.RateLimitError):
        await messages_stream(through)

    rows = await gateway.exchanges(2)
    assert seen.value.body == expected.value.body
    assert (
        seen.value.response.headers["retry-after"]
        == (expected.value.response.headers["retry-after"])
    )
    assert {(row.status, row.error_type) for row in rows} == {(429, "upstream_rate_limited")}


async def test_a_dropped_connection_is_a_502_and_the_next_call_works(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    aimock, gateway, _, through = sides
    await aimock.chaos(disconnectRate=1.0)
    for ask in ALL:
        assert (await failure(ask, through))[:2] == ("InternalServerError", 502), ask.__name__
    await aimock.calm()
    await chat(through)

    rows = await gateway.exchanges(len(ALL) + 1)
    assert {row.error_type for row in rows[:-1]} <= {"upstream_cut", "upstream_unreachable"}
    assert rows[-1].state == "finished"


async def test_malformed_json_is_never_taken_for_an_answer(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    aimock, gateway, _, through = sides
    await aimock.chaos(malformedRate=1.0)
    for ask in (chat, responses, messages):
        assert (await failure(ask, through))[0] != "nothing", ask.__name__

    rows = await gateway.exchanges(3)
    assert {row.state for row in rows} <= {"cut", "failed"}
    assert {row.usage_basis for row in rows} == {"unknown"}


async def test_a_stream_that_is_cut_never_looks_whole(
    sides: tuple[Aimock, GatewayProcess, Clients, Clients],
) -> None:
    _, gateway, _, through = sides
    for ask in STREAMS:

        async def cut(clients: Clients, ask: Callable[..., Awaitable[object]] = ask) -> object:
            return await ask(clients, "cut")

        assert (await failure(cut, through))[0] != "nothing", ask.__name__

    rows = await gateway.exchanges(len(STREAMS))
    assert {row.state for row in rows} == {"cut"}
