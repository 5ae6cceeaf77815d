"""OpenAI Chat Completions: text, whole and streamed."""

from collections.abc import Iterator

from authoring import chat_framing as framing
from authoring.chat_framing import Chat
from authoring.draft import Dice, Draft, Pace, compact, join
from llmgate.recording.lines import Counts

SSE_QUESTION = "Explain server-sent events to a backend developer in a short paragraph."
SSE_ANSWER = (
    "**Server-sent events** are one long HTTP response that the server keeps writing to. Each event"
    " is a few lines of text (`event:`, `data:`, `id:`) closed by a blank line; the client reads them"
    " as they come and reconnects by itself with `Last-Event-ID` when the line drops.\n\n"
    "Three things bite in practice: a proxy that buffers, a compression filter that waits for more"
    " bytes, and a missing blank line after the last event. Send `cache-control: no-cache`, flush"
    " after every event, and you are most of the way there."
)


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield streamed_text()
    yield whole_text()


def streamed_text() -> Draft:
    """A plain streamed answer with usage; two events share a wire chunk now and then."""
    dice, counts = Dice("chat text"), Counts(in_=21, out=117, cached=0, reasoning=0)
    chat = Chat(dice, "gpt-4o-mini-2024-07-18")
    events = [*chat.text(SSE_ANSWER), *chat.ending("stop", counts)]
    return Draft(
        file="chat-10-stream-text",
        title="Server-sent events in a paragraph",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request("gpt-4o-mini", [framing.user(SSE_QUESTION)], stream=True),
        chunks=join(events, 1, 1, 1, 1, 2),
        pace=Pace(first=412, stall=240),
        headers=framing.headers(dice, stream=True),
        tags=("text",),
        text=SSE_ANSWER,
        finish="stop",
        usage=counts,
    )


GREP_QUESTION = "One line: find every TODO in my Python files, with line numbers."
GREP_ANSWER = (
    "```sh\ngrep -rn --include='*.py' 'TODO' .\n```\n\n"
    "With ripgrep it is shorter, and skips what `.gitignore` names: `rg -tpy TODO`."
)


def whole_text() -> Draft:
    """A plain answer that is not streamed."""
    dice, counts = Dice("chat whole"), Counts(in_=20, out=48, cached=0, reasoning=0)
    message: framing.Json = {"content": GREP_ANSWER}
    answer = framing.completion(dice, "gpt-4o-mini-2024-07-18", message, "stop", counts)
    return Draft(
        file="chat-50-text",
        title="Find every TODO",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request("gpt-4o-mini", [framing.user(GREP_QUESTION)]),
        chunks=[compact(answer).encode()],
        pace=Pace(first=870),
        headers=framing.headers(dice, stream=False),
        tags=("text",),
        text=GREP_ANSWER,
        finish="stop",
        usage=counts,
    )
