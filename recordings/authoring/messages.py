"""Anthropic Messages: text, whole and streamed."""

from collections.abc import Iterator

from authoring import messages_framing as framing
from authoring.draft import Dice, Draft, Pace, compact
from authoring.messages_framing import Message
from llmgate.recording.lines import Counts

MODEL = "claude-sonnet-4-5"
SERVED = "claude-sonnet-4-5-20250929"

BACKOFF_QUESTION = "When should a client retry a failed request, and how long should it wait?"
BACKOFF_ANSWER = (
    "Retry what may succeed next time and cannot do harm twice: refused connections, timeouts before"
    " the first byte, 429, 503, 529. Never a 400 or a 401, and nothing after the answer has begun.\n\n"
    "- **Wait** what `retry-after` says; without it `min(cap, base * 2^n)`.\n"
    "- **Add jitter**, the whole range of it: a thousand clients that failed together should not come"
    " back together.\n"
    "- **Stop** after three tries and hand the last error up as it is."
)


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield streamed_text()
    yield whole_text()


def streamed_text() -> Draft:
    """A plain streamed answer, with the ping after the first block has begun."""
    dice, counts = Dice("messages text"), Counts(in_=23, out=131, cached=0, written=0)
    message = Message(dice, SERVED, counts)
    return Draft(
        file="messages-10-stream-text",
        title="When to retry",
        dialect="anthropic.messages",
        path=framing.PATH,
        body=framing.request(MODEL, [framing.user(BACKOFF_QUESTION)], stream=True),
        chunks=[message.start(), *message.text(BACKOFF_ANSWER), *message.end("end_turn")],
        pace=Pace(first=640, low=20, high=60, stall=310),
        headers=framing.headers(dice, stream=True),
        tags=("text",),
        text=BACKOFF_ANSWER,
        finish="end_turn",
        usage=counts,
        request_headers=framing.ASKED,
    )


INDEX_QUESTION = (
    "Which Postgres index for `WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 50`?"
)
INDEX_ANSWER = (
    "One B-tree over both columns, in that order:\n\n"
    "```sql\nCREATE INDEX CONCURRENTLY ON events (tenant_id, created_at DESC);\n```\n\n"
    "The equality comes first so that one tenant's rows lie together; inside them the rows are already"
    " sorted, and the scan stops after 50. `EXPLAIN (ANALYZE, BUFFERS)` should show an Index Scan"
    " without a Sort node."
)


def whole_text() -> Draft:
    """A plain answer that is not streamed."""
    dice, counts = Dice("messages whole"), Counts(in_=34, out=103, cached=0, written=0)
    content = [framing.text_block(INDEX_ANSWER)]
    answer = framing.message(dice, SERVED, content, "end_turn", counts)
    return Draft(
        file="messages-50-text",
        title="Which index",
        dialect="anthropic.messages",
        path=framing.PATH,
        body=framing.request(MODEL, [framing.user(INDEX_QUESTION)]),
        chunks=[compact(answer).encode()],
        pace=Pace(first=1380),
        headers=framing.headers(dice, stream=False),
        tags=("text",),
        text=INDEX_ANSWER,
        finish="end_turn",
        usage=counts,
        request_headers=framing.ASKED,
    )
