"""What a provider's error says, wherever the many error shapes put it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from llmgate.formats import lenient
from llmgate.wire.blocks import Failed

MAX_MESSAGE: Final = 500
_MAX_READ: Final = 256 * 1024

_TITLE: Final = re.compile(rb"<title[^>]*>(.{0,500}?)</title", re.IGNORECASE | re.DOTALL)
_BLANKS: Final = re.compile(r"\s+")
_STATUS_OF_TYPE: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def upstream_message(body: bytes, content_type: str) -> str:
    """Finds the message in a provider's error body; at most ``MAX_MESSAGE`` characters."""
    head = body[:_MAX_READ].strip()
    if "html" in content_type or head[:1] == b"<":
        title = _TITLE.search(head)
        return short(title[1].decode(errors="replace")) if title else "an HTML page"
    value = lenient.plain(head)
    if value is None and head.startswith((b"data:", b"event:")):
        value = _first_event(head)
    message = "" if value is None else message_in(value)
    return message or short(head[:4000].decode(errors="replace")) or "the answer has no body"


def message_in(value: Any) -> str:
    """Finds the message in a decoded error body, or gives the empty string."""
    match value:
        case {"error": {"message": str(text)}} if text:
            message = text
        case {"error": str(text)} if text:
            message = text
        case {"message": str(text)} if text:
            message = text
        case {"detail": [{"msg": str(text)}, *_]} | {"detail": str(text)}:
            message = text
        case {"errors": [{"message": str(text)}, *_]} | {"errors": [str(text), *_]}:
            message = text
        case {"error": dict(inner)} | [{"error": dict(inner)}, *_]:
            message = message_in(inner)
        case {"message": dict(inner)} | {"detail": dict(inner)}:
            message = message_in(inner)
        case _:
            message = ""
    return short(message)


def failed(value: Any) -> Failed | None:
    """Reads an error object (``error`` itself, or a body that has one); None when there is none."""
    error = value.get("error") if isinstance(value, dict) and value.get("error") else value
    if isinstance(error, str):
        return Failed(short(error)) if error else None
    if not isinstance(error, dict) or not error:
        return None
    kind, code = _word(error.get("type")), _word(error.get("code"))
    status = _status(error, kind)
    message = message_in(error) or message_in({"error": error}) or kind or code
    return Failed(message or "an error without a message", kind, code, status)


def short(text: str) -> str:
    """Puts a text on one line of at most ``MAX_MESSAGE`` characters."""
    line = _BLANKS.sub(" ", text[: MAX_MESSAGE * 4]).strip()
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def _status(error: dict[str, Any], kind: str) -> int | None:
    for name in ("status_code", "status", "http_status", "code"):
        number = error.get(name)
        if isinstance(number, str) and number.isdigit():
            number = int(number[:4])
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            return number
    return _STATUS_OF_TYPE.get(kind)


def _word(value: Any) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else str(value)[:100]


def _first_event(head: bytes) -> Any:
    data = head.partition(b"data:")[2]
    return lenient.plain(data.splitlines()[0]) if data.strip() else None
