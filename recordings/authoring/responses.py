"""OpenAI Responses: text, reasoning and a function call, its answer, agents, what can go wrong."""

from collections.abc import Callable, Iterator, Sequence

from authoring import chat_framing, talk
from authoring import responses_framing as framing
from authoring.draft import JSON, Dice, Draft, Json, Pace, Said, call, compact, tokens
from authoring.responses_framing import Response
from llmgate.recording.lines import Counts, ToolCall

MODEL, SERVED = "gpt-5.1", "gpt-5.1-2025-11-13"

BACKPRESSURE_QUESTION = "What is back-pressure in a streaming server?"
BACKPRESSURE_ANSWER = (
    "**Back-pressure** is the slow side telling the fast side to wait. The reader's socket buffer"
    " fills, the writer's `write` no longer completes, and the writer stops reading from its own"
    " source: the wish travels upstream without a message being sent.\n\n"
    "It works as long as nobody in between keeps an unbounded queue. One list that only grows,"
    " and the slowest reader decides how much memory you need."
)
THOUGHT = (
    "**Looking up the weather**\n\nThe user wants current conditions, which I cannot know. The"
    " weather tool takes a place, so I call it with Lisbon."
)


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield text("responses-10-stream-hello", "Hello", talk.HELLO_QUESTION, talk.HELLO, stream=True)
    pressure = ("Back-pressure", BACKPRESSURE_QUESTION, BACKPRESSURE_ANSWER)
    yield text("responses-11-stream-text", *pressure, stream=True)
    yield agent("responses-12-stream-agent-hi", "An agent says hi", talk.HI_QUESTION, talk.HI)
    repo = (talk.REPO_QUESTION, talk.REPO)
    yield agent("responses-13-stream-agent-repo", "An agent's plan", *repo)
    yield agent_step()
    for argument in ("location", "city"):
        yield reasoned_call(f"responses-20-stream-tool-{argument}", argument, stream=True)
        yield reasoned_call(f"responses-60-tool-{argument}", argument, stream=False)
    yield answer("responses-22-stream-tool-answer", stream=True)
    yield answer("responses-61-tool-answer", stream=False)
    yield text("responses-50-hello", "Hello", talk.HELLO_QUESTION, talk.HELLO, stream=False)
    yield text("responses-51-text", *pressure, stream=False)
    yield failed()
    yield cut()
    yield refused()


def make(file: str, title: str, body: Json, said: Said, build: Callable[[Response], None]) -> Draft:
    """Builds the output and frames it, streamed or not as the body asks."""
    dice, stream = Dice(file), body.get("stream") is True
    response = Response(dice, SERVED, body)
    response.open()
    build(response)
    response.close(said.usage)
    whole = compact(response.whole("completed", said.usage)).encode()
    return Draft(
        file=file,
        title=title,
        dialect="openai.responses",
        path=framing.PATH,
        body=body,
        chunks=response.events if stream else [whole],
        pace=Pace(first=560, stall=260) if stream else Pace(first=1240),
        headers=chat_framing.headers(dice, stream=stream),
        tags=("text",),
        said=said,
    )


