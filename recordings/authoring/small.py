"""OpenAI's older and smaller endpoints: Completions and Embeddings."""

import base64
import math
import struct
from collections.abc import Iterator

from authoring import chat_framing
from authoring.draft import CREATED, Dice, Draft, Json, Pace, Said, compact, sse, tokens
from llmgate.recording.lines import Counts

MODEL, SERVED = "gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct:20230824-v2"
PROMPT = "The three hard problems of distributed systems are"
CONTINUED = " exactly-once delivery, guaranteed order, and exactly-once delivery."
EMBEDDED = "A queue needs a bound."
DIMENSIONS = 1536


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield completion("completions-10-stream-text", stream=True)
    yield completion("completions-50-text", stream=False)
    yield embedding("embeddings-50-float", "float")
    yield embedding("embeddings-51-base64", "base64")


def _choice(text: str, finish: str | None) -> list[Json]:
    return [{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}]


def completion(file: str, *, stream: bool) -> Draft:
    """A continued text."""
    dice, counts = Dice(file), Counts(in_=8, out=13)
    usage: Json = {"prompt_tokens": 8, "completion_tokens": 13, "total_tokens": 21}
    base: Json = {"id": f"cmpl-{dice.word(29)}", "object": "text_completion", "created": CREATED}
    body: Json = {"model": MODEL, "prompt": PROMPT, "max_tokens": 64}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        choices = [*(_choice(piece, None) for piece in tokens(CONTINUED)), _choice("", "stop")]
        rest: Json = {"model": SERVED, "usage": None}
        chunks = [sse({**base, "choices": choice, **rest}) for choice in choices]
        chunks.append(sse({**base, "model": SERVED, "usage": usage, "choices": []}))
        chunks.append(chat_framing.DONE)
    else:
        whole = {**base, "model": SERVED, "choices": _choice(CONTINUED, "stop"), "usage": usage}
        chunks = [compact(whole).encode()]
    return Draft(
        file=file,
        title="A text continued",
        dialect="openai.completions",
        path="/v1/completions",
        body=body,
        chunks=chunks,
        pace=Pace(first=290, low=22, high=40),
        headers=chat_framing.headers(dice, stream=stream),
        tags=("text",),
        said=Said(CONTINUED, "stop", counts),
    )


def vector() -> list[float]:
    """Draws a vector of length 1, the same in both encodings and on every machine."""
    dice = Dice("embedding")
    numbers = [dice.bell(-1_000_000, 1_000_000) / 1_000_000 for _ in range(DIMENSIONS)]
    length = math.sqrt(math.fsum(number * number for number in numbers))
    return [round(number / length, 8) for number in numbers]


def embedding(file: str, encoding: str) -> Draft:
    """One embedding, as numbers or as their bytes."""
    dice, numbers = Dice(file), vector()
    packed = base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *numbers)).decode()
    entry: Json = {
        "object": "embedding",
        "index": 0,
        "embedding": numbers if encoding == "float" else packed,
    }
    answer: Json = {
        "object": "list",
        "data": [entry],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 6, "total_tokens": 6},
    }
    model = "text-embedding-3-small"
    return Draft(
        file=file,
        title=f"An embedding as {encoding}",
        dialect="openai.embeddings",
        path="/v1/embeddings",
        body={"model": model, "input": EMBEDDED, "encoding_format": encoding},
        chunks=[compact(answer).encode()],
        pace=Pace(first=210),
        headers=chat_framing.headers(dice, stream=False),
        tags=("embedding",),
        said=Said("", "", Counts(in_=6)),
    )
