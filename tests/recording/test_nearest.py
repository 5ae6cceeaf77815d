"""A request that no recording has is answered by the nearest of its kind."""

import json
from pathlib import Path

import pytest

from llmgate.recording.format import write
from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import UNANSWERED, Recording

LIBRARY = Library(shipped_folder())
PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
    "openai.embeddings": "/v1/embeddings",
    "anthropic.count_tokens": "/v1/messages/count_tokens",
}


def pick(protocol: str, body: dict[str, object]) -> str:
    """Names the recording that answers, without its number."""
    data = json.dumps(body).encode()
    found = LIBRARY.nearest(protocol, PATHS[protocol], data, body.get("stream") is True)
    return "nothing" if found is None else found.name.removesuffix(".llmrec.jsonl")


def chat(text: str, **more: object) -> dict[str, object]:
    return {"model": "any", "messages": [{"role": "user", "content": text}], **more}


def function(name: str, *arguments: str, required: tuple[str, ...] = ()) -> dict[str, object]:
    properties = {argument: {"type": "string"} for argument in arguments}
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def claude_tool(name: str, *arguments: str) -> dict[str, object]:
    properties = {argument: {"type": "string"} for argument in arguments}
    return {"name": name, "input_schema": {"type": "object", "properties": properties}}


WEATHER = function("get_weather", "location", required=("location",))
MANY = [function(name) for name in ("Bash", "Edit", "Glob", "Read", "Write")]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (chat("hello", stream=True), "chat-10-stream-hello"),
        (chat("zzz qqq", stream=True), "chat-10-stream-hello"),
        (chat("zzz qqq"), "chat-50-hello"),
        (chat("what are server-sent events?", stream=True), "chat-11-stream-text"),
        (chat("find TODO in python"), "chat-51-text"),
        (chat("pages with OFFSET", model="deepseek-reasoner"), "chat-53-reasoning"),
        (chat("hi", response_format={"type": "json_object"}), "chat-52-json"),
        (chat("What's the weather?", tools=[WEATHER], stream=True), "chat-20-stream-tool-location"),
        (chat("What's the weather?", tools=[WEATHER]), "chat-60-tool-location"),
        (chat("Weather?", tools=[function("get_weather", "city")]), "chat-60-tool-city"),
        (
            chat("compare the weather in Oslo and Rome", tools=[WEATHER], stream=True),
            "chat-21-stream-parallel-tools",
        ),
        (
            chat(
                "compare the weather in Oslo and Rome",
                tools=[WEATHER],
                stream=True,
                parallel_tool_calls=False,
            ),
            "chat-20-stream-tool-location",
        ),
        (chat("go on", tools=[WEATHER], tool_choice="required"), "chat-60-tool-location"),
        (
            chat(
                "go on",
                tools=[WEATHER, *MANY],
                tool_choice={"type": "function", "function": {"name": "get_weather"}},
            ),
            "chat-60-tool-location",
        ),
        (chat("say hi", tools=MANY, stream=True), "chat-17-stream-agent-hi"),
        (chat("explain the repo to me", tools=MANY, stream=True), "chat-18-stream-agent-repo"),
        (chat("zzz", tools=MANY, stream=True, model="gpt-4o"), "chat-17-stream-agent-hi"),
    ],
)
def test_chat_requests_get_the_nearest_of_their_kind(body: dict[str, object], name: str) -> None:
    assert pick("openai.chat", body) == name


