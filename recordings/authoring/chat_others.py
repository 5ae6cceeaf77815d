"""Chat Completions as others serve it: DeepSeek reasons, OpenRouter comments, Azure filters."""

from collections.abc import Iterator

from authoring import chat_framing as framing
from authoring.draft import CREATED, JSON, SSE, Dice, Draft, Json, Pace, Said, compact, sse, tokens
from llmgate.recording.lines import Counts

KEEP_ALIVE = b": keep-alive\n\n"
PROCESSING = b": OPENROUTER PROCESSING\n\n"

SQL_QUESTION = "Why does my SQL query get slower page by page with OFFSET, and what instead?"
SQL_THOUGHT = (
    "OFFSET n makes the database produce n rows and throw them away, so page 1000 costs a"
    " thousand pages. The usual way out is keyset pagination: remember the last row's sort key."
    " The key must be unique, so add the id."
)
SQL_ANSWER = (
    "`OFFSET 50000` reads 50,000 rows and throws them away, so every page costs more than the"
    " one before.\n\nRemember where the last page ended instead:\n\n"
    "```sql\nSELECT id, created_at, total FROM orders\n"
    "WHERE (created_at, id) < ($1, $2)\nORDER BY created_at DESC, id DESC LIMIT 50;\n```"
)
REGEX_QUESTION = "Why is my regex so slow on long lines?"
REGEX_ANSWER = (
    "Look for a repeated group that can match the same text in two ways, such as `(a+)+$`. On a"
    " line that fails at the end the engine tries every way to split it, and their number doubles"
    " with each character. Make the parts exclude each other, or use an engine without"
    " backtracking."
)
CACHE_QUESTION = "What belongs into a Cache-Control header for an API?"
CACHE_ANSWER = (
    "For anything personal: `private, no-store`. For a shared list that may be a minute old:"
    " `public, max-age=60, stale-while-revalidate=30`, together with an `ETag`, so that a client"
    " which asks again gets a 304 and no body."
)
SAFE: Json = {
    name: {"filtered": False, "severity": "safe"}
    for name in ("hate", "self_harm", "sexual", "violence")
}


def drafts() -> Iterator[Draft]:
    """Gives the recordings of this file."""
    yield deepseek()
    yield openrouter()
    yield azure()
    yield deepseek_whole()


def _deepseek_usage(counts: Counts) -> Json:
    """Counts the cache's share by hits and misses too."""
    usage = framing.usage(counts)
    usage["prompt_tokens_details"] = {"cached_tokens": counts.cached}
    usage["completion_tokens_details"] = {"reasoning_tokens": counts.reasoning}
    missed = (counts.in_ or 0) - (counts.cached or 0)
    return {**usage, "prompt_cache_hit_tokens": counts.cached, "prompt_cache_miss_tokens": missed}


