"""Errors of ours in the shape of the caller's protocol, as a body or in mid-stream."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from llmgate.wire import sse
from llmgate.wire.exchanges import Protocol

_Words = tuple[str, str | None]

_OPENAI: Final[Mapping[int, _Words]] = {
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    403: ("permission_error", None),
    404: ("invalid_request_error", "model_not_found"),
    408: ("timeout", None),
    429: ("rate_limit_exceeded", "rate_limit_exceeded"),
    503: ("server_error", "overloaded"),
    504: ("timeout", None),
    529: ("server_error", "overloaded"),
}
_ANTHROPIC: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GEMINI: Final[Mapping[int, str]] = {
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}


def error_body(protocol: Protocol, status: int, message: str, *, code: str = "") -> bytes:
    """Writes an error as the caller's SDK expects it; protocols without a shape get OpenAI's."""
    match protocol:
        case "anthropic.messages" | "anthropic.count_tokens":
            return msgspec.json.encode(_anthropic(status, message))
        case "gemini":
            return msgspec.json.encode(_gemini(status, message))
        case "ollama":
            return msgspec.json.encode({"error": message})
        case _:
            return msgspec.json.encode({"error": _openai(status, message, code)})


def error_event(protocol: Protocol, status: int, message: str, *, code: str = "") -> bytes | None:
    """Writes the end of a stream that failed; None where the protocol has no words for it."""
    match protocol:
        case "openai.chat" | "openai.completions":
            return sse.encode(error_body(protocol, status, message, code=code))
        case "anthropic.messages":
            return sse.encode(error_body(protocol, status, message), name="error")
        case "openai.responses":
            return _responses_end(_openai(status, message, code))
        case _:
            return None


def _openai(status: int, message: str, code: str) -> dict[str, Any]:
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    kind, usual = _OPENAI.get(status, (fallback, None))
    return {"message": message, "type": kind, "param": None, "code": code or usual}


def _anthropic(status: int, message: str) -> dict[str, Any]:
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    kind = _ANTHROPIC.get(status, fallback)
    return {"type": "error", "error": {"type": kind, "message": message}}


def _gemini(status: int, message: str) -> dict[str, Any]:
    fallback = "INTERNAL" if status >= 500 else "INVALID_ARGUMENT"
    word = _GEMINI.get(status, fallback)
    return {"error": {"code": status, "message": message, "status": word}}


def _responses_end(error: dict[str, Any]) -> bytes:
    """``event: error``, then ``response.failed``: some readers know only the one or the other."""
    code = error["code"] or error["type"]
    first = {
        "type": "error",
        "code": code,
        "message": error["message"],
        "param": None,
        "sequence_number": 0,
    }
    response = {
        "id": "resp_failed",
        "object": "response",
        "created_at": 0,
        "status": "failed",
        "error": {"code": code, "message": error["message"]},
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "",
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
    }
    last = {"type": "response.failed", "response": response, "sequence_number": 1}
    return sse.encode(msgspec.json.encode(first), name="error") + sse.encode(
        msgspec.json.encode(last), name="response.failed"
    )
