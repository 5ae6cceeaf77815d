"""OpenAI Chat Completions that end badly; each is chosen only when the request names its tag."""

from collections.abc import Iterator

from authoring import chat_framing as framing
from authoring.chat import MODEL, SERVED
from authoring.draft import JSON, Dice, Draft, Json, Pace, Said, compact, sse

TEXT = (
    "A queue needs a bound and a rule for when it is full. Without a bound it hides the problem"
    " until memory ends; without a rule the slowest reader decides"
)
SERVER_ERROR: Json = {
    "message": "The server had an error while processing your request. Sorry about that!",
    "type": "server_error",
    "param": None,
    "code": None,
}
RATE_LIMIT: Json = {
    "message": "Rate limit reached for gpt-4o-mini on requests per min (RPM): Limit 3, Used 3,"
    " Requested 1. Please try again in 20s.",
    "type": "requests",
    "param": None,
    "code": "rate_limit_exceeded",
}


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield error()
    yield cut()
    yield silence()
    yield rate_limit()


def _broken(file: str, title: str, tags: tuple[str, ...]) -> Draft:
    """Begins well."""
    dice = Dice(file)
    return Draft(
        file=file,
        title=title,
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request(
            MODEL, [framing.user(f"Why must a queue be bounded? llmgate:{tags[0]}")], stream=True
        ),
        chunks=framing.Chat(dice, SERVED).text(TEXT),
        pace=Pace(first=340),
        headers=framing.headers(dice, stream=True),
        tags=tags,
        said=Said(TEXT),
    )


def error() -> Draft:
    """An error event in the middle of a stream that began with 200."""
    draft = _broken("chat-30-stream-error", "An error in mid-stream", ("error",))
    draft.chunks.append(sse({"error": SERVER_ERROR}))
    draft.how, draft.error = "error_event", str(SERVER_ERROR["message"])
    return draft


def cut() -> Draft:
    """The connection breaks inside an event."""
    draft = _broken("chat-31-stream-cut", "Cut in mid-stream", ("cut",))
    draft.chunks[-1] = draft.chunks[-1][:170]
    draft.how, draft.error = "reset", "connection reset"
    draft.said.text = TEXT.rpartition(" ")[0]
    return draft


def silence() -> Draft:
    """The provider falls silent and never ends."""
    draft = _broken("chat-32-stream-silence", "Silence in mid-stream", ("silence", "cut"))
    draft.how, draft.error = "timeout", "silent until the caller gave up"
    return draft


def rate_limit() -> Draft:
    """Refused before it began."""
    draft = _broken("chat-70-rate-limit", "Refused: rate limit", ("rate-limit", "error"))
    del draft.body["stream"], draft.body["stream_options"]
    draft.chunks = [compact({"error": RATE_LIMIT}).encode()]
    draft.status, draft.pace, draft.said = 429, Pace(first=96), Said()
    draft.error = str(RATE_LIMIT["message"])
    draft.headers = [
        JSON,
        ("retry-after", "20"),
        ("retry-after-ms", "20000"),
        ("x-ratelimit-limit-requests", "3"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "20s"),
        ("x-request-id", f"req_{Dice(draft.file + ' id').hex(32)}"),
    ]
    return draft
