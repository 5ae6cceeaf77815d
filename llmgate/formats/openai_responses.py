"""Reads answers of OpenAI Responses, streamed or whole."""

from typing import Any, Final

import msgspec

from llmgate.formats import faults, lenient, openai_usage
from llmgate.formats.machine import BlockMachine
from llmgate.formats.response_items import Items
from llmgate.wire.blocks import Failed, FinishReason

_NO_RAW: Final = msgspec.Raw(b"")
_INCOMPLETE: Final[dict[str, FinishReason]] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    delta: str | dict[str, Any] | None = None
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    item_id: str | None = None
    item: msgspec.Raw = _NO_RAW
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    input: str | None = None
    code: str | None = None
    annotation: Any = None
    response: msgspec.Raw = _NO_RAW


class _Incomplete(msgspec.Struct, gc=False):
    reason: str | None = None


class _Response(msgspec.Struct, gc=False):
    id: str = ""
    object: str = ""
    model: str = ""
    status: str | None = None
    output: list[Any] | None = None
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW
    incomplete_details: _Incomplete | None = None


_event: Final = msgspec.json.Decoder(_Event)
_response: Final = msgspec.json.Decoder(_Response)

_TEXT_DELTA: Final = "response.output_text.delta"
_ARGUMENTS_DELTA: Final = "response.function_call_arguments.delta"
_ENDS: Final = frozenset({"response.completed", "response.incomplete"})


class ResponsesDialect:
    """One answer in Responses."""

    __slots__ = ("_items", "machine", "terminal", "usage_raw")

    def __init__(self) -> None:
        self.machine = BlockMachine()
        self.usage_raw = ""
        self.terminal = False
        self._items = Items(self.machine)

    @property
    def complete(self) -> bool:
        """Only a terminal event ends a response."""
        return False

    def event(self, name: str, data: bytes) -> None:
        """Takes an event; the type in its data counts, its name where that is missing."""
        event = lenient.decode(_event, data)
        if event is None:
            if data.strip() not in {b"", b"[DONE]"}:
                self.machine.note("an event that is not a JSON object was left out")
            return
        kind = event.type or name
        delta = event.delta if isinstance(event.delta, str) else ""
        if kind == _TEXT_DELTA:
            self._items.say(event, "text", delta)
        elif kind == _ARGUMENTS_DELTA:
            self._items.argue(event, delta)
        elif memoryview(event.response).nbytes:
            self._take_response(kind, bytes(event.response))
        elif kind == "error":
            self._fail(lenient.plain(data))
        else:
            self._take_item_event(kind, event, delta)

    def body(self, data: bytes) -> bool:
        """Takes a whole answer."""
        response = lenient.decode(_response, data)
        if response is None:
            return False
        self.terminal = True
        self._begin(response)
        if response.status == "failed" or response.output is None:
            self._fail(lenient.plain(data))
        self._end(response)
        return True

    def close(self) -> None:
        """Ends the machine."""
        self.machine.end(infer_tool_calls=self._items.asked_for_tools)

    def _take_item_event(self, kind: str, event: _Event, delta: str) -> None:
        items = self._items
        match kind:
            case "response.output_item.added":
                items.add(event, lenient.plain(bytes(event.item)))
            case "response.output_item.done":
                items.complete(event, lenient.plain(bytes(event.item)))
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                items.say(event, "reasoning", delta)
            case "response.reasoning_summary_text.done" | "response.reasoning_text.done":
                items.say_once(event, "reasoning", event.text or "")
            case "response.output_text.done":
                items.say_once(event, "text", event.text or "")
            case "response.refusal.delta":
                items.say(event, "refusal", delta)
            case "response.refusal.done":
                items.say_once(event, "refusal", event.refusal or "")
            case _:
                self._take_call_event(kind, event, delta)

    def _take_call_event(self, kind: str, event: _Event, delta: str) -> None:
        items = self._items
        match kind:
            case "response.function_call_arguments.done":
                items.argue_once(event, event.arguments or "")
            case "response.custom_tool_call_input.delta" | "response.mcp_call_arguments.delta":
                items.argue(event, delta)
            case "response.code_interpreter_call_code.delta":
                items.argue(event, delta)
            case "response.custom_tool_call_input.done":
                items.argue_once(event, event.input or "")
            case "response.mcp_call_arguments.done":
                items.argue_once(event, event.arguments or "")
            case "response.code_interpreter_call_code.done":
                items.argue_once(event, event.code or "")
            case "response.output_text.annotation.added":
                items.cite(event, event.annotation)
            case _:
                pass  # progress of hosted tools, parts, and what is yet to come

    def _take_response(self, kind: str, raw: bytes) -> None:
        response = lenient.decode(_response, raw)
        if response is None:
            return
        self._begin(response)
        if kind == "response.failed":
            self._fail(lenient.plain(raw))
            self._count(response)
        elif kind in _ENDS:
            self.terminal = True
            self._end(response)

    def _begin(self, response: _Response) -> None:
        if response.id or response.model:
            self.machine.start(response.id, response.model)

    def _end(self, response: _Response) -> None:
        if not self.machine.has_blocks:
            for item in response.output or ():
                self._items.whole(item)
        self._count(response)
        if response.status == "incomplete" or response.incomplete_details is not None:
            why = response.incomplete_details.reason if response.incomplete_details else None
            self.machine.finish(_INCOMPLETE.get(why or "", "other"), why or "incomplete")
        elif response.status in {None, "completed"}:
            self.machine.finish("stop", response.status or "")
        elif response.status != "failed":
            self.machine.finish("other", response.status or "")

    def _count(self, response: _Response) -> None:
        raw = bytes(response.usage)
        usage = None if raw in {b"", b"null"} else openai_usage.read(raw)
        if usage is not None:
            self.usage_raw = raw.decode(errors="replace")
            self.machine.report(usage)

    def _fail(self, value: Any) -> None:
        """The error is in ``error``, or the event itself is the error."""
        if isinstance(value, dict) and (value.get("error") or "message" in value):
            failure = faults.failed(value)
        elif isinstance(value, dict) and value.get("status") == "failed":
            failure = Failed("the provider gave no reason")
        else:
            failure = None
        if failure is not None:
            self.machine.fail(failure)
