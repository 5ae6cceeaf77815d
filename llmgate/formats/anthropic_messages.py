"""Reads answers of Anthropic Messages, streamed or whole."""

from typing import Any, Final

import msgspec

from llmgate.formats import anthropic_usage, faults, lenient
from llmgate.formats.anthropic_blocks import Blocks, Delta
from llmgate.formats.machine import BlockMachine
from llmgate.wire.blocks import FinishReason

_NO_RAW: Final = msgspec.Raw(b"")
_FINISH: Final[dict[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "stop": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
}


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    index: int = 0
    delta: Delta | None = None
    content_block: msgspec.Raw = _NO_RAW
    message: msgspec.Raw = _NO_RAW
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW


class _Message(msgspec.Struct, gc=False):
    id: str = ""
    type: str = ""
    model: str = ""
    content: list[Any] | str | None = None
    stop_reason: str | None = None
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW


_event: Final = msgspec.json.Decoder(_Event)
_message: Final = msgspec.json.Decoder(_Message)


class MessagesDialect:
    """One answer in Messages."""

    __slots__ = ("_blocks", "_started", "_usage", "machine", "terminal", "usage_raw")

    def __init__(self) -> None:
        self.machine = BlockMachine()
        self.usage_raw = ""
        self.terminal = False
        self._started = False
        self._blocks = Blocks(self.machine)
        self._usage: dict[str, Any] = {}

    @property
    def complete(self) -> bool:
        """Only ``message_stop`` ends a message."""
        return False

    def event(self, name: str, data: bytes) -> None:
        """Takes an event; the name in its data counts, as not every host sends ``event:`` lines."""
        event = lenient.decode(_event, data)
        if event is None:
            if data.strip() not in {b"", b"[DONE]"}:
                self.machine.note("an event that is not a JSON object was left out")
            return
        kind = event.type or name
        if kind == "content_block_delta":
            if event.delta is not None:
                self._blocks.delta(event.index, event.delta)
        elif kind == "content_block_start":
            self._blocks.start(event.index, lenient.plain(bytes(event.content_block)))
        elif kind == "content_block_stop":
            self._blocks.stop(event.index)
        else:
            self._take_rare(kind, event, data)

    def body(self, data: bytes) -> bool:
        """Takes a whole answer."""
        message = lenient.decode(_message, data)
        if message is None:
            return False
        self.terminal = True
        if message.type == "error" or bytes(message.error) not in {b"", b"null"}:
            self._fail(data)
            return True
        self._begin(message)
        content = message.content or []
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            self._blocks.whole(part)
        self._finish(message.stop_reason)
        if message.content is None and faults.message_in(lenient.plain(data)):
            self._fail(data)
        return True

    def close(self) -> None:
        """Ends the machine."""
        self._blocks.close()
        self.machine.end(infer_tool_calls=self._blocks.asked_for_tools)

    def _take_rare(self, kind: str, event: _Event, data: bytes) -> None:
        match kind:
            case "message_start":
                message = lenient.decode(_message, bytes(event.message))
                self._start_message(message or _Message())
            case "message_delta":
                self._finish(event.delta.stop_reason if event.delta else None)
                self._count(bytes(event.usage))
            case "message_stop":
                self.terminal = True
            case "error":
                self._fail(data)
            case _:
                pass  # ping, and what is yet to come

    def _start_message(self, message: _Message) -> None:
        if self._started:
            self.machine.note("a second message_start was joined to the first")
            self._blocks.restart()
        self._begin(message)

    def _begin(self, message: _Message) -> None:
        self._started = True
        self.machine.start(message.id, message.model)
        self._count(bytes(message.usage))

    def _finish(self, stop_reason: str | None) -> None:
        if stop_reason:
            reason = _FINISH.get(stop_reason)
            if reason is None:
                self.machine.note(f"an unknown stop reason: {stop_reason[:40]}")
            self.machine.finish(reason or "other", stop_reason[:100])

    def _count(self, raw: bytes) -> None:
        if raw in {b"", b"null"}:
            return
        self._usage = anthropic_usage.join(self._usage, lenient.plain(raw))
        joined = msgspec.json.encode(self._usage)
        usage = anthropic_usage.read(joined)
        if usage is not None:
            self.usage_raw = joined.decode()
            self.machine.report(usage)

    def _fail(self, data: bytes) -> None:
        failure = faults.failed(lenient.plain(data))
        if failure is not None:
            self.machine.fail(failure)
