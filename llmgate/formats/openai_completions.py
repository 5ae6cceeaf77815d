"""Reads answers of OpenAI's older Completions: text per choice, and nothing else."""

from typing import Final

import msgspec

from llmgate.formats import faults, lenient, openai_usage
from llmgate.formats.machine import BlockMachine
from llmgate.wire.blocks import FinishReason

_NO_RAW: Final = msgspec.Raw(b"")
_FINISH: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "error": "error",
}


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    text: str | None = None
    reasoning: str | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW


_decoder: Final = msgspec.json.Decoder(_Chunk)


class CompletionsDialect:
    """One answer in Completions."""

    __slots__ = ("_blocks", "_finished", "machine", "terminal", "usage_raw")

    def __init__(self) -> None:
        self.machine = BlockMachine()
        self.usage_raw = ""
        self.terminal = False
        self._blocks: dict[tuple[int, str], int] = {}
        self._finished: set[int] = set()

    @property
    def complete(self) -> bool:
        """Every choice has said why it ended."""
        return bool(self._finished) and self._finished >= {index for index, _ in self._blocks}

    def event(self, name: str, data: bytes) -> None:
        """Takes a chunk."""
        if data.strip() == b"[DONE]":
            self.terminal = True
        elif not self._read(data, is_error=name == "error") and data.strip():
            self.machine.note("an event that is not a JSON object was left out")

    def body(self, data: bytes) -> bool:
        """Takes a whole answer."""
        self.terminal = True
        return self._read(data)

    def close(self) -> None:
        """Ends the machine."""
        machine = self.machine
        if self.terminal and not machine.has_finish and machine.has_blocks:
            machine.note("the provider gave no finish reason")
            machine.finish("stop", "")
        machine.end()

    def _read(self, data: bytes, *, is_error: bool = False) -> bool:
        chunk = lenient.decode(_decoder, data)
        if chunk is None:
            return False
        machine = self.machine
        machine.start(chunk.id or "", chunk.model or "")
        for choice in chunk.choices or ():
            self._choice(choice)
        raw = bytes(chunk.usage)
        usage = openai_usage.read(raw) if raw else None
        if usage is not None:
            self.usage_raw = raw.decode(errors="replace")
            machine.report(usage)
        error = bytes(chunk.error)
        failure = faults.failed(lenient.plain(data if is_error and not error else error))
        if failure is not None:
            machine.fail(failure)
        return True

    def _choice(self, choice: _Choice) -> None:
        index = choice.index or 0
        if choice.reasoning:
            block = self._block(index, "reasoning")
            self.machine.delta(block, "reasoning", choice.reasoning)
        if choice.text:
            self.machine.delta(self._block(index, "text"), "text", choice.text)
        if choice.finish_reason:
            self._finished.add(index)
            reason = _FINISH.get(choice.finish_reason, "other")
            self.machine.finish(reason, choice.finish_reason[:100])

    def _block(self, index: int, kind: str) -> int:
        block = self._blocks.get((index, kind))
        if block is None:
            block = self.machine.open("reasoning" if kind == "reasoning" else "text")
            self._blocks[index, kind] = block
        return block