def deepseek() -> Draft:
    """Reasoning first, keep-alive comments while it waits, usage on the last choice."""
    file = "chat-14-stream-reasoning"
    dice, counts = Dice(file), Counts(in_=24, out=139, cached=0, reasoning=53)
    base: Json = {
        "id": f"{dice.hex(8)}-{dice.hex(4)}-{dice.hex(4)}-{dice.hex(4)}-{dice.hex(12)}",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": "deepseek-reasoner",
        "system_fingerprint": f"fp_{dice.hex(10)}_prod0820_fp8_kvcache",
    }

    def event(delta: Json, finish: str | None = None, usage: Json | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse({**base, "choices": [choice], "usage": usage})

    thought: list[Json] = [{"content": None, "reasoning_content": it} for it in tokens(SQL_THOUGHT)]
    said: list[Json] = [{"content": it, "reasoning_content": None} for it in tokens(SQL_ANSWER)]
    opening: Json = {"role": "assistant", "content": None, "reasoning_content": ""}
    last = event({"content": "", "reasoning_content": None}, "stop", _deepseek_usage(counts))
    return Draft(
        file=file,
        title="Pages without OFFSET, with reasoning",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request("deepseek-reasoner", [framing.user(SQL_QUESTION)], stream=True),
        chunks=[
            *[KEEP_ALIVE] * 2,
            *[event(delta) for delta in (opening, *thought, *said)],
            last,
            framing.DONE,
        ],
        pace=Pace(first=520, low=18, high=34, stall=280),
        headers=[SSE, ("cache-control", "no-cache"), ("x-ds-trace-id", dice.hex(32))],
        tags=("text", "reasoning"),
        said=Said(SQL_ANSWER, "stop", counts),
    )


def deepseek_whole() -> Draft:
    """Blank lines while it thinks, then the JSON."""
    file = "chat-53-reasoning"
    dice, counts = Dice(file), Counts(in_=24, out=139, cached=0, reasoning=53)
    message: Json = {"content": SQL_ANSWER, "reasoning_content": SQL_THOUGHT}
    body = framing.completion(dice, "deepseek-reasoner", message, "stop", counts)
    body["usage"] = _deepseek_usage(counts)
    return Draft(
        file=file,
        title="Pages without OFFSET, with reasoning",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request("deepseek-reasoner", [framing.user(SQL_QUESTION)]),
        chunks=[b"\n", b"\n\n", compact(body).encode()],
        pace=Pace(first=480, low=700, high=900),
        headers=[JSON, ("x-ds-trace-id", dice.hex(32))],
        tags=("text", "reasoning"),
        said=Said(SQL_ANSWER, "stop", counts),
    )


def openrouter() -> Draft:
    """Comments first, the role in every chunk, a second finish with usage and its cost."""
    file = "chat-15-stream-openrouter"
    dice, counts = Dice(file), Counts(in_=19, out=84, cached=0, reasoning=0)
    model = "meta-llama/llama-3.3-70b-instruct"
    base: Json = {
        "id": f"gen-{CREATED}-{dice.word(20)}",
        "provider": "DeepInfra",
        "model": model,
        "object": "chat.completion.chunk",
        "created": CREATED,
    }

    def event(text: str, finish: str | None = None, **more: object) -> bytes:
        choice = {
            "index": 0,
            "delta": {"role": "assistant", "content": text},
            "finish_reason": finish,
            "native_finish_reason": finish,
            "logprobs": None,
        }
        return sse({**base, "choices": [choice], **more})

    cost = 0.0000286
    usage = {
        **framing.usage(counts),
        "cost": cost,
        "is_byok": False,
        "cost_details": {
            "upstream_inference_cost": None,
            "upstream_inference_prompt_cost": 0.0000023,
            "upstream_inference_completions_cost": 0.0000263,
        },
    }
    texts = [event(piece) for piece in tokens(REGEX_ANSWER)]
    return Draft(
        file=file,
        title="A slow regex, by OpenRouter",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request(model, [framing.user(REGEX_QUESTION)], stream=True),
        chunks=[
            *[PROCESSING] * 3,
            *texts,
            event("", "stop"),
            event("", "stop", usage=usage),
            framing.DONE,
        ],
        pace=Pace(first=230, low=20, high=44, stall=350),
        headers=[SSE, ("cache-control", "no-cache"), ("x-generation-id", str(base["id"]))],
        tags=("text", "comments"),
        said=Said(REGEX_ANSWER, "stop", counts),
    )


def azure() -> Draft:
    """The verdict on the prompt first, in a chunk without choices; filters on every choice."""
    file = "chat-16-stream-azure"
    dice, counts = Dice(file), Counts(in_=18, out=72, cached=0, reasoning=0)
    chat = framing.Chat(dice, "gpt-4.1-2025-04-14")
    prompt: Json = {**SAFE, "jailbreak": {"filtered": False, "detected": False}}
    verdict = {"prompt_index": 0, "content_filter_results": prompt}
    empty: Json = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}

    def event(delta: Json, finish: str | None = None) -> bytes:
        choice = {
            "content_filter_results": {} if finish or "role" in delta else SAFE,
            "delta": delta,
            "finish_reason": finish,
            "index": 0,
            "logprobs": None,
        }
        return sse({**chat.base, "choices": [choice], "usage": None})

    opening: Json = {"content": "", "refusal": None, "role": "assistant"}
    texts = [event({"content": piece}) for piece in tokens(CACHE_ANSWER)]
    return Draft(
        file=file,
        title="Cache-Control, by Azure",
        dialect="openai.chat",
        path=framing.PATH,
        body=framing.request("gpt-4.1", [framing.user(CACHE_QUESTION)], stream=True),
        chunks=[
            sse({**empty, "prompt_filter_results": [verdict]}),
            event(opening),
            *texts,
            event({}, "stop"),
            sse({**chat.base, "choices": [], "usage": framing.usage(counts)}),
            framing.DONE,
        ],
        pace=Pace(first=610, low=16, high=30),
        headers=[
            SSE,
            ("apim-request-id", f"{dice.hex(8)}-{dice.hex(4)}-{dice.hex(4)}-{dice.hex(12)}"),
            ("x-ms-region", "Sweden Central"),
            ("x-ratelimit-remaining-requests", "249"),
            ("x-ratelimit-remaining-tokens", "249212"),
        ],
        tags=("text", "filters"),
        said=Said(CACHE_ANSWER, "stop", counts),
    )
