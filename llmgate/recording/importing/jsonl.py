"""Requests of OpenAI's or Anthropic's shape, one a line: plain, of a batch, pairs, fine-tuning.

Which of them a line is shows in its keys:

- ``{"model", "messages" | "input" | "prompt", ...}`` a request without an answer
- ``{"custom_id", "method", "url", "body"}`` and ``{"custom_id", "params"}`` requests of a batch;
  ``{"custom_id", "response"}`` and ``{"custom_id", "result"}`` are their answers, joined when they
  stand in the same import
- ``{"request", "response"}`` a pair: bodies, or objects that have a ``body``
- ``{"messages"}`` without a model: an example for fine-tuning, its last turn is the answer
"""

from collections.abc import Callable
from typing import Final

import msgspec

from llmgate.recording.importing.building import Answer, build, whole
from llmgate.recording.importing.found import Found, Items, skipped
from llmgate.recording.importing.lines import (
    Broken,
    Fields,
    fields_of,
    inner,
    objects,
    text_of,
    value_of,
)
from llmgate.recording.importing.pairs import read_pair
from llmgate.recording.importing.placing import Placed, placed
from llmgate.recording.importing.shapes import place_of
from llmgate.recording.recording import Recording

_NO_MODEL: Final = "unknown"
_LOOKED_AT: Final = 50
_Answers = dict[str, tuple[int, Fields]]


def read_jsonl(data: bytes, name: str) -> Items:
    """Every line that is a request; answers of a batch are joined to theirs."""
    answers: _Answers = {}
    asked: set[str] = set()
    for item in objects(data):
        if not isinstance(item, Broken) and _is_batch_answer(item[2]):
            answers.setdefault(text_of(item[2], "custom_id"), (item[0], item[2]))
    for item in objects(data):
        if isinstance(item, Broken):
            yield skipped(f"{name}, line {item.line}", item.why)
            continue
        number, line, fields = item
        if not _is_batch_answer(fields):
            asked.add(text_of(fields, "custom_id"))
            yield _read_line(line, fields, f"{name}, line {number}", answers)
    yield from _left_over(answers, asked, name)


def _left_over(answers: _Answers, asked: set[str], name: str) -> Items:
    for key, (number, _) in answers.items():
        if key not in asked:
            yield skipped(
                f"{name}, line {number}",
                "the answer of a batch without its request: import both files together",
            )


def answers_batches(data: bytes) -> bool:
    """Whether a file holds answers of a batch, which need its requests beside them."""
    return any(
        not isinstance(item, Broken) and _is_batch_answer(item[2])
        for _, item in zip(range(_LOOKED_AT), objects(data), strict=False)
    )


def _is_batch_answer(fields: Fields) -> bool:
    return "custom_id" in fields and ("response" in fields or "result" in fields)


def _read_line(line: bytes, fields: Fields, what: str, answers: _Answers) -> Found:
    found = next(
        (read(line, fields, answers) for keys, read in _SHAPES if keys <= fields.keys()), None
    )
    if found is None:
        keys = ", ".join(sorted(fields)[:8])
        return skipped(what, f"no request that is known: it has {keys[:120] or 'no keys'}")
    return skipped(what, found) if isinstance(found, str) else found


def _batch(_line: bytes, fields: Fields, answers: _Answers) -> Recording | str:
    """A line of OpenAI's batches."""
    place = placed(text_of(fields, "url"))
    if isinstance(place, str):
        return place
    body = bytes(fields["body"])
    if isinstance(fields_of(body), str):
        return "its `body` is not a JSON object"
    key = text_of(fields, "custom_id")
    answer, note = _batch_answer(answers.get(key))
    return build(place, body, answer, note=f"Request {key[:80]!r} of a batch. {note}".strip())


def _anthropic_batch(_line: bytes, fields: Fields, answers: _Answers) -> Recording | str:
    """A line of Anthropic's batches."""
    body = bytes(fields["params"])
    if isinstance(fields_of(body), str):
        return "its `params` are not a JSON object"
    key = text_of(fields, "custom_id")
    answer, note = _batch_answer(answers.get(key))
    place = Placed("/v1/messages", "anthropic.messages")
    return build(place, body, answer, note=f"Request {key[:80]!r} of a batch. {note}".strip())


def _batch_answer(found: tuple[int, Fields] | None) -> tuple[Answer | None, str]:
    """The answer of a batch as it would have come on its own."""
    if found is None:
        return None, "Not answered yet."
    fields = found[1]
    if "result" in fields:
        result = inner(fields, "result")
        if "message" in result:
            return whole(bytes(result["message"])), ""
        if "error" in result:
            return whole(bytes(result["error"]), status=400), ""
        return None, f"The batch says: {text_of(result, 'type')[:40] or 'no answer'}."
    response = inner(fields, "response")
    if "body" not in response:
        return None, "The batch has no answer to it."
    status = value_of(response, "status_code")
    fine = isinstance(status, int) and 100 <= status <= 599
    return whole(bytes(response["body"]), status=status if fine else 200), ""  # type: ignore[arg-type]


def _pair(_line: bytes, fields: Fields, _answers: _Answers) -> Recording | str:
    return read_pair(fields)


def _plain(line: bytes, fields: Fields, _answers: _Answers) -> Recording | str:
    """A request as it is sent."""
    place = place_of(fields)
    return place if isinstance(place, str) else build(place, line, None, note="Not answered yet.")


def _example(_line: bytes, fields: Fields, _answers: _Answers) -> Recording | str:
    """An example for fine-tuning: what the model should say is its answer."""
    messages = _entries(fields["messages"])
    if not messages:
        return "its `messages` are empty or no list"
    last = fields_of(messages[-1])
    answered = isinstance(last, dict) and text_of(last, "role") == "assistant"
    asked = messages[:-1] if answered else messages
    body: dict[str, object] = {"model": _NO_MODEL, "messages": asked}
    body |= {key: raw for key, raw in fields.items() if key != "messages"}
    answer = whole(_completion(messages[-1], last)) if isinstance(last, dict) and answered else None
    place = Placed("/v1/chat/completions", "openai.chat")
    note = "An example for fine-tuning: no model was named, its last turn is the answer."
    return build(place, msgspec.json.encode(body), answer, note=note)


def _completion(message: msgspec.Raw, fields: Fields) -> dict[str, object]:
    finish = "tool_calls" if "tool_calls" in fields else "stop"
    return {
        "id": "chatcmpl-imported",
        "object": "chat.completion",
        "created": 0,
        "model": _NO_MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }


def _entries(raw: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


_Reader = Callable[[bytes, Fields, _Answers], Recording | str]
_SHAPES: Final[tuple[tuple[frozenset[str], _Reader], ...]] = (
    (frozenset({"custom_id", "url", "body"}), _batch),
    (frozenset({"custom_id", "params"}), _anthropic_batch),
    (frozenset({"request", "response"}), _pair),
    (frozenset({"request"}), _pair),
    (frozenset({"model", "messages"}), _plain),
    (frozenset({"model", "input"}), _plain),
    (frozenset({"model", "prompt"}), _plain),
    (frozenset({"messages"}), _example),
)


def has_shape(fields: Fields) -> bool:
    """Whether a line is one of those that are read here."""
    return _is_batch_answer(fields) or any(keys <= fields.keys() for keys, _ in _SHAPES)
