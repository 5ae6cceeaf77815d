"""Exchanges, answers and matrices that the tests of comparing make up."""

import json
from collections.abc import Sequence
from typing import Any

from llmgate.compare.answers import Answer, ToolUse
from llmgate.compare.side import Side
from llmgate.wire.compare import Span
from llmgate.wire.exchanges import ExchangeSummary, Protocol
from llmgate.wire.replays import Cell, Matrix, MatrixRow, ReplaySpec, ReplayView

CHAT: Protocol = "openai.chat"
MESSAGES: Protocol = "anthropic.messages"
RESPONSES: Protocol = "openai.responses"
COMPLETIONS: Protocol = "openai.completions"


def row(name: str = "a", protocol: Protocol = CHAT, **fields: Any) -> ExchangeSummary:
    """A finished exchange."""
    given = {"state": "finished", "status": 200, "path": "/v1", "method": "POST", **fields}
    return ExchangeSummary(id=name, started_ms=1, protocol=protocol, **given)


def events(*payloads: object, named: bool = False) -> bytes:
    """A stream of events."""
    return b"".join(_event(payload, named) for payload in payloads)


def _event(payload: object, named: bool) -> bytes:
    data = payload if isinstance(payload, str) else json.dumps(payload)
    name = f"event: {payload['type']}\n" if named and isinstance(payload, dict) else ""
    return f"{name}data: {data}\n\n".encode()


def chat(text: str, calls: Sequence[tuple[str, Any]] = (), ident: str = "1") -> dict[str, Any]:
    """A Chat Completions answer."""
    tools = [
        {
            "id": f"call_{ident}{n}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for n, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": text or None, "tool_calls": tools or None}
    finish = "tool_calls" if tools else "stop"
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": f"chatcmpl-{ident}", "created": 1, "model": "m", "choices": [choice]}


def messages(text: str, calls: Sequence[tuple[str, Any]] = (), ident: str = "1") -> dict[str, Any]:
    """A Messages answer."""
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    content += [
        {"type": "tool_use", "id": f"toolu_{ident}{n}", "name": name, "input": arguments}
        for n, (name, arguments) in enumerate(calls)
    ]
    stop = "tool_use" if calls else "end_turn"
    return {
        "id": f"msg_{ident}",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": stop,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def responses(text: str, calls: Sequence[tuple[str, Any]] = (), ident: str = "1") -> dict[str, Any]:
    """A Responses answer."""
    said = {
        "type": "message",
        "id": f"msg_{ident}",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text}],
    }
    output: list[dict[str, Any]] = [said] if text else []
    output += [
        {
            "type": "function_call",
            "id": f"fc_{ident}{n}",
            "call_id": f"call_{ident}{n}",
            "name": name,
            "arguments": json.dumps(arguments),
            "status": "completed",
        }
        for n, (name, arguments) in enumerate(calls)
    ]
    return {"id": f"resp_{ident}", "object": "response", "status": "completed", "output": output}


def completions(text: str, _calls: object = (), ident: str = "1") -> dict[str, Any]:
    """A Completions answer, which calls no tools."""
    choice = {"index": 0, "text": text, "finish_reason": "stop"}
    return {"id": f"cmpl-{ident}", "object": "text_completion", "model": "m", "choices": [choice]}


ANSWERS = {CHAT: chat, MESSAGES: messages, RESPONSES: responses, COMPLETIONS: completions}


def side(answer: Any, protocol: Protocol = CHAT, name: str = "a", **fields: Any) -> Side:
    """An exchange with an answer: bytes, or what becomes JSON."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    kind = "text/event-stream" if body.startswith((b"data", b"event")) else "application/json"
    return Side(summary=row(name, protocol, **fields), content_type=kind, answer=body)


def said(text: str = "", *calls: tuple[str, str], **fields: Any) -> Answer:
    """An answer that was read."""
    tools = tuple(ToolUse(name, arguments) for name, arguments in calls)
    return Answer(text=text, tools=tools, **{"finish": "stop", "ok": True, **fields})


def left_of(spans: Sequence[Span]) -> str:
    """The left text of a word diff."""
    return "".join(span.text for span in spans if span.kind != "added")


def right_of(spans: Sequence[Span]) -> str:
    """The right text of a word diff."""
    return "".join(span.text for span in spans if span.kind != "removed")


def cell(**fields: Any) -> Cell:
    """A result that ended well."""
    return Cell(**{"ids": ["x"], "state": "finished", "status": 200, "ok": 1, **fields})


def matrix(*rows: Sequence[Cell], columns: Sequence[str] = (), **view: Any) -> Matrix:
    """A matrix of cells; the first of each row is the original's."""
    width = len(rows[0]) if rows else 1
    names = list(columns) or ["original", *(f"p{n}/m" for n in range(1, width))]
    made = [
        MatrixRow(source=row(f"s{n}"), title=f"request {n}", cells=list(cells))
        for n, cells in enumerate(rows)
    ]
    replay = ReplayView(
        **{"id": "r1", "created_ms": 1, "state": "finished", "spec": ReplaySpec(), **view}
    )
    return Matrix(replay=replay, columns=names, rows=made, totals=[Cell()] * width)
