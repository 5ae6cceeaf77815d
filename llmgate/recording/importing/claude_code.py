"""Claude Code's session logs (``~/.claude/projects/<folder>/<session>.jsonl``), a call a recording.

A line is one message, or one block of an answer: the lines of an answer share the message's id. The
request of a call is what the log leads back to from its first line by ``parentUuid``. Not in a log,
and so not in the recording: the system prompt, the tools that were offered, how the answer was cut.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from llmgate.recording.importing.building import (
    JSON,
    build,
    epoch_ms,
    titled,
    whole,
)
from llmgate.recording.importing.found import Items, skipped
from llmgate.recording.importing.lines import read_lines
from llmgate.recording.importing.placing import Placed
from llmgate.recording.recording import Recording

PLACE: Final = Placed("/v1/messages", "anthropic.messages")
MAX_TOKENS: Final = 32_000
NOTE: Final = (
    "Rebuilt from a session log of Claude Code: without its system prompt and tools;"
    " `max_tokens` is a guess; the answer was streamed, its pieces are not in the log."
)
_SYNTHETIC: Final = "<synthetic>"


class _Message(msgspec.Struct):
    role: str = ""
    id: str = ""
    model: str = ""
    content: Any = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Any = None


class _Line(msgspec.Struct):
    type: str = ""
    uuid: str = ""
    parent: str | None = msgspec.field(default=None, name="parentUuid")
    session: str = msgspec.field(default="", name="sessionId")
    timestamp: str = ""
    sidechain: bool = msgspec.field(default=False, name="isSidechain")
    message: _Message | None = None


class _Entry(msgspec.Struct, frozen=True):
    """A message of the log; ``at`` is its place in the file."""

    at: int
    line: _Line
    message: _Message


class _Log(msgspec.Struct):
    """A session: its messages by place, what stands before each line, the lines of each answer."""

    entries: dict[int, _Entry] = {}
    parents: dict[int, int] = {}
    answers: dict[str, list[_Entry]] = {}
    results: dict[str, list[int]] = {}  # by the tool call they answer
    encoded: dict[tuple[int, ...], bytes] = {}


_line: Final = msgspec.json.Decoder(_Line).decode


def read_session(data: bytes, name: str) -> Items:
    """One recording for each answer of a model, in their order."""
    log = _Log()
    yield from _take_lines(log, data, name)
    for entries in log.answers.values():
        yield _recording(log, entries)


def _take_lines(log: _Log, data: bytes, name: str) -> Items:
    places: dict[str, int] = {}
    for number, raw in read_lines(data):
        try:
            line = _line(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            yield skipped(f"{name}, line {number}", f"not a line of a session log: {error}")
            continue
        if line.uuid:
            places[line.uuid] = number
        parent = places.get(line.parent or "")
        if parent is not None and parent < number:
            log.parents[number] = parent
        if line.message is not None and line.type in {"user", "assistant"}:
            _take_message(log, _Entry(number, line, line.message))


def _take_message(log: _Log, entry: _Entry) -> None:
    message = entry.message
    if message.model == _SYNTHETIC:  # said by the client itself, never sent
        return
    log.entries[entry.at] = entry
    if entry.line.type == "assistant":
        key = message.id or entry.line.uuid or str(entry.at)
        log.answers.setdefault(key, []).append(entry)
    else:
        for block in _blocks(message.content):
            if block.get("type") == "tool_result":
                log.results.setdefault(str(block.get("tool_use_id")), []).append(entry.at)


def _blocks(content: Any) -> list[dict[str, Any]]:
    items = content if isinstance(content, list) else []
    return [item for item in items if isinstance(item, dict)]


def _recording(log: _Log, answer: list[_Entry]) -> Recording:
    first, last = answer[0], answer[-1]
    before = [at for at in _before(log, first.at) if at not in {entry.at for entry in answer}]
    asked = log.entries[before[-1]] if before else None
    asked_ms = epoch_ms(asked.line.timestamp) if asked else None
    ended_ms = epoch_ms(last.line.timestamp)
    took_us = 0 if asked_ms is None or ended_ms is None else max(0, ended_ms - asked_ms) * 1000
    session = first.line.session[:200]
    return build(
        PLACE,
        _request(log, before, last.message.model),
        whole(_answer(answer), took_us=took_us),
        t0_ms=asked_ms if asked_ms is not None else ended_ms,
        headers=(*JSON, ("x-claude-code-session-id", session)) if session else JSON,
        title=_title(log, before),
        note=NOTE + (" Of a subagent." if first.line.sidechain else ""),
    )


def _before(log: _Log, at: int) -> list[int]:
    """The messages that lead to a line: its ancestors, whole answers, and all results of theirs.

    Calls of one turn that ran side by side stand in branches of which only one is an ancestor.
    """
    wanted: set[int] = set()
    here: int | None = log.parents.get(at)
    while here is not None:
        entry = log.entries.get(here)
        if entry is not None:
            wanted.add(here)
            if entry.line.type == "assistant":
                wanted.update(_turn(log, entry, at))
        here = log.parents.get(here)
    return sorted(place for place in wanted if place < at)


def _turn(log: _Log, entry: _Entry, until: int) -> Iterator[int]:
    """All lines of an answer, and the results of its tool calls."""
    for part in log.answers.get(entry.message.id, ()):
        yield part.at
        for block in _blocks(part.message.content):
            if block.get("type") == "tool_use":
                yield from (at for at in log.results.get(str(block.get("id")), ()) if at < until)


def _request(log: _Log, before: list[int], model: str) -> bytes:
    """The body: turns of the same role in a row are one, as the client sends them."""
    turns: list[list[int]] = []
    for at in before:
        role = log.entries[at].line.type
        if turns and log.entries[turns[-1][0]].line.type == role:
            turns[-1].append(at)
        else:
            turns.append([at])
    messages = b",".join(_encoded(log, tuple(turn)) for turn in turns)
    head = msgspec.json.encode({"model": model, "max_tokens": MAX_TOKENS})
    return head[:-1] + b',"messages":[' + messages + b"]}"


def _encoded(log: _Log, turn: tuple[int, ...]) -> bytes:
    """A message of the request; the same bytes in every request that has it."""
    known = log.encoded.get(turn)
    if known is None:
        entries = [log.entries[at] for at in turn]
        content = entries[0].message.content if len(entries) == 1 else _joined(entries)
        message = {"role": entries[0].line.type, "content": content}
        known = log.encoded[turn] = msgspec.json.encode(message)
    return known


def _joined(entries: list[_Entry]) -> list[Any]:
    found: list[Any] = []
    for entry in entries:
        content = entry.message.content
        if isinstance(content, str):
            found.append({"type": "text", "text": content})
        elif isinstance(content, list):
            found += content
    return found


def _answer(parts: list[_Entry]) -> dict[str, Any]:
    """The answer as it would have come without a stream; the last line knows the usage."""
    last = parts[-1].message
    finish = next((p.message.stop_reason for p in reversed(parts) if p.message.stop_reason), None)
    usage = next((p.message.usage for p in reversed(parts) if p.message.usage is not None), None)
    calls = any(b.get("type") == "tool_use" for p in parts for b in _blocks(p.message.content))
    return {
        "id": last.id,
        "type": "message",
        "role": "assistant",
        "model": last.model,
        "content": _joined(parts),
        "stop_reason": finish or ("tool_use" if calls else "end_turn"),
        "stop_sequence": last.stop_sequence,
        **({"usage": usage} if usage is not None else {}),
    }


def _title(log: _Log, before: list[int]) -> str:
    for at in reversed(before):
        entry = log.entries[at]
        content = entry.message.content
        texts = (
            [content]
            if isinstance(content, str)
            else [
                str(block.get("text")) for block in _blocks(content) if block.get("type") == "text"
            ]
        )
        if entry.line.type == "user" and any(text.strip() for text in texts):
            return titled(next(text for text in texts if text.strip()))
    return ""
