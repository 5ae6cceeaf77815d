"""OpenAI Responses as its provider writes it: named events with dense sequence numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from authoring.draft import CREATED, Dice, Json, sse, tokens
from llmgate.recording.lines import Counts, ToolCall

PATH = "/v1/responses"


def request(model: str, asked: str | Sequence[Json], **fields: object) -> Json:
    """Gives a request body."""
    return {"model": model, "input": asked if isinstance(asked, str) else list(asked), **fields}


def user(text: str) -> Json:
    """Gives a user's message."""
    return spoken("user", text)


def spoken(role: str, text: str) -> Json:
    """Gives a message of the input."""
    part = {"type": "input_text", "text": text}
    return {"type": "message", "role": role, "content": [part]}


def called(call: ToolCall) -> Json:
    """Gives a function call in the input."""
    names = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
    return {"type": "function_call", **names}


def result(call: ToolCall, text: str) -> Json:
    """Gives a function's result in the input."""
    return {"type": "function_call_output", "call_id": call.id, "output": text}


def tool(name: str, description: str, properties: Json, required: list[str]) -> Json:
    """Gives the definition of a function."""
    schema: Json = {"type": "object", "properties": properties, "required": required}
    schema["additionalProperties"] = False
    function: Json = {"type": "function", "name": name, "description": description}
    return {**function, "parameters": schema, "strict": set(required) == set(properties)}


def usage(counts: Counts) -> Json:
    """Gives the usage object."""
    total, out = counts.in_ or 0, counts.out or 0
    return {
        "input_tokens": total,
        "input_tokens_details": {"cached_tokens": counts.cached or 0},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning or 0},
        "total_tokens": total + out,
    }


@dataclass
class Response:
    """One answer: its output items, and the events that build them when it is streamed."""

    dice: Dice
    served: str
    asked: Json
    events: list[bytes] = field(default_factory=list)
    output: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._id = f"resp_{self.dice.hex(50)}"

    def open(self) -> None:
        """Begins: created, in progress."""
        for kind in ("response.created", "response.in_progress"):
            self._event(kind, response=self.whole("in_progress"))

    def message(self, text: str) -> None:
        """Adds a message with one part of text."""
        item: Json = {"id": f"msg_{self.dice.hex(50)}", "type": "message", "status": "in_progress"}
        place = self._added({**item, "content": [], "role": "assistant"})
        part: Json = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
        inner: Json = {"content_index": 0, **place}
        self._event("response.content_part.added", **inner, part=part)
        for piece in tokens(text):
            more = {**inner, "delta": piece, "logprobs": [], "obfuscation": self._padding()}
            self._event("response.output_text.delta", **more)
        self._event("response.output_text.done", **inner, text=text, logprobs=[])
        done = {**part, "text": text}
        self._event("response.content_part.done", **inner, part=done)
        self._done({**item, "status": "completed", "content": [done], "role": "assistant"})

    def reasoning(self, text: str) -> None:
        """Adds a reasoning item with a summary."""
        item: Json = {"id": f"rs_{self.dice.hex(50)}", "type": "reasoning"}
        sealed = {"encrypted_content": f"gAAAAAB{self.dice.word(180)}"}
        inner: Json = {**self._added({**item, **sealed, "summary": []}), "summary_index": 0}
        part: Json = {"type": "summary_text", "text": ""}
        self._event("response.reasoning_summary_part.added", **inner, part=part)
        for piece in tokens(text):
            more = {**inner, "delta": piece, "obfuscation": self._padding()}
            self._event("response.reasoning_summary_text.delta", **more)
        self._event("response.reasoning_summary_text.done", **inner, text=text)
        done = {**part, "text": text}
        self._event("response.reasoning_summary_part.done", **inner, part=done)
        self._done({**item, **sealed, "summary": [done]})

    def call(self, call: ToolCall) -> None:
        """Adds a function call."""
        item: Json = {"id": f"fc_{self.dice.hex(50)}", "type": "function_call"}
        names: Json = {"call_id": call.id, "name": call.name}
        place = self._added({**item, "status": "in_progress", "arguments": "", **names})
        for piece in tokens(call.arguments):
            more = {**place, "delta": piece, "obfuscation": self._padding()}
            self._event("response.function_call_arguments.delta", **more)
        self._event("response.function_call_arguments.done", **place, arguments=call.arguments)
        self._done({**item, "status": "completed", "arguments": call.arguments, **names})

    def close(self, counts: Counts) -> None:
        """Ends: completed, with everything once more."""
        self._event("response.completed", response=self.whole("completed", counts))

    def fail(self, code: str, message: str) -> None:
        """Ends badly: an error, then the failed response."""
        self._event("error", code=code, message=message, param=None)
        failed = {**self.whole("failed"), "error": {"code": code, "message": message}}
        self._event("response.failed", response=failed)

    def whole(self, status: str, counts: Counts | None = None) -> Json:
        """Gives the response object; what was asked is repeated in it."""
        asked = self.asked
        return {
            "id": self._id,
            "object": "response",
            "created_at": CREATED,
            "status": status,
            "background": False,
            "completed_at": CREATED + 3 if status == "completed" else None,
            "error": None,
            "incomplete_details": None,
            "instructions": asked.get("instructions"),
            "max_output_tokens": None,
            "max_tool_calls": None,
            "model": self.served,
            "output": list(self.output),
            "parallel_tool_calls": asked.get("parallel_tool_calls", True),
            "previous_response_id": None,
            "prompt_cache_key": asked.get("prompt_cache_key"),
            "prompt_cache_retention": None,
            "reasoning": {"effort": None, "summary": None, **_object(asked.get("reasoning"))},
            "safety_identifier": None,
            "service_tier": "default" if status == "completed" else "auto",
            "store": asked.get("store", True),
            "temperature": 1.0,
            "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": asked.get("tool_choice", "auto"),
            "tools": asked.get("tools", []),
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": None if counts is None else usage(counts),
            "user": None,
            "metadata": {},
        }

    def _padding(self) -> str:
        return self.dice.word(self.dice.between(2, 15))

    def _added(self, item: Json) -> Json:
        """Announces an item; gives where the events that build it belong."""
        index = len(self.output)
        self._event("response.output_item.added", item=item, output_index=index)
        return {"item_id": item["id"], "output_index": index}

    def _done(self, item: Json) -> None:
        index = len(self.output)
        self._event("response.output_item.done", item=item, output_index=index)
        self.output.append(item)

    def _event(self, kind: str, **fields: object) -> None:
        number = len(self.events)
        self.events.append(sse({"type": kind, "sequence_number": number, **fields}, kind))


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
