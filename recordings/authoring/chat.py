"""OpenAI Chat Completions: text, whole and streamed, with the habits of five providers."""

from collections.abc import Iterator
from itertools import pairwise

from authoring import chat_framing as framing
from authoring import talk
from authoring.chat_framing import Chat
from authoring.draft import Dice, Draft, Json, Pace, Said, compact, join
from llmgate.recording.lines import Counts

MODEL = "gpt-4o-mini"
SERVED = "gpt-4o-mini-2024-07-18"

SSE_QUESTION = "Explain server-sent events to a backend developer in a short paragraph."
SSE_ANSWER = (
    "**Server-sent events** are one long HTTP response that the server keeps writing to. Each"
    " event is a few lines of text (`event:`, `data:`, `id:`) closed by a blank line; the client"
    " reads them as they come and reconnects with `Last-Event-ID` when the line drops.\n\n"
    "Three things bite in practice: a proxy that buffers, a compression filter that waits for"
    " more bytes, and a missing blank line after the last event. Send `cache-control: no-cache`,"
    " flush after every event, and you are most of the way there."
)
MOOD_QUESTION = "Describe this week's deploys in emoji, one line a day."
MOOD_ANSWER = (
    "Mon 🚀🚀✅ three shipped, none rolled back\n"
    "Tue 🔥🧯 a migration locked the orders table\n"
    "Wed 👩🏽‍💻🔍 reading `pg_locks` with coffee ☕\n"
    "Thu 🩹✅ `lock_timeout` and a smaller batch\n"
    "Fri 🏖️ nothing deployed, nothing broken"
)
IMAGE_QUESTION = "What is wrong in this screenshot of my terminal?"
IMAGE_ANSWER = (
    "The last line is the one that matters: `Address already in use`. Another process listens on"
    " the port, most likely an earlier run of the same server.\n\n"
    "`lsof -i :8080` (or `ss -ltnp` on Linux) names it; stop that one or start yours with"
    " `--port 8081`."
)
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GREP_QUESTION = "One line: find every TODO in my Python files, with line numbers."
GREP_ANSWER = (
    "```sh\ngrep -rn --include='*.py' 'TODO' .\n```\n\n"
    "With ripgrep it is shorter, and skips what `.gitignore` names: `rg -tpy TODO`."
)
EVENT_QUESTION = "Alice and Bob go to a science fair on Friday. Extract the event as JSON."
EVENT_ANSWER = '{"name":"Science Fair","date":"Friday","participants":["Alice","Bob"]}'
EVENT_SCHEMA: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "date": {"type": "string"},
        "participants": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "date", "participants"],
    "additionalProperties": False,
}


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield streamed("chat-10-stream-hello", "Hello", talk.HELLO_QUESTION, talk.HELLO, (19, 104))
    yield joined_events()
    yield cut_characters()
    yield image()
    yield whole("chat-50-hello", "Hello", talk.HELLO_QUESTION, talk.HELLO, (19, 104))
    yield whole("chat-51-text", "Find every TODO", GREP_QUESTION, GREP_ANSWER, (20, 48))
    yield structured()


def streamed(file: str, title: str, question: str, answer: str, tokens: tuple[int, int]) -> Draft:
    """A plain streamed answer with usage, one event a chunk."""
    dice, counts = Dice(file), Counts(in_=tokens[0], out=tokens[1], cached=0, reasoning=0)
    chat = Chat(dice, SERVED)
    return Draft(
        file=file,
        title=title,
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request(MODEL, [framing.user(question)], stream=True),
        chunks=[*chat.text(answer), *chat.ending("stop", counts)],
        pace=Pace(first=380, stall=240),
        headers=framing.headers(dice, stream=True),
        tags=("text",),
        said=Said(answer, "stop", counts),
    )


def whole(file: str, title: str, question: str, answer: str, tokens: tuple[int, int]) -> Draft:
    """A plain answer that is not streamed."""
    dice, counts = Dice(file), Counts(in_=tokens[0], out=tokens[1], cached=0, reasoning=0)
    body = framing.completion(dice, SERVED, {"content": answer}, "stop", counts)
    return Draft(
        file=file,
        title=title,
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request(MODEL, [framing.user(question)]),
        chunks=[compact(body).encode()],
        pace=Pace(first=870),
        headers=framing.headers(dice, stream=False),
        tags=("text",),
        said=Said(answer, "stop", counts),
    )


def joined_events() -> Draft:
    """Two events in one chunk, now and then."""
    draft = streamed(
        "chat-11-stream-text", "Server-sent events", SSE_QUESTION, SSE_ANSWER, (21, 117)
    )
    draft.chunks = join(draft.chunks, 1, 1, 1, 1, 2)
    return draft


def cut_characters() -> Draft:
    """Chunks that end inside an event, inside an emoji, between the two line ends of an event."""
    draft = streamed("chat-12-stream-emoji", "Emoji, cut", MOOD_QUESTION, MOOD_ANSWER, (18, 96))
    data, dice = b"".join(draft.chunks), Dice("chat emoji cuts")
    rocket, lines = data.index("🚀".encode()) + 2, data.index(b"\n\n", 2000) + 1
    cuts = {rocket, lines, *(dice.between(1, len(data) - 1) for _ in range(60))}
    edges = [0, *sorted(cuts), len(data)]
    draft.chunks = [data[a:b] for a, b in pairwise(edges)]
    draft.tags = ("text", "odd-cuts")
    return draft


def image() -> Draft:
    """A request with an image."""
    draft = streamed("chat-13-stream-image", "A screenshot", "", IMAGE_ANSWER, (8521, 78))
    picture: Json = {"type": "image_url", "image_url": {"url": PIXEL, "detail": "auto"}}
    content = [{"type": "text", "text": IMAGE_QUESTION}, picture]
    draft.body = framing.request(MODEL, [{"role": "user", "content": content}], stream=True)
    draft.tags = ("text", "image")
    draft.pace.first = 890
    return draft


def structured() -> Draft:
    """An answer bound to a JSON schema."""
    draft = whole("chat-52-json", "A calendar event", EVENT_QUESTION, EVENT_ANSWER, (76, 21))
    schema = {"name": "event", "strict": True, "schema": EVENT_SCHEMA}
    shape = {"type": "json_schema", "json_schema": schema}
    asked = framing.user(EVENT_QUESTION)
    draft.body = framing.request(MODEL, [asked], response_format=shape)
    draft.tags = ("text", "json")
    return draft
