"""OpenAI Chat Completions with tools: one call, two at once, the answer to a result, an agent."""

from collections.abc import Iterator, Sequence

from authoring import chat_framing as framing
from authoring import talk
from authoring.chat import MODEL, SERVED
from authoring.chat_framing import Chat
from authoring.draft import Dice, Draft, Json, Pace, Said, call, compact
from llmgate.recording.lines import Counts, ToolCall

AGENT_MODEL, AGENT_SERVED = "gpt-5.1", "gpt-5.1-2025-11-13"


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    for argument in ("location", "city"):
        yield one_call(f"chat-20-stream-tool-{argument}", argument, stream=True)
        yield one_call(f"chat-60-tool-{argument}", argument, stream=False)
    yield two_calls()
    yield answer("chat-22-stream-tool-answer", stream=True)
    yield answer("chat-61-tool-answer", stream=False)
    yield agent("chat-17-stream-agent-hi", "An agent says hi", talk.HI_QUESTION, talk.HI)
    yield agent("chat-18-stream-agent-repo", "An agent's plan", talk.REPO_QUESTION, talk.REPO)
    yield agent_step()


def weather_tool(argument: str = "location") -> Json:
    """Gives the definition of the weather tool."""
    return framing.tool(
        "get_weather", talk.WEATHER_ABOUT, {argument: talk.PLACE}, required=[argument]
    )


def _draft(file: str, title: str, body: Json, said: Said, served: str = SERVED) -> Draft:
    """Frames what is said, streamed or not as the body asks."""
    dice, stream = Dice(file), body.get("stream") is True
    if stream:
        chat = Chat(dice, served)
        events = chat.calls(said.calls) if said.calls else chat.text(said.text)
        chunks = [*events, *chat.ending(said.finish, said.usage)]
    else:
        message: Json = {"content": said.text or None}
        if said.calls:
            message["tool_calls"] = [framing.whole(it) for it in said.calls]
        answered = framing.completion(dice, served, message, said.finish, said.usage)
        chunks = [compact(answered).encode()]
    return Draft(
        file=file,
        title=title,
        dialect="openai.chat",
        path=framing.PATH,
        body=body,
        chunks=chunks,
        pace=Pace(first=520 if stream else 930),
        headers=framing.headers(dice, stream=stream),
        tags=("tools",),
        said=said,
    )


def _calling(file: str, calls: Sequence[ToolCall], tokens: tuple[int, int]) -> Said:
    """Says nothing but calls."""
    counts = Counts(in_=tokens[0], out=tokens[1], cached=0, reasoning=0)
    return Said("", "tool_calls", counts, tuple(calls))


def one_call(file: str, argument: str, *, stream: bool) -> Draft:
    """One tool call."""
    made = talk.weather(f"call_{Dice(file + ' call').word(24)}", "Lisbon, Portugal", argument)
    body = framing.request(
        MODEL,
        [framing.user(talk.WEATHER_QUESTION)],
        tools=[weather_tool(argument)],
        tool_choice="auto",
        **({"stream": True} if stream else {}),
    )
    return _draft(file, "A weather tool is called", body, _calling(file, [made], (62, 17)))


def two_calls() -> Draft:
    """Two tool calls in one answer."""
    file = "chat-21-stream-parallel-tools"
    dice = Dice(file + " calls")
    calls = [
        talk.weather(f"call_{dice.word(24)}", place) for place in ("Oslo, Norway", "Rome, Italy")
    ]
    body = framing.request(
        MODEL,
        [framing.user(talk.COMPARE_QUESTION)],
        tools=[weather_tool()],
        tool_choice="auto",
        parallel_tool_calls=True,
        stream=True,
    )
    return _draft(file, "Two tools are called at once", body, _calling(file, calls, (63, 48)))


def answer(file: str, *, stream: bool) -> Draft:
    """The text after a tool's result."""
    made = talk.weather(f"call_{Dice(file + ' call').word(24)}", "Lisbon, Portugal")
    messages = [
        framing.user(talk.WEATHER_QUESTION),
        framing.called([made]),
        framing.result(made, talk.WEATHER_RESULT),
    ]
    more: Json = {"stream": True} if stream else {}
    body = framing.request(MODEL, messages, tools=[weather_tool()], **more)
    counts = Counts(in_=118, out=38, cached=0, reasoning=0)
    said = Said(talk.WEATHER_ANSWER, "stop", counts)
    return _draft(file, "The weather, after the tool", body, said)


def _agent_body(messages: Sequence[Json]) -> Json:
    """Gives an agent's request: a system prompt and many tools."""
    return framing.request(
        AGENT_MODEL,
        [framing.system(talk.AGENT_PROMPT), *messages],
        tools=[framing.tool(*it) for it in talk.AGENT_TOOLS],
        tool_choice="auto",
        stream=True,
    )


def agent(file: str, title: str, question: str, text: str) -> Draft:
    """A coding agent asks and gets text."""
    counts = Counts(in_=4871, out=112, cached=4608, reasoning=0)
    body = _agent_body([framing.user(question)])
    draft = _draft(file, title, body, Said(text, "stop", counts), AGENT_SERVED)
    draft.tags = ("text", "agent")
    return draft


def agent_step() -> Draft:
    """A coding agent gives back a tool's result and gets text."""
    file = "chat-19-stream-agent-step"
    made = call(f"call_{Dice(file + ' call').word(24)}", "shell", talk.AGENT_SHELL)
    messages = [
        framing.user(talk.STEP_QUESTION),
        framing.called([made]),
        framing.result(made, talk.AGENT_SHELL_RESULT),
    ]
    counts = Counts(in_=4986, out=61, cached=4864, reasoning=0)
    said = Said(talk.STEP_ANSWER, "stop", counts)
    draft = _draft(file, "An agent's tool ran", _agent_body(messages), said, AGENT_SERVED)
    draft.tags = ("text", "agent")
    return draft
