"""Anthropic Messages as its provider writes it, whole and streamed."""

from collections.abc import Sequence
from dataclasses import dataclass

from authoring.draft import JSON, SSE, Dice, Json, sse, tokens
from llmgate.recording.lines import Counts, ToolCall

PATH = "/v1/messages"
ASKED = (JSON, ("anthropic-version", "2023-06-01"))


def request(model: str, messages: Sequence[Json], **fields: object) -> Json:
    """Gives a request body."""
    return {"model": model, "max_tokens": 1024, "messages": list(messages), **fields}


def user(content: str | list[Json]) -> Json:
    """Gives a user's message."""
    return {"role": "user", "content": content}


def text_block(text: str) -> Json:
    """Gives a block of text."""
    return {"type": "text", "text": text}


def called(calls: Sequence[ToolCall], inputs: Sequence[Json], text: str = "") -> Json:
    """Gives the assistant's message that uses tools."""
    blocks = [tool_use(it, given) for it, given in zip(calls, inputs, strict=True)]
    return {"role": "assistant", "content": [text_block(text), *blocks] if text else blocks}


def tool_use(call: ToolCall, given: Json) -> Json:
    """Gives the block that uses a tool."""
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given}


def result(call: ToolCall, text: str) -> Json:
    """Gives the block with a tool's result."""
    return {"type": "tool_result", "tool_use_id": call.id, "content": text}


def tool(name: str, description: str, properties: Json, required: list[str]) -> Json:
    """Gives the definition of a tool."""
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": description, "input_schema": schema}


def usage(counts: Counts, *, long_written: int = 0) -> Json:
    """Gives the usage object: here ``input_tokens`` leaves out what the cache read or wrote."""
    read, written = counts.cached or 0, counts.written or 0
    return {
        "input_tokens": (counts.in_ or 0) - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": written - long_written,
            "ephemeral_1h_input_tokens": long_written,
        },
        "output_tokens": counts.out or 0,
        "service_tier": "standard",
    }


def headers(dice: Dice, *, stream: bool) -> list[tuple[str, str]]:
    """Gives the headers of an answer."""
    reset = f"2026-01-12T09:00:{dice.between(10, 59)}Z"
    limits = [("requests", 4000), ("tokens", 2_400_000), ("input-tokens", 2_000_000)]
    return [
        SSE if stream else JSON,
        *(
            pair
            for name, limit in [*limits, ("output-tokens", 400_000)]
            for pair in (
                (f"anthropic-ratelimit-{name}-limit", str(limit)),
                (
                    f"anthropic-ratelimit-{name}-remaining",
                    str(limit - dice.between(1, 9) * 1000 % limit),
                ),
                (f"anthropic-ratelimit-{name}-reset", reset),
            )
        ),
        ("request-id", f"req_011C{dice.word(20)}"),
    ]


@dataclass
class Message:
    """One streamed answer: blocks one after the other, counted from 0."""

    dice: Dice
    model: str
    counts: Counts
    long_written: int = 0

    def __post_init__(self) -> None:
        self._index = 0

    def start(self) -> bytes:
        """Gives the head, with the input counted and one token of output."""
        counted = {**usage(self.counts, long_written=self.long_written), "output_tokens": 1}
        head: Json = {
            "model": self.model,
            "id": f"msg_01{self.dice.word(22)}",
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": counted,
        }
        return event("message_start", message=head)

    def text(self, text: str, *, most: int = 3) -> list[bytes]:
        """Gives a block of text, a few tokens at a time."""
        pieces = self.dice.groups(tokens(text), most)
        deltas: list[Json] = [{"type": "text_delta", "text": piece} for piece in pieces]
        return self._block({"type": "text", "text": ""}, deltas)

    def thinking(self, text: str) -> list[bytes]:
        """Gives a block of thinking with its signature."""
        pieces = self.dice.groups(tokens(text), 4)
        deltas: list[Json] = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
        deltas.append({"type": "signature_delta", "signature": signature(self.dice)})
        return self._block({"type": "thinking", "thinking": "", "signature": ""}, deltas)

    def call(self, call: ToolCall) -> list[bytes]:
        """Gives a tool use; its input comes as pieces of JSON, the first one empty."""
        pieces = ["", *self.dice.groups(tokens(call.arguments), 3)]
        deltas: list[Json] = [{"type": "input_json_delta", "partial_json": it} for it in pieces]
        return self._block(tool_use(call, {}), deltas)

    def end(self, reason: str) -> list[bytes]:
        """Gives the reason to stop, the usage so far, and the end."""
        counted = usage(self.counts)
        for name in ("cache_creation", "service_tier"):
            del counted[name]
        stop = {"stop_reason": reason, "stop_sequence": None}
        return [event("message_delta", delta=stop, usage=counted), event("message_stop")]

    def _block(self, opened: Json, deltas: Sequence[Json]) -> list[bytes]:
        index, self._index = self._index, self._index + 1
        start = [event("content_block_start", index=index, content_block=opened)]
        if index == 0:
            start.append(event("ping"))
        middle = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
        return [*start, *middle, event("content_block_stop", index=index)]


def event(kind: str, **fields: object) -> bytes:
    """Frames an event, whose name is also its type."""
    return sse({"type": kind, **fields}, kind)


def signature(dice: Dice) -> str:
    """Draws what looks like the signature of a block of thinking; it verifies nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return "EqQBCkYIBxgCKkA" + dice.word(241, letters)


def message(dice: Dice, model: str, content: list[Json], reason: str, counts: Counts) -> Json:
    """Gives an answer that is not streamed."""
    return {
        "model": model,
        "id": f"msg_01{dice.word(22)}",
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage(counts),
    }