@pytest.mark.parametrize(
    "body",
    [
        chat("weather in Lisbon?", tools=[function("look_outside", "location")]),
        chat("weather in Lisbon?", tools=[WEATHER], tool_choice="none"),
        chat("tell me a joke", tools=[WEATHER]),
        chat("weather?", tools=[function("get_weather", "zip")]),
        chat("weather?", tools=[function("get_weather", "location", required=("location", "day"))]),
        chat("weather?", tools=[function("x")], tool_choice="required"),
        chat("weather?"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_tool_is_called_only_if_it_is_offered_fits_and_is_asked_for(
    body: dict[str, object], stream: bool
) -> None:
    data = json.dumps(body).encode()
    found = LIBRARY.nearest("openai.chat", PATHS["openai.chat"], data, stream)

    assert found is not None
    assert found.tool_calls == ()
    assert found.text


def after_tool(protocol: str) -> dict[str, object]:
    """An agent gives back a tool's result; the tool would fit a recorded call."""
    call = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    asked = {"role": "user", "content": "weather in Lisbon?"}
    used = {"type": "tool_use", "id": "1", "name": "get_weather", "input": {}}
    back = {"type": "tool_result", "tool_use_id": "1", "content": "19"}
    bodies: dict[str, dict[str, object]] = {
        "openai.chat": {
            "messages": [
                asked,
                {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "1", "content": "19"},
            ],
            "tools": [WEATHER],
        },
        "openai.responses": {
            "input": [
                asked,
                {"type": "function_call", "call_id": "1", "name": "get_weather"},
                {"type": "function_call_output", "call_id": "1", "output": "19"},
            ],
            "tools": [{"type": "function", "name": "get_weather"}],
        },
        "anthropic.messages": {
            "messages": [
                asked,
                {"role": "assistant", "content": [used]},
                {"role": "user", "content": [back]},
                {"role": "system", "content": [{"type": "text", "text": "tokens left: 9"}]},
            ],
            "tools": [claude_tool("get_weather", "location")],
        },
    }
    return bodies[protocol]


@pytest.mark.parametrize("protocol", ["openai.chat", "openai.responses", "anthropic.messages"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_tool_result_is_answered_with_the_text_that_follows_it(
    protocol: str, stream: bool
) -> None:
    name = pick(protocol, {**after_tool(protocol), "stream": stream})

    assert name.endswith("-tool-answer")


@pytest.mark.parametrize("protocol", ["openai.chat", "openai.responses", "anthropic.messages"])
def test_an_agents_tool_result_is_answered_for_the_agent(protocol: str) -> None:
    text = json.dumps({**after_tool(protocol), "stream": True}).replace("get_weather", "Glob")
    body = json.loads(text.replace("weather in Lisbon?", "which files?"))
    body["tools"] = [*MANY, *body["tools"]]

    assert pick(protocol, body).endswith("-agent-step")


def test_words_of_an_agents_reminders_do_not_choose() -> None:
    reminder = "<system-reminder>server-sent events llmgate:cut</system-reminder>zzz"
    half = "<system-reminder>llmgate:cut server-sent events"

    assert pick("openai.chat", chat(reminder, stream=True)) == "chat-10-stream-hello"
    assert pick("openai.chat", chat(half, stream=True)) == "chat-10-stream-hello"


@pytest.mark.parametrize(
    ("protocol", "stream", "wish", "name"),
    [
        ("openai.chat", True, "error", "chat-30-stream-error"),
        ("openai.chat", True, "cut", "chat-31-stream-cut"),
        ("openai.chat", True, "silence", "chat-32-stream-silence"),
        ("openai.chat", True, "rate-limit", "chat-70-rate-limit"),
        ("openai.chat", False, "error", "chat-70-rate-limit"),
        ("openai.chat", True, "odd-cuts", "chat-12-stream-emoji"),
        ("anthropic.messages", True, "overloaded", "messages-30-stream-error"),
        ("anthropic.messages", True, "529", "messages-70-overloaded"),
        ("anthropic.messages", True, "cut", "messages-31-stream-cut"),
        ("openai.responses", True, "error", "responses-30-stream-error"),
        ("openai.responses", True, "cut", "responses-31-stream-cut"),
        ("openai.responses", False, "503", "responses-70-overloaded"),
    ],
)
def test_a_failure_comes_when_the_user_asks_for_its_tag(
    protocol: str, stream: bool, wish: str, name: str
) -> None:
    assert pick(protocol, {**chat(f"please llmgate:{wish}!"), "stream": stream}) == name


@pytest.mark.parametrize("protocol", ["openai.chat", "openai.responses", "anthropic.messages"])
@pytest.mark.parametrize("stream", [True, False])
def test_words_of_a_failure_alone_never_choose_it(protocol: str, stream: bool) -> None:
    for recording in LIBRARY.recordings:
        body = json.loads(recording.body.replace(b"llmgate:", b""))
        data = json.dumps({**body, "stream": stream}).encode()
        path = PATHS.get(protocol, recording.path)
        found = LIBRARY.nearest(protocol, path, data, stream)

        assert found is not None
        assert not {"error", "cut"} & set(found.tags)


def test_an_image_gets_the_answer_to_an_image() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    body = {"messages": [{"role": "user", "content": [part]}], "stream": True}

    assert pick("openai.chat", body) == "chat-13-stream-image"


def test_thinking_is_given_to_those_who_allow_it() -> None:
    thinking = {"type": "adaptive"}
    question = "What is the angle of clock hands?"

    assert pick("anthropic.messages", chat(question, stream=True, thinking=thinking)) == (
        "messages-12-stream-thinking"
    )
    assert "thinking" not in pick("anthropic.messages", chat(question, stream=True))
    assert "hello" in pick("anthropic.messages", chat("zzz", stream=True, thinking=thinking))


def test_embeddings_come_in_the_encoding_asked_for() -> None:
    body: dict[str, object] = {"model": "m", "input": ["a", "b"]}

    assert pick("openai.embeddings", body) == "embeddings-50-float"
    assert pick("openai.embeddings", {**body, "encoding_format": "base64"}) == (
        "embeddings-51-base64"
    )


def test_no_recording_of_the_protocol_or_the_framing_answers_nothing() -> None:
    assert LIBRARY.nearest("gemini", "/v1beta/x", b"{}", stream=False) is None
    assert LIBRARY.nearest("openai.embeddings", "/v1/embeddings", b"{}", stream=True) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nope",
        b"\xff",
        b"[" * 100_000,
        b'{"messages":[1,null,{"role":3,"content":[1,{"type":[]}]},{"content":{"text":1}}]}',
        b'{"tools":[1,{"function":{"name":3}},{"name":"x","parameters":{"properties":1}}]}',
        b'{"tool_choice":[],"response_format":[1],"reasoning":1,"model":{},"input":{"a":1}}',
        b'{"messages":[{"role":"user","content":"\\ud800 hi"}]}',
    ],
)
def test_a_body_of_any_shape_gets_an_answer(body: bytes) -> None:
    for protocol in ("openai.chat", "openai.responses", "anthropic.messages"):
        for stream in (True, False):
            assert LIBRARY.nearest(protocol, PATHS[protocol], body, stream) is not None


def test_bad_files_are_skipped_and_listed(tmp_path: Path) -> None:
    good = (shipped_folder() / "chat-50-hello.llmrec.jsonl").read_bytes()
    (tmp_path / "good.llmrec.jsonl").write_bytes(good)
    (tmp_path / "bad.llmrec.jsonl").write_bytes(good[:-40])
    (tmp_path / "folder.llmrec.jsonl").mkdir()
    (tmp_path / "other.txt").write_bytes(b"not a recording")
    library = Library(tmp_path)

    assert [recording.name for recording in library.recordings] == ["good.llmrec.jsonl"]
    assert len(library.problems) == 2
    assert "bad.llmrec.jsonl, line" in library.problems[0]
    assert "folder.llmrec.jsonl" in library.problems[1]


def test_a_missing_folder_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    library = Library(tmp_path / "nowhere")

    assert library.recordings == []
    assert "cannot list" in library.problems[0]


def test_a_long_text_that_shares_a_word_gets_the_greeting() -> None:
    text = " ".join(f"word{number}" for number in range(60)) + " queue rocket migration"

    assert pick("openai.chat", chat(text, stream=True)) == "chat-10-stream-hello"


def test_a_request_without_an_answer_answers_nothing(tmp_path: Path) -> None:
    unanswered = Recording(
        title="asked",
        dialect="openai.chat",
        stream=False,
        method="POST",
        path="/v1/chat/completions",
        body=b'{"messages":[]}',
        status=UNANSWERED,
        chunks=[],
        us=[],
    )
    (tmp_path / "a.llmrec.jsonl").write_bytes(write(unanswered))

    found = Library(tmp_path).nearest(
        "openai.chat", "/v1/chat/completions", unanswered.body, stream=False
    )
    assert found is None
