"""Codex's session logs (``~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl``), a call a recording.

What the model wrote stands between what it was given; ``token_count`` says what a call used. Not in
a log, and so not in the recording: the tools that were offered, and how the answer was cut.
"""

from typing import Any, Final

import msgspec

from llmgate.recording.importing.building import JSON, build, epoch_ms, titled, whole
from llmgate.recording.importing.found import Items, skipped
from llmgate.recording.importing.lines import Broken, Fields, inner, objects, text_of, value_of
from llmgate.recording.importing.placing import Placed
from llmgate.recording.recording import Recording

PLACE: Final = Placed("/v1/responses", "openai.responses")
NOTE: Final = (
    "Rebuilt from a session log of Codex: without the tools it offered; the answer was streamed,"
    " its pieces are not in the log."
)
_SAID: Final = frozenset(
    {
        "reasoning",
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "web_search_call",
        "tool_search_call",
        "image_generation_call",
    }
)
_GIVEN: Final = frozenset(
    {
        "message",
        "function_call_output",
        "custom_tool_call_output",
        "local_shell_call_output",
        "tool_search_output",
        "compaction",
    }
)
_UNKNOWN_MODEL: Final = "unknown"


class _Call(msgspec.Struct):
    """A call of the model: what it was given, what it said, from when to when."""

    number: int
    given: list[bytes]
    model: str
    effort: str
    asked: int | None
    title: str
    said: list[bytes] = []
    ended: int | None = None
    usage: dict[str, Any] | None = None
    open: bool = True


class _Session:
    """Reads line by line; ``calls`` are those that were made so far."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []
        self.id = ""
        self.instructions = ""
        self._model = _UNKNOWN_MODEL
        self._effort = ""
        self._history: list[bytes] = []
        self._at: int | None = None  # when the last thing was given
        self._title = ""
        self._total: object = None

    def take(self, fields: Fields) -> None:
        """Takes a line; one of the first versions has no envelope."""
        at = epoch_ms(text_of(fields, "timestamp"))
        payload = inner(fields, "payload")
        match text_of(fields, "type"):
            case "session_meta":
                self._meta(payload)
            case "turn_context":
                self._model = text_of(payload, "model") or self._model
                self._effort = text_of(payload, "effort")
            case "compacted":
                self._compacted(payload)
            case "event_msg" if text_of(payload, "type") == "token_count":
                self._count(inner(payload, "info"))
            case "response_item" if payload:
                self._item(payload, bytes(fields["payload"]), at)
            case kind if kind in _SAID | _GIVEN and not payload:
                self._item(fields, msgspec.json.encode(fields), at)
            case "" if "instructions" in fields:
                self._meta(fields)
            case _:
                pass

    def _meta(self, payload: Fields) -> None:
        self.id = self.id or text_of(payload, "id")
        text = text_of(payload, "instructions") or text_of(
            inner(payload, "base_instructions"), "text"
        )
        self.instructions = text or self.instructions

    def _item(self, payload: Fields, raw: bytes, at: int | None) -> None:
        kind = text_of(payload, "type")
        if kind in _SAID or (kind == "message" and text_of(payload, "role") == "assistant"):
            self._say(raw, at)
        elif kind in _GIVEN:
            self._close()
            self._at = at
            if kind == "message" and text_of(payload, "role") == "user":
                self._title = _text(payload) or self._title
        else:  # of the client, never sent
            return
        self._history.append(raw)

    def _say(self, raw: bytes, at: int | None) -> None:
        call = self.calls[-1] if self.calls else None
        if call is None or not call.open:
            call = _Call(
                len(self.calls) + 1,
                list(self._history),
                self._model,
                self._effort,
                self._at,
                self._title,
                said=[],
            )
            self.calls.append(call)
        call.said.append(raw)
        call.ended = at

    def _close(self) -> None:
        if self.calls:
            self.calls[-1].open = False

    def _count(self, info: Fields) -> None:
        """What the last call used; the same count may be told twice."""
        total, last = value_of(info, "total_token_usage"), value_of(info, "last_token_usage")
        if total == self._total or not self.calls:
            return
        self._total = total
        call = self.calls[-1]
        if call.usage is None and isinstance(last, dict):
            call.usage = last
        call.open = False

    def _compacted(self, payload: Fields) -> None:
        """The conversation so far was replaced by a shorter one."""
        self._close()
        try:
            kept = msgspec.json.decode(
                payload.get("replacement_history", b"null"), type=list[msgspec.Raw] | None
            )
        except (msgspec.MsgspecError, RecursionError):
            kept = None
        if kept is not None:
            self._history = [bytes(item) for item in kept]
        elif text := text_of(payload, "message"):
            self._history = [msgspec.json.encode(_user(text))]


def read_rollout(data: bytes, name: str) -> Items:
    """One recording for each call of the model, in their order."""
    session = _Session()
    for item in objects(data):
        if isinstance(item, Broken):
            yield skipped(f"{name}, line {item.line}", item.why)
        else:
            session.take(item[2])
    for call in session.calls:
        yield _recording(session, call)


def _recording(session: _Session, call: _Call) -> Recording:
    took_ms = 0 if call.asked is None or call.ended is None else call.ended - call.asked
    return build(
        PLACE,
        _request(session, call),
        whole(_answer(session, call), took_us=max(0, took_ms) * 1000),
        t0_ms=call.asked if call.asked is not None else call.ended,
        headers=(*JSON, ("session-id", session.id[:200])) if session.id else JSON,
        title=titled(call.title),
        note=NOTE,
    )


def _request(session: _Session, call: _Call) -> bytes:
    fields: dict[str, Any] = {"model": call.model}
    if session.instructions:
        fields["instructions"] = session.instructions
    if call.effort:
        fields["reasoning"] = {"effort": call.effort}
    fields["store"] = False
    head = msgspec.json.encode(fields)
    return head[:-1] + b',"input":[' + b",".join(call.given) + b"]}"


def _answer(session: _Session, call: _Call) -> bytes:
    fields: dict[str, Any] = {
        "id": f"resp_{session.id[:60] or 'imported'}_{call.number}",
        "object": "response",
        "created_at": (call.asked or 0) // 1000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": call.model,
        "output": [msgspec.Raw(item) for item in call.said],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if call.usage is not None:
        fields["usage"] = _usage(call.usage)
    return msgspec.json.encode(fields)


def _usage(counted: dict[str, Any]) -> dict[str, Any]:
    """The counts in the words of the API."""

    def number(name: str) -> int:
        value = counted.get(name)
        return value if isinstance(value, int) and 0 <= value < 1 << 53 else 0

    given, said = number("input_tokens"), number("output_tokens")
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": number("cached_input_tokens")},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": number("reasoning_output_tokens")},
        "total_tokens": number("total_tokens") or given + said,
    }


def _text(message: Fields) -> str:
    """What a person said in a message; what the client put there on its own begins with a tag."""
    content = value_of(message, "content")
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    said = [
        text
        for text in texts
        if isinstance(text, str) and not text.startswith(("<", "# AGENTS.md"))
    ]
    return said[-1] if said else ""


def _user(text: str) -> dict[str, Any]:
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": text}],
    }
