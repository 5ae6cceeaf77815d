"""Anthropic Messages: text, thinking, a cached prompt, counting, and what can go wrong."""

from collections.abc import Iterator

from authoring import messages_framing as framing
from authoring import talk
from authoring.draft import JSON, Dice, Draft, Json, Pace, Said, compact, sse
from authoring.messages_framing import Message
from llmgate.recording.lines import Counts

MODEL = "claude-haiku-4-5"
SERVED = "claude-haiku-4-5-20251001"
ERROR_ID = "req_011CMadeUpByHand4llmgate"

BACKOFF_QUESTION = "When should a client retry a failed request, and how long should it wait?"
BACKOFF_ANSWER = (
    "Retry what may succeed next time and cannot do harm twice: refused connections, timeouts"
    " before the first byte, 429, 503, 529. Never a 400 or a 401, and nothing after the answer"
    " has begun.\n\n"
    "- **Wait** what `retry-after` says; without it `min(cap, base * 2^n)`.\n"
    "- **Add jitter**, the whole range of it: a thousand clients that failed together should not"
    " come back together.\n"
    "- **Stop** after three tries and hand the last error up as it is."
)
INDEX_QUESTION = (
    "Which Postgres index for `WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 50`?"
)
INDEX_ANSWER = (
    "One B-tree over both columns, in that order:\n\n"
    "```sql\nCREATE INDEX CONCURRENTLY ON events (tenant_id, created_at DESC);\n```\n\n"
    "The equality comes first so that one tenant's rows lie together; inside them the rows are"
    " already sorted, and the scan stops after 50. `EXPLAIN (ANALYZE, BUFFERS)` should show an"
    " Index Scan without a Sort node."
)
CLOCK_QUESTION = "A clock shows 3:15. What is the angle between its hands? Think it through."
CLOCK_THOUGHT = (
    "The minute hand at 15 minutes is at 90°. The hour hand moves 0.5° a minute, so at 3:15 it is"
    " at 90 + 7.5 = 97.5°. The difference is 7.5°."
)
CLOCK_ANSWER = (
    "**7.5°.** The minute hand stands at 90°. The hour hand has left the 3 and moved a quarter of"
    " the 30° to the 4, so it stands at 97.5°."
)
REVIEW_QUESTION = "Review the style guide above: what is its most useful rule?"
REVIEW_ANSWER = (
    '"Units live in the name": `retry_after_s` cannot be mistaken for milliseconds, and no'
    " comment has to say so. It costs two characters and removes a whole class of bugs."
)
STYLE_GUIDE = (
    "Style guide. One concept per file. Units live in the name. No file named utils. " * 30
)


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    hello = (talk.HELLO_QUESTION, talk.HELLO, (16, 112))
    yield text("messages-10-stream-hello", "Hello", *hello, stream=True)
    retry = (BACKOFF_QUESTION, BACKOFF_ANSWER, (23, 131))
    yield text("messages-11-stream-text", "When to retry", *retry, stream=True)
    yield thinking()
    yield cached()
    yield text("messages-50-hello", "Hello", *hello, stream=False)
    index = (INDEX_QUESTION, INDEX_ANSWER, (34, 103))
    yield text("messages-51-text", "Which index", *index, stream=False)
    yield overloaded()
    yield cut()
    yield refused()
    yield count_tokens()


def make(file: str, title: str, body: Json, said: Said, chunks: list[bytes]) -> Draft:
    """Gives a draft with what all have in common."""
    stream = body.get("stream") is True
    return Draft(
        file=file,
        title=title,
        dialect="anthropic.messages",
        path=framing.PATH,
        body=body,
        chunks=chunks,
        pace=Pace(first=640, low=20, high=60, stall=310) if stream else Pace(first=1380),
        headers=framing.headers(Dice(file + " headers"), stream=stream),
        tags=("text",),
        said=said,
        request_headers=framing.ASKED,
    )


def text(
    file: str, title: str, question: str, answer: str, tokens: tuple[int, int], *, stream: bool
) -> Draft:
    """A plain answer."""
    dice, counts = Dice(file), Counts(in_=tokens[0], out=tokens[1], cached=0, written=0)
    body = framing.request(MODEL, [framing.user(question)])
    if stream:
        body["stream"] = True
        message = Message(dice, SERVED, counts)
        chunks = [message.start(), *message.text(answer), *message.end("end_turn")]
    else:
        content = [framing.text_block(answer)]
        whole = framing.message(dice, SERVED, content, "end_turn", counts)
        chunks = [compact(whole).encode()]
    return make(file, title, body, Said(answer, "end_turn", counts), chunks)


