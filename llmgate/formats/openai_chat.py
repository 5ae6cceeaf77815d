"""Reads answers of OpenAI Chat Completions, as OpenAI and its many imitators write them.

A choice is a lane: text, reasoning and refusal follow one another in it, tool calls may interleave.
Which odd habits are tolerated is told by this module's tests.
"""

from typing import Any, Final

import msgspec

from llmgate.formats import faults, lenient, openai_usage
from llmgate.formats.chat_lane import Lane
from llmgate.formats.chat_pieces import Piece
from llmgate.formats.machine import BlockMachine
from llmgate.wire.blocks import FinishReason

_NO_RAW: Final = msgspec.Raw(b"")
_ABSENT: Final = frozenset({b"", b"null"})

FINISH: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "refusal",
    "error": "error",
}


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    delta: Piece | None = None
    message: Piece | None = None
    finish_reason: str | None = None


class _Groq(msgspec.Struct, gc=False):
    usage: msgspec.Raw = _NO_RAW


class _Chunk(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW
    x_groq: _Groq | None = None


_decoder: Final = msgspec.json.Decoder(_Chunk)


class ChatDialect:
    """One answer in Chat Completions."""

    __slots__ = ("_lanes", "_last_usage", "_started", "machine", "terminal", "usage_raw")

    def __init__(self) -> None:
        self.machine = BlockMachine()
        self.usage_raw = ""
        self.terminal = False
        self._started = False
        self._lanes: dict[int, Lane] = {}
        self._last_usage = b""

    @property
    def complete(self) -> bool:
        """Every choice has said why it ended."""
        return bool(self._lanes) and all(lane.finished for lane in self._lanes.values())

    def event(self, name: str, data: bytes) -> None:
        """Takes a chunk."""
        if data == b"[DONE]" or data.strip() == b"[DONE]":
            self.terminal = True
            return
        chunk = lenient.decode(_decoder, data)
        if chunk is None:
            if data.strip():
                self.machine.note("an event that is not a JSON object was left out")
            return
        if name == "error" and not self._has_error(chunk):
            failure = faults.failed(lenient.plain(data))
            if failure is not None:
                self.machine.fail(failure)
        self._take(chunk)

    def body(self, data: bytes) -> bool:
        """Takes a whole answer."""
        self.terminal = True
        chunk = lenient.decode(_decoder, data)
        if chunk is None:
            return self._list_of_errors(data)
        self._take(chunk)
        if not chunk.choices and self.machine.failure is None:
            self._nothing_said(data)
        return True

    def close(self) -> None:
        """Ends all lanes."""
        machine = self.machine
        for lane in self._lanes.values():
            lane.close()
        if self.terminal and not machine.has_finish and machine.has_blocks:
            machine.note("the provider gave no finish reason")
            machine.finish("stop", "")
        elif not self.terminal and machine.has_finish and self._started:
            machine.note("the stream ended without [DONE]")
        machine.end(infer_tool_calls=True)

    def _take(self, chunk: _Chunk) -> None:
        if not self._started and (chunk.id or chunk.model):
            self._started = True
            self.machine.start(chunk.id or "", chunk.model or "")
        for choice in chunk.choices or ():
            self._choice(choice)
        if memoryview(chunk.usage).nbytes:
            self._usage(bytes(chunk.usage))
        elif chunk.x_groq is not None:
            self._usage(bytes(chunk.x_groq.usage))
        if self._has_error(chunk):
            failure = faults.failed(lenient.plain(bytes(chunk.error)))
            if failure is not None:
                self.machine.fail(failure)

    def _choice(self, choice: _Choice) -> None:
        index = choice.index or 0
        lane = self._lanes.get(index)
        if lane is None:
            lane = self._lanes[index] = Lane(self.machine)
        piece = choice.delta
        if piece is None and not lane.spoke:
            piece = choice.message  # a whole answer, or the whole message in one chunk
        if piece is not None:
            lane.take(piece)
        if choice.finish_reason:
            lane.finished = True
            reason = FINISH.get(choice.finish_reason)
            if reason is None:
                self.machine.note(f"an unknown finish reason: {choice.finish_reason[:40]}")
            self.machine.finish(reason or "other", choice.finish_reason[:100])

    def _usage(self, raw: bytes) -> None:
        if raw in _ABSENT or raw == self._last_usage:
            return
        usage = openai_usage.read(raw)
        if usage is not None:
            self._last_usage = raw
            self.usage_raw = raw.decode(errors="replace")
            self.machine.report(usage)

    def _has_error(self, chunk: _Chunk) -> bool:
        return memoryview(chunk.error).nbytes > 0 and bytes(chunk.error) not in {b"null", b"{}"}

    def _list_of_errors(self, data: bytes) -> bool:
        value: Any = lenient.plain(data)
        if not isinstance(value, list) or not value:
            return False
        failure = faults.failed(value[0])
        if failure is not None:
            self.machine.fail(failure)
        return failure is not None

    def _nothing_said(self, data: bytes) -> None:
        value = lenient.plain(data)
        if faults.message_in(value):
            failure = faults.failed(value)
            if failure is not None:
                self.machine.fail(failure)
        else:
            self.machine.note("the answer has no choices")
