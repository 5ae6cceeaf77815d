"""Answers that are no conversation: embeddings, lists, token counts, whatever passes raw."""

from typing import Final

import msgspec

from llmgate.formats import faults, lenient
from llmgate.formats.counting import checked
from llmgate.formats.machine import BlockMachine
from llmgate.formats.reader import Ending
from llmgate.wire.blocks import BlockEvent, Usage

_NO_RAW: Final = msgspec.Raw(b"")


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


class _Body(msgspec.Struct):
    id: str = ""
    model: str = ""
    usage: msgspec.Raw = _NO_RAW
    error: msgspec.Raw = _NO_RAW
    input_tokens: int | None = None


_body: Final = msgspec.json.Decoder(_Body)
_usage: Final = msgspec.json.Decoder(_Usage)


class JsonReader:
    """Reads a JSON answer once it is whole; ``counts``: the answer is a token count."""

    __slots__ = ("_chunks", "_counts", "_ending", "_machine", "usage_raw")

    def __init__(self, *, counts: bool = False) -> None:
        self.usage_raw = ""
        self._counts = counts
        self._chunks: list[bytes] = []
        self._machine = BlockMachine()
        self._ending = Ending("cut", "the answer has not ended")

    @property
    def between_events(self) -> bool:
        """Blank lines are harmless before a JSON text, and only there."""
        return not self._chunks

    def feed(self, data: bytes) -> list[BlockEvent]:
        """Keeps the bytes until the end."""
        if data:
            self._chunks.append(data)
        return []

    def close(self) -> list[BlockEvent]:
        """Reads the whole body."""
        data = b"".join(self._chunks)
        body = lenient.decode(_body, data)
        if body is None:
            self._ending = _unread(data)
        else:
            self._read(body)
        self._machine.end()
        return self._machine.take()

    def ending(self) -> Ending:
        """Finished when the JSON was complete and no error."""
        return self._ending

    def _read(self, body: _Body) -> None:
        machine = self._machine
        machine.start(body.id, body.model)
        failure = faults.failed(lenient.plain(bytes(body.error)))
        if failure is not None:
            machine.fail(failure)
            self._ending = Ending("failed", failure.message)
            return
        self._ending = Ending("finished")
        if self._counts and body.input_tokens is not None:
            block = machine.open("text")
            machine.delta(block, "text", f"input_tokens: {body.input_tokens}")
        self.usage_raw = bytes(body.usage).decode(errors="replace")
        usage = lenient.decode(_usage, bytes(body.usage))
        if usage is not None:
            machine.report(checked(_neutral(usage)))


class OpaqueReader:
    """Carries what the gateway does not look into; its end is always a proper one."""

    __slots__ = ("usage_raw",)

    def __init__(self) -> None:
        self.usage_raw = ""

    @property
    def between_events(self) -> bool:
        """Nothing may be added to bytes that are not understood."""
        return False

    def feed(self, data: bytes) -> list[BlockEvent]:
        """Lets the bytes pass."""
        return []

    def close(self) -> list[BlockEvent]:
        """Has nothing to add."""
        return []

    def ending(self) -> Ending:
        """Finished: whether bytes are missing is for the HTTP client to say."""
        return Ending("finished")


def _neutral(usage: _Usage) -> Usage:
    prompt = usage.input_tokens if usage.prompt_tokens is None else usage.prompt_tokens
    output = usage.output_tokens if usage.completion_tokens is None else usage.completion_tokens
    if output is None and prompt is not None and usage.total_tokens is not None:
        output = max(0, usage.total_tokens - prompt)
    if prompt is None:
        prompt = usage.total_tokens
        output = 0 if prompt is not None and output is None else output
    return Usage(input_tokens=prompt, output_tokens=output, cost_usd=usage.cost)


def _unread(data: bytes) -> Ending:
    if not data.strip():
        return Ending("cut", "the answer has no body")
    if isinstance(lenient.plain(data), list):
        return Ending("finished")
    return Ending("cut", "the JSON body is incomplete or broken")