def thinking() -> Draft:
    """A block of thinking with its signature, then text."""
    file = "messages-12-stream-thinking"
    counts = Counts(in_=49, out=141, cached=0, written=0)
    message = Message(Dice(file), SERVED, counts)
    body = framing.request(
        MODEL,
        [framing.user(CLOCK_QUESTION)],
        thinking={"type": "enabled", "budget_tokens": 1024},
        stream=True,
    )
    body["max_tokens"] = 4096
    chunks = [
        message.start(),
        *message.thinking(CLOCK_THOUGHT),
        *message.text(CLOCK_ANSWER),
        *message.end("end_turn"),
    ]
    said = Said(CLOCK_ANSWER, "end_turn", counts)
    draft = make(file, "The hands of a clock, with thinking", body, said, chunks)
    draft.tags = ("text", "reasoning")
    return draft


def cached() -> Draft:
    """A long prompt: most of it read from the cache, the rest written for 5 minutes or an hour."""
    file = "messages-13-stream-cached"
    counts = Counts(in_=3092, out=52, cached=2304, written=768)
    message = Message(Dice(file), SERVED, counts, long_written=512)
    marked = {"type": "ephemeral", "ttl": "1h"}
    system = [{**framing.text_block(STYLE_GUIDE), "cache_control": marked}]
    body = framing.request(MODEL, [framing.user(REVIEW_QUESTION)], system=system, stream=True)
    chunks = [message.start(), *message.text(REVIEW_ANSWER), *message.end("end_turn")]
    said = Said(REVIEW_ANSWER, "end_turn", counts)
    draft = make(file, "A cached prompt", body, said, chunks)
    draft.tags = ("text", "cache")
    return draft


def _failure(kind: str, message: str) -> Json:
    error = {"details": None, "type": kind, "message": message}
    return {"type": "error", "error": error, "request_id": ERROR_ID}


def _broken(file: str, title: str, *tags: str) -> Draft:
    """Begins well."""
    counts = Counts(in_=31, out=None, cached=0, written=0)
    message = Message(Dice(file), SERVED, counts)
    question = f"How does a bloom filter work? llmgate:{tags[0]}"
    said = "A bloom filter answers one question with *no* or *probably*: have I seen this before?"
    body = framing.request(MODEL, [framing.user(question)], stream=True)
    chunks = [message.start(), *message.text(said)[:-1]]
    draft = make(file, title, body, Said(said, "", counts), chunks)
    draft.tags = tags
    return draft


def overloaded() -> Draft:
    """An error event in the middle of a stream that began with 200."""
    draft = _broken("messages-30-stream-error", "Overloaded in mid-stream", "error", "overloaded")
    failure = _failure("overloaded_error", "Overloaded")
    draft.chunks.append(sse(failure, "error"))
    draft.how, draft.error = "error_event", "Overloaded"
    return draft


def cut() -> Draft:
    """The connection ends between two events, with no last word."""
    draft = _broken("messages-31-stream-cut", "Cut in mid-stream", "cut")
    draft.how, draft.error = "reset", "connection reset"
    return draft


def refused() -> Draft:
    """Refused before it began."""
    draft = _broken("messages-70-overloaded", "Refused: overloaded", "529", "error")
    del draft.body["stream"]
    draft.chunks = [compact(_failure("overloaded_error", "Overloaded")).encode()]
    draft.status, draft.pace, draft.said, draft.error = 529, Pace(first=180), Said(), "Overloaded"
    draft.headers = [JSON, ("x-should-retry", "true"), ("request-id", ERROR_ID)]
    return draft


def count_tokens() -> Draft:
    """Counts a request without answering it."""
    body: Json = {"model": MODEL, "messages": [framing.user(BACKOFF_QUESTION)]}
    draft = make("count-tokens-50", "Count tokens", body, Said(), [b'{"input_tokens":23}'])
    draft.dialect, draft.path = "anthropic.count_tokens", framing.PATH + "/count_tokens"
    draft.tags, draft.pace = ("count",), Pace(first=140)
    draft.said.usage = Counts(in_=23)
    return draft