def text(file: str, title: str, question: str, answer: str, *, stream: bool) -> Draft:
    """A plain answer."""
    more: Json = {"stream": True} if stream else {}
    body = framing.request(MODEL, question, **more)
    counts = Counts(in_=len(question) // 4 + 7, out=len(answer) // 4, cached=0, reasoning=0)
    said = Said(answer, "completed", counts)
    return make(file, title, body, said, lambda response: response.message(answer))


def _weather_tool(argument: str = "location") -> Json:
    return framing.tool("get_weather", talk.WEATHER_ABOUT, {argument: talk.PLACE}, [argument])


def _id(file: str) -> str:
    return f"call_{Dice(file + ' call').word(24)}"


def reasoned_call(file: str, argument: str, *, stream: bool) -> Draft:
    """A summary of the reasoning, then a function call."""
    made = talk.weather(_id(file), "Lisbon, Portugal", argument)
    body = framing.request(
        MODEL,
        [framing.user(talk.WEATHER_QUESTION)],
        tools=[_weather_tool(argument)],
        reasoning={"effort": "low", "summary": "auto"},
        **({"stream": True} if stream else {}),
    )

    def build(response: Response) -> None:
        response.reasoning(THOUGHT)
        response.call(made)

    counts = Counts(in_=71, out=87, cached=0, reasoning=64)
    said = Said("", "completed", counts, (made,))
    draft = make(file, "A weather function is called", body, said, build)
    draft.tags = ("tools", "reasoning")
    return draft


def answer(file: str, *, stream: bool) -> Draft:
    """The text after a function's result."""
    made = talk.weather(_id(file), "Lisbon, Portugal")
    turns = [
        framing.user(talk.WEATHER_QUESTION),
        framing.called(made),
        framing.result(made, talk.WEATHER_RESULT),
    ]
    more: Json = {"stream": True} if stream else {}
    body = framing.request(MODEL, turns, tools=[_weather_tool()], **more)
    counts = Counts(in_=131, out=41, cached=0, reasoning=0)
    said = Said(talk.WEATHER_ANSWER, "completed", counts)
    build: Callable[[Response], None] = lambda response: response.message(said.text)  # noqa: E731
    draft = make(file, "The weather, after the function", body, said, build)
    draft.tags = ("tools",)
    return draft


def _agent_draft(file: str, title: str, turns: Sequence[Json], text: str) -> Draft:
    """A coding agent's request: instructions for the developer, many tools, nothing stored."""
    body = framing.request(
        MODEL,
        [framing.spoken("developer", talk.AGENT_PROMPT), *turns],
        tools=[framing.tool(*it) for it in talk.AGENT_TOOLS],
        tool_choice="auto",
        parallel_tool_calls=True,
        store=False,
        include=["reasoning.encrypted_content"],
        stream=True,
    )
    said = Said(text, "completed", Counts(in_=9412, out=104, cached=8960, reasoning=0))
    draft = make(file, title, body, said, lambda response: response.message(text))
    draft.tags = ("text", "agent")
    return draft


def agent(file: str, title: str, question: str, text: str) -> Draft:
    """A coding agent asks and gets text."""
    return _agent_draft(file, title, [framing.user(question)], text)


def agent_step() -> Draft:
    """A coding agent gives back a function's result and gets text."""
    file = "responses-14-stream-agent-step"
    made: ToolCall = call(_id(file), "shell", talk.AGENT_SHELL)
    turns = [
        framing.user(talk.STEP_QUESTION),
        framing.called(made),
        framing.result(made, talk.AGENT_SHELL_RESULT),
    ]
    return _agent_draft(file, "An agent's function ran", turns, talk.STEP_ANSWER)


def _broken(file: str, title: str, *tags: str) -> Draft:
    """Begins well."""
    said = BACKPRESSURE_ANSWER.partition("\n")[0]
    question = f"{BACKPRESSURE_QUESTION} llmgate:{tags[0]}"
    draft = text(file, title, question, said, stream=True)
    draft.chunks = draft.chunks[:-4]  # the message is never finished
    draft.tags, draft.said = tags, Said(said)
    return draft


def failed() -> Draft:
    """An error in mid-stream, then the failed response."""
    draft = _broken("responses-30-stream-error", "Failed in mid-stream", "error")
    message = "The model failed to generate a response. Please try again."
    response = Response(Dice(draft.file), SERVED, draft.body, events=list(draft.chunks))
    response.fail("server_error", message)
    draft.chunks, draft.how, draft.error = response.events, "error_event", message
    draft.said.finish = "failed"
    return draft


def cut() -> Draft:
    """The connection breaks inside an event."""
    draft = _broken("responses-31-stream-cut", "Cut in mid-stream", "cut")
    draft.chunks[-1] = draft.chunks[-1][:120]
    draft.said.text = "".join(tokens(draft.said.text)[:-1])
    draft.how, draft.error = "reset", "connection reset"
    return draft


def refused() -> Draft:
    """Refused before it began."""
    draft = _broken("responses-70-overloaded", "Refused: overloaded", "503", "error")
    del draft.body["stream"]
    message = "The server is currently overloaded with other requests. Try again in a moment."
    error = {"message": message, "type": "server_error", "param": None, "code": None}
    draft.chunks, draft.status = [compact({"error": error}).encode()], 503
    draft.pace, draft.said, draft.error = Pace(first=120), Said(), message
    draft.headers = [JSON, ("retry-after", "2"), ("x-request-id", f"req_{Dice('503').hex(32)}")]
    return draft
