"""Every recording satisfies the official SDKs, and says what its `end` line says."""

import json
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from pathlib import Path

import anthropic
import httpx2
import openai
import pytest
from _pytest.mark import ParameterSet
from anthropic.types import Message
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from llmgate.recording.format import SUFFIX, Recording, read
from llmgate.recording.library import shipped_folder
from llmgate.upstream.recorded import RecordedSender
from tests.upstream.serving import served

PATHS = sorted(shipped_folder().glob("*" + SUFFIX))
RECORDINGS = [read(path.read_bytes(), path.name.removesuffix(SUFFIX)) for path in PATHS]


def of(dialect: str, *, broken: bool = False) -> list[ParameterSet]:
    """Gives the recordings of a dialect as parameters, the good ones or those that end badly."""
    return [
        pytest.param(it, id=it.name)
        for it in RECORDINGS
        if it.dialect == dialect and bool({"error", "cut"} & set(it.tags)) == broken
    ]


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with served(RecordedSender(shipped_folder(), speed=0)) as url:
        yield url


@pytest.fixture
async def gpt(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    client = openai.AsyncOpenAI(base_url=address + "/v1", api_key="none", max_retries=0)
    async with client:
        yield client


@pytest.fixture
async def claude(address: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    client = anthropic.AsyncAnthropic(base_url=address, api_key="none", max_retries=0)
    async with client:
        yield client


def body_of(recording: Recording) -> dict[str, object]:
    body: dict[str, object] = json.loads(recording.body)
    return body


async def chat_completion(gpt: openai.AsyncOpenAI, body: dict[str, object]) -> ChatCompletion:
    """Asks with the SDK's own methods; a stream is put together by the SDK."""
    answer = await gpt.chat.completions.create(**body)  # type: ignore[call-overload]
    if isinstance(answer, ChatCompletion):
        return answer
    state = ChatCompletionStreamState()
    async for chunk in answer:
        state.handle_chunk(chunk)
    return state.get_final_completion()


@pytest.mark.parametrize("recording", of("openai.chat"))
async def test_chat_recordings_say_what_their_end_says(
    gpt: openai.AsyncOpenAI, recording: Recording
) -> None:
    answer = await chat_completion(gpt, body_of(recording))

    choice, usage = answer.choices[0], answer.usage
    # OpenRouter repeats the role in every chunk, and the SDK joins what is repeated.
    assert choice.message.role.replace("assistant", "") == ""
    assert choice.message.role
    assert (choice.message.content or "") == recording.text
    assert choice.finish_reason == recording.finish
    calls = [it for it in choice.message.tool_calls or [] if it.type == "function"]
    assert [(it.id, it.function.name, it.function.arguments) for it in calls] == [
        (it.id, it.name, it.arguments) for it in recording.tool_calls
    ]
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (
        recording.usage.in_,
        recording.usage.out,
    )


async def test_the_chat_stream_helper_reads_text_and_tools(gpt: openai.AsyncOpenAI) -> None:
    for name in ("chat-11-stream-text", "chat-21-stream-parallel-tools"):
        recording = next(it for it in RECORDINGS if it.name == name)
        body = {key: value for key, value in body_of(recording).items() if key != "stream"}
        async with gpt.chat.completions.stream(**body) as stream:  # type: ignore[arg-type]
            final = await stream.get_final_completion()

        assert (final.choices[0].message.content or "") == recording.text
        assert len(final.choices[0].message.tool_calls or []) == len(recording.tool_calls)


@pytest.mark.parametrize("recording", of("openai.completions"))
async def test_completions_say_what_their_end_says(
    gpt: openai.AsyncOpenAI, recording: Recording
) -> None:
    answer = await gpt.completions.create(**body_of(recording))  # type: ignore[call-overload]

    parts = [answer] if isinstance(answer, Completion) else [part async for part in answer]
    assert "".join(part.choices[0].text for part in parts if part.choices) == recording.text
    assert parts[-1].usage is not None
    assert parts[-1].usage.total_tokens == 21


async def test_embeddings_are_the_same_in_both_encodings(gpt: openai.AsyncOpenAI) -> None:
    asked = {"model": "text-embedding-3-small", "input": "anything"}
    plain = await gpt.embeddings.create(**asked, encoding_format="float")  # type: ignore[arg-type]
    packed = await gpt.embeddings.create(**asked)  # type: ignore[arg-type]

    assert len(plain.data[0].embedding) == 1536
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-8)
    assert sum(number**2 for number in plain.data[0].embedding) == pytest.approx(1)


@pytest.mark.parametrize("recording", of("openai.responses"))
async def test_responses_say_what_their_end_says(
    gpt: openai.AsyncOpenAI, recording: Recording
) -> None:
    body = body_of(recording)
    if body.pop("stream", False):
        async with gpt.responses.stream(**body) as stream:  # type: ignore[call-overload]
            numbers = [event.sequence_number async for event in stream]
            answer: Response = await stream.get_final_response()
        assert numbers == list(range(len(numbers)))
    else:
        answer = await gpt.responses.create(**body)  # type: ignore[call-overload]

    assert answer.status == recording.finish
    assert answer.output_text == recording.text
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [(it.call_id, it.name, it.arguments) for it in calls] == [
        (it.id, it.name, it.arguments) for it in recording.tool_calls
    ]
    assert answer.usage is not None
    assert answer.usage.input_tokens == recording.usage.in_
    assert answer.usage.output_tokens_details.reasoning_tokens == recording.usage.reasoning


@pytest.mark.parametrize("recording", of("anthropic.messages"))
async def test_messages_say_what_their_end_says(
    claude: anthropic.AsyncAnthropic, recording: Recording
) -> None:
    body = body_of(recording)
    if body.pop("stream", False):
        async with claude.messages.stream(**body) as stream:  # type: ignore[arg-type]
            answer: Message = await stream.get_final_message()
    else:
        answer = await claude.messages.create(**body)  # type: ignore[call-overload]

    assert "".join(it.text for it in answer.content if it.type == "text") == recording.text
    uses = [(it.id, it.name, it.input) for it in answer.content if it.type == "tool_use"]
    assert uses == [(it.id, it.name, json.loads(it.arguments)) for it in recording.tool_calls]
    assert answer.stop_reason == recording.finish
    usage, said = answer.usage, recording.usage
    assert usage.cache_read_input_tokens == said.cached
    assert usage.cache_creation_input_tokens == said.written
    assert usage.input_tokens == (said.in_ or 0) - (said.cached or 0) - (said.written or 0)
    assert usage.output_tokens == said.out


@pytest.mark.parametrize("recording", of("anthropic.count_tokens"))
async def test_tokens_are_counted(claude: anthropic.AsyncAnthropic, recording: Recording) -> None:
    count = await claude.messages.count_tokens(**body_of(recording))  # type: ignore[arg-type]

    assert count.input_tokens == recording.usage.in_


async def test_thinking_carries_its_signature(claude: anthropic.AsyncAnthropic) -> None:
    recording = next(it for it in RECORDINGS if it.name == "messages-12-stream-thinking")
    body = {key: value for key, value in body_of(recording).items() if key != "stream"}
    async with claude.messages.stream(**body) as stream:  # type: ignore[arg-type]
        answer = await stream.get_final_message()

    thinking = answer.content[0]
    assert thinking.type == "thinking"
    assert "97.5°" in thinking.thinking
    assert len(thinking.signature) > 200


BROKEN = [
    param
    for dialect in ("openai.chat", "openai.responses", "anthropic.messages")
    for param in of(dialect, broken=True)
    if "silence" not in str(param.id)  # never ends: test_recorded.py
]


@pytest.mark.parametrize("recording", BROKEN)
async def test_what_ends_badly_never_looks_like_a_proper_end(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic, recording: Recording
) -> None:
    body = {"model": "m", **body_of(recording), "stream": recording.stream}
    refused = recording.status >= 400
    told = refused or recording.how == "error_event"
    methods: dict[str, Callable[..., Awaitable[object]]] = {
        "openai.chat": gpt.chat.completions.create,
        "openai.responses": gpt.responses.create,
        "anthropic.messages": claude.messages.create,
    }
    broken = (openai.APIConnectionError, httpx2.RemoteProtocolError, httpx2.ReadError)
    with pytest.raises((openai.APIError, anthropic.APIError) if told else broken):
        await drain(methods[recording.dialect], body)


async def drain(create: Callable[..., Awaitable[object]], body: dict[str, object]) -> None:
    """Reads a stream to its end; a failed response counts as an error."""
    events = await create(**body)
    assert isinstance(events, AsyncIterable)
    async for event in events:
        if getattr(event, "type", "") == "response.failed":
            raise openai.APIError("failed", request=httpx2.Request("POST", "/"), body=None)


async def test_models_are_listed_for_both_sdks(
    gpt: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    ids = [model.id async for model in gpt.models.list()]
    same = [model.id async for model in claude.models.list()]

    assert ids == same
    assert {"claude-haiku-4-5", "deepseek-reasoner", "gpt-4o-mini", "gpt-5.1"} <= set(ids)
    assert (await gpt.models.retrieve("gpt-5.1")).owned_by == "llmgate-recordings"
    with pytest.raises(openai.NotFoundError, match="no recording was asked of the model `gpt-9`"):
        await gpt.models.retrieve("gpt-9")


async def test_an_empty_folder_says_so_in_the_sdks_own_error(tmp_path: Path) -> None:
    async with (
        served(RecordedSender(tmp_path)) as url,
        openai.AsyncOpenAI(base_url=url + "/v1", api_key="none", max_retries=0) as gpt,
        anthropic.AsyncAnthropic(base_url=url, api_key="none", max_retries=0) as claude,
    ):
        with pytest.raises(openai.NotFoundError, match="there is: nothing"):
            await gpt.responses.create(model="m", input="hi")
        with pytest.raises(anthropic.NotFoundError, match="there is: nothing"):
            await claude.messages.create(model="m", max_tokens=1, messages=[])


def test_every_recording_is_put_to_an_sdk_here() -> None:
    parametrized = {"openai.chat", "openai.responses", "openai.completions", "anthropic.messages"}
    others = {"openai.embeddings", "anthropic.count_tokens"}

    assert {recording.dialect for recording in RECORDINGS} == parametrized | others
