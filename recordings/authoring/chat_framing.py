"""OpenAI Chat Completions as its providers write it, whole and streamed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from authoring.draft import CREATED, JSON, SSE, Dice, Json, sse, tokens
from llmgate.recording.lines import Counts, ToolCall

PATH = "/v1/chat/completions"
DONE = sse("[DONE]")


def request(model: str, messages: Sequence[Json], **fields: object) -> Json:
    """Gives a request body; a streamed one asks for usage."""
    body: Json = {"model": model, "messages": list(messages), **fields}
    if fields.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return body


def user(text: str) -> Json:
    """Gives a user's message."""
    return {"role": "user", "content": text}


def system(text: str) -> Json:
    """Gives a system prompt."""
    return {"role": "system", "content": text}


def called(calls: Iterable[ToolCall], content: str | None = None) -> Json:
    """Gives the assistant's message that calls tools."""
    return {"role": "assistant", "content": content, "tool_calls": [whole(it) for it in calls]}


def result(call: ToolCall, text: str) -> Json:
    """Gives the message with a tool's result."""
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def tool(name: str, description: str, properties: Json, required: list[str]) -> Json:
    """Gives the definition of a function."""
    schema = {"type": "object", "properties": properties, "required": required}
    parameters = {**schema, "additionalProperties": False}
    function: Json = {"name": name, "description": description, "parameters": parameters}
    function["strict"] = set(required) == set(properties)
    return {"type": "function", "function": function}


def whole(call: ToolCall) -> Json:
    """Gives a tool call as a message holds it."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def usage(counts: Counts) -> Json:
    """Gives the usage object with its details."""
    total, out = counts.in_ or 0, counts.out or 0
    return {
        "prompt_tokens": total,
        "completion_tokens": out,
        "total_tokens": total + out,
        "prompt_tokens_details": {"cached_tokens": counts.cached or 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning or 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def headers(dice: Dice, *, stream: bool) -> list[tuple[str, str]]:
    """Gives the headers of an answer."""
    return [
        SSE if stream else JSON,
        ("openai-processing-ms", str(dice.between(210, 640))),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "200000"),
        ("x-ratelimit-remaining-requests", str(dice.between(9900, 9999))),
        ("x-ratelimit-remaining-tokens", str(dice.between(190000, 199900))),
        ("x-ratelimit-reset-requests", "8.64s"),
        ("x-ratelimit-reset-tokens", f"{dice.between(2, 90)}ms"),
        ("x-request-id", f"req_{dice.hex(32)}"),
    ]


@dataclass
class Chat:
    """One streamed answer of OpenAI's: the same id, model and fingerprint in all its chunks."""

    dice: Dice
    served: str
    usage_null: bool = True  # `usage: null` on every chunk when usage was asked for

    def __post_init__(self) -> None:
        self.base: Json = {
            "id": f"chatcmpl-{self.dice.word(29)}",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.served,
            "service_tier": "default",
            "system_fingerprint": f"fp_{self.dice.hex(10)}",
        }

    def chunk(self, delta: Json, finish: str | None = None) -> bytes:
        """Gives one chunk, padded with ``obfuscation`` so that its length tells nothing."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._framed({"choices": [choice], "usage": None})

    def usage(self, counts: Counts) -> bytes:
        """Gives the chunk without choices that carries the usage."""
        return self._framed({"choices": [], "usage": usage(counts)})

    def _framed(self, rest: Json) -> bytes:
        padding = self.dice.word(self.dice.between(2, 15))
        return sse({**self.base, **rest, "obfuscation": padding})

    def text(self, text: str) -> list[bytes]:
        """Gives the opening chunk and one chunk a token."""
        opening: Json = {"role": "assistant", "content": "", "refusal": None}
        return [self.chunk(opening), *(self.chunk({"content": it}) for it in tokens(text))]

    def calls(self, calls: Sequence[ToolCall]) -> list[bytes]:
        """Gives tool calls: the name first, then the arguments in pieces."""
        events = []
        if len(calls) > 1:
            events.append(self.chunk({"role": "assistant", "content": None}))
        for index, call in enumerate(calls):
            function = {"name": call.name, "arguments": ""}
            opened = {"index": index, "id": call.id, "type": "function", "function": function}
            first: Json = {"tool_calls": [opened]}
            if len(calls) == 1:
                first = {"role": "assistant", "content": None, **first, "refusal": None}
            events.append(self.chunk(first))
            for piece in tokens(call.arguments):
                more = {"index": index, "function": {"arguments": piece}}
                events.append(self.chunk({"tool_calls": [more]}))
        return events

    def ending(self, finish: str, counts: Counts) -> list[bytes]:
        """Gives the reason to stop, the usage, and the last line."""
        return [self.chunk({}, finish), self.usage(counts), DONE]


def completion(dice: Dice, served: str, message: Json, finish: str, counts: Counts) -> Json:
    """Gives an answer that is not streamed."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": finish,
    }
    return {
        "id": f"chatcmpl-{dice.word(29)}",
        "object": "chat.completion",
        "created": CREATED,
        "model": served,
        "choices": [choice],
        "usage": usage(counts),
        "service_tier": "default",
        "system_fingerprint": f"fp_{dice.hex(10)}",
    }
