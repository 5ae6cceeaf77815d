"""Anthropic Messages with tools: one use, two at once, the answer to a result, an agent's turn."""

from collections.abc import Iterator, Sequence

from authoring import messages_framing as framing
from authoring import talk
from authoring.draft import Dice, Draft, Json, Said, call, compact, given
from authoring.messages import MODEL, SERVED, make
from authoring.messages_framing import Message
from llmgate.recording.lines import Counts, ToolCall

LOOK = "I'll look that up."
FILES_QUESTION = "Read both config files and tell me how they differ."
PATH: Json = {"type": "string", "description": "A path inside the repository."}


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    for argument in ("location", "city"):
        yield one_use(f"messages-20-stream-tool-{argument}", argument, stream=True)
        yield one_use(f"messages-60-tool-{argument}", argument, stream=False)
    yield two_uses()
    yield answer("messages-22-stream-tool-answer", stream=True)
    yield answer("messages-61-tool-answer", stream=False)
    yield agent("messages-14-stream-agent-hi", "An agent says hi", talk.HI_QUESTION, talk.HI)
    repo = (talk.REPO_QUESTION, talk.REPO)
    yield agent("messages-15-stream-agent-repo", "An agent's plan", *repo)
    yield agent_step()


def _draft(file: str, title: str, body: Json, said: Said) -> Draft:
    """Frames text and then tool uses, streamed or not as the body asks."""
    dice = Dice(file)
    if body.get("stream"):
        message = Message(dice, SERVED, said.usage)
        spoken = message.text(said.text) if said.text else []
        uses = [event for it in said.calls for event in message.call(it)]
        chunks = [message.start(), *spoken, *uses, *message.end(said.finish)]
    else:
        content = [framing.text_block(said.text)] if said.text else []
        content += [framing.tool_use(it, given(it)) for it in said.calls]
        whole = framing.message(dice, SERVED, content, said.finish, said.usage)
        chunks = [compact(whole).encode()]
    draft = make(file, title, body, said, chunks)
    draft.tags = ("tools",)
    return draft


def _id(file: str, which: str = "") -> str:
    return f"toolu_01{Dice(f'{file} call {which}').word(22)}"


def _weather_tool(argument: str = "location") -> Json:
    return framing.tool("get_weather", talk.WEATHER_ABOUT, {argument: talk.PLACE}, [argument])


def one_use(file: str, argument: str, *, stream: bool) -> Draft:
    """A few words, then one tool use."""
    made = talk.weather(_id(file), "Lisbon, Portugal", argument)
    more: Json = {"stream": True} if stream else {}
    asked = [framing.user(talk.WEATHER_QUESTION)]
    body = framing.request(MODEL, asked, tools=[_weather_tool(argument)], **more)
    said = Said(LOOK, "tool_use", Counts(in_=588, out=62, cached=0, written=0), (made,))
    return _draft(file, "A weather tool is used", body, said)


def two_uses() -> Draft:
    """Two tool uses in one answer, one block after the other."""
    file = "messages-21-stream-parallel-tools"
    paths = ("config/staging.yaml", "config/production.yaml")
    calls = tuple(call(_id(file, path), "read_file", {"path": path}) for path in paths)
    tool = framing.tool("read_file", "Read a file of the repository.", {"path": PATH}, ["path"])
    body = framing.request(MODEL, [framing.user(FILES_QUESTION)], tools=[tool], stream=True)
    said = Said("I'll read both.", "tool_use", Counts(in_=571, out=109, cached=0, written=0), calls)
    return _draft(file, "Two files are read at once", body, said)


def answer(file: str, *, stream: bool) -> Draft:
    """The text after a tool's result."""
    made = talk.weather(_id(file), "Lisbon, Portugal")
    messages = [
        framing.user(talk.WEATHER_QUESTION),
        framing.called([made], [given(made)], LOOK),
        framing.user([framing.result(made, talk.WEATHER_RESULT)]),
    ]
    more: Json = {"stream": True} if stream else {}
    body = framing.request(MODEL, messages, tools=[_weather_tool()], **more)
    said = Said(talk.WEATHER_ANSWER, "end_turn", Counts(in_=702, out=46, cached=0, written=0))
    return _draft(file, "The weather, after the tool", body, said)


def _agent_body(messages: Sequence[Json]) -> Json:
    """Gives an agent's request: a cached system prompt, many tools, thinking allowed."""
    system = {**framing.text_block(talk.AGENT_PROMPT), "cache_control": {"type": "ephemeral"}}
    body = framing.request(
        MODEL,
        messages,
        system=[system],
        tools=[framing.tool(*it) for it in talk.AGENT_TOOLS],
        thinking={"type": "enabled", "budget_tokens": 8000},
        stream=True,
    )
    body["max_tokens"] = 32000
    return body


def _agent_draft(file: str, title: str, messages: Sequence[Json], said: Said) -> Draft:
    """Frames an agent's turn: thinking was allowed, none was needed."""
    message = Message(Dice(file), SERVED, said.usage)
    chunks = [
        message.start(),
        *message.text(said.text),
        *message.end(said.finish),
    ]
    draft = make(file, title, _agent_body(messages), said, chunks)
    draft.tags = ("text", "agent")
    return draft


def agent(file: str, title: str, question: str, text: str) -> Draft:
    """A coding agent asks and gets text."""
    counts = Counts(in_=14203, out=131, cached=13824, written=371)
    return _agent_draft(file, title, [framing.user(question)], Said(text, "end_turn", counts))


def agent_step() -> Draft:
    """A coding agent gives back a tool's result and gets text."""
    file = "messages-16-stream-agent-step"
    made: ToolCall = call(_id(file), "shell", talk.AGENT_SHELL)
    messages = [
        framing.user(talk.STEP_QUESTION),
        framing.called([made], [given(made)]),
        framing.user([framing.result(made, talk.AGENT_SHELL_RESULT)]),
    ]
    counts = Counts(in_=14391, out=64, cached=14195, written=188)
    said = Said(talk.STEP_ANSWER, "end_turn", counts)
    return _agent_draft(file, "An agent's tool ran", messages, said)
