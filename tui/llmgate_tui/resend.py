"""A recorded request as fields to change, and back: what nobody touched stays as it was (pure)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

Values = dict[str, str]
_Top = dict[str, msgspec.Raw]
_JSON: Final = msgspec.json.Encoder()
_USER: Final = frozenset({"user"})
_SYSTEM: Final = frozenset({"system", "developer"})
_LIMITS: Final = {  # the field that bounds the answer, the usual one last
    "openai.chat": ("max_completion_tokens", "max_tokens"),
    "openai.responses": ("max_output_tokens",),
    "openai.completions": ("max_tokens",),
    "anthropic.messages": ("max_tokens",),
}


class NotEditable(Exception):
    """The body has no fields to offer; its message says why."""


def read(protocol: str, body: bytes) -> Values:
    """The fields of a request; raises ``NotEditable``."""
    if protocol not in _LIMITS:
        raise NotEditable(f"{protocol} requests have no form: edit the whole body")
    top = _top(body)
    return {
        "model": _text(top.get("model")),
        "temperature": _plain(top.get("temperature")),
        "max_tokens": _plain(top.get(_limit(protocol, top))),
        "system": _system(protocol, top),
        "message": _message(protocol, top),
    }


def write(protocol: str, body: bytes, before: Values, after: Values) -> bytes:
    """The body with the fields that were changed; the same bytes when none was.

    Raises ``NotEditable`` when a value cannot stand there.
    """
    changed = {name: value for name, value in after.items() if value != before.get(name)}
    if not changed:
        return body
    top = _top(body)
    for name, value in changed.items():
        _WRITERS[name](protocol, top, value)
    return _JSON.encode(top)


def model(body: bytes) -> str:
    """The model that a body asks for."""
    try:
        return _text(_top(body).get("model"))
    except NotEditable:
        return ""


def problem(values: Values) -> str:
    """What is wrong with the figures; empty when nothing is."""
    for name, said in (("temperature", "temperature"), ("max_tokens", "max tokens")):
        value = values.get(name, "")
        try:
            number = float(value) if value else 0.0
        except ValueError:
            return f"{said}: {value[:20]!r} is not a number"
        if not 0 <= number < 1e9:
            return f"{said}: 0 or more"
        if name == "max_tokens" and value and not value.isdigit():
            return f"{said}: a whole number"
    return ""


def mistake(text: bytes) -> tuple[str, int]:
    """Why a text is not a JSON object and in which line; empty when it is one."""
    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        said = str(error) or type(error).__name__
        at = _byte(said)
        line = text[: len(text) if at is None else at].count(b"\n") + 1
        return said.split(" (byte")[0], line
    return "", 0


def pretty(body: bytes) -> bytes:
    """Laid out for an editor; as it is when it is no JSON."""
    try:
        return msgspec.json.format(body, indent=2) + b"\n"
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return body


def _byte(said: str) -> int | None:
    digits = said.rpartition("(byte ")[2].partition(")")[0]
    return int(digits) if digits.isdigit() and "(byte " in said else None


# -- reading -----------------------------------------------------------------


def _top(body: bytes) -> _Top:
    try:
        return msgspec.json.decode(body, type=_Top)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotEditable(f"the body is no JSON object: {error}") from error


def _value(raw: msgspec.Raw | None) -> Any:
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _text(raw: msgspec.Raw | None) -> str:
    value = _value(raw)
    return value if isinstance(value, str) else ""


def _plain(raw: msgspec.Raw | None) -> str:
    value = _value(raw)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return bytes(raw).decode() if raw is not None and is_number else ""


def _limit(protocol: str, top: _Top) -> str:
    names = _LIMITS[protocol]
    return next((name for name in names if name in top), names[-1])


def _system(protocol: str, top: _Top) -> str:
    if protocol == "anthropic.messages":
        return _all_text(_value(top.get("system")))
    if protocol == "openai.responses":
        return _text(top.get("instructions"))
    messages = _messages(protocol, top)
    at = _first(messages, _SYSTEM)
    return "" if at is None else _all_text(_content(messages[at]))


def _message(protocol: str, top: _Top) -> str:
    if protocol == "openai.completions":
        return _text(top.get("prompt"))
    if protocol == "openai.responses" and isinstance(_value(top.get("input")), str):
        return _text(top.get("input"))
    messages = _messages(protocol, top)
    at = _last(messages, _USER)
    return "" if at is None else _last_text(_content(messages[at]))


def _messages(protocol: str, top: _Top) -> list[Any]:
    value = _value(top.get("input" if protocol == "openai.responses" else "messages"))
    return value if isinstance(value, list) else []


def _content(message: Any) -> Any:
    return message.get("content") if isinstance(message, dict) else None


def _first(messages: Sequence[Any], roles: frozenset[str]) -> int | None:
    return next((at for at, one in enumerate(messages) if _role(one) in roles), None)


def _last(messages: Sequence[Any], roles: frozenset[str]) -> int | None:
    found = [at for at, one in enumerate(messages) if _role(one) in roles]
    return found[-1] if found else None


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else ""
    return role if isinstance(role, str) else ""


def _texts(content: Any) -> list[int]:
    """Which parts of a list are text."""
    if not isinstance(content, list):
        return []
    return [
        at
        for at, part in enumerate(content)
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]


def _all_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n\n".join(content[at]["text"] for at in _texts(content))


def _last_text(content: Any) -> str:
    """Agents put reminders first and what the person typed last."""
    if isinstance(content, str):
        return content
    texts = _texts(content)
    return content[texts[-1]]["text"] if texts else ""


# -- writing -----------------------------------------------------------------


def _put_model(protocol: str, top: _Top, value: str) -> None:
    _set(top, "model", value)


def _put_temperature(protocol: str, top: _Top, value: str) -> None:
    _set_number(top, "temperature", value)


def _put_limit(protocol: str, top: _Top, value: str) -> None:
    _set_number(top, _limit(protocol, top), value)


def _put_system(protocol: str, top: _Top, value: str) -> None:
    match protocol:
        case "anthropic.messages":
            _set(top, "system", _one_block(_value(top.get("system")), value) if value else "")
        case "openai.responses":
            _set(top, "instructions", value)
        case "openai.chat":
            _put_system_message(top, value)
        case _:
            raise NotEditable("completions have no system prompt")


def _put_system_message(top: _Top, value: str) -> None:
    messages = _messages("openai.chat", top)
    at = _first(messages, _SYSTEM)
    if at is None:
        messages.insert(0, {"role": "system", "content": value})
    elif value:
        messages[at]["content"] = _one_block(_content(messages[at]), value)
    else:
        del messages[at]
    _set(top, "messages", messages)


def _put_message(protocol: str, top: _Top, value: str) -> None:
    if protocol == "openai.completions":
        _set(top, "prompt", value)
        return
    name = "input" if protocol == "openai.responses" else "messages"
    if protocol == "openai.responses" and not isinstance(_value(top.get(name)), list):
        _set(top, name, value)
        return
    messages = _messages(protocol, top)
    at = _last(messages, _USER)
    if at is None:
        messages.append({"role": "user", "content": value})
    else:
        messages[at]["content"] = _last_replaced(_content(messages[at]), value, protocol)
    _set(top, name, messages)


def _one_block(content: Any, value: str) -> Any:
    """A text in the shape that was there; of several blocks the last stays, with what hangs on it
    (a mark for the cache).
    """
    texts = _texts(content)
    if not texts:
        return value
    return [{**content[texts[-1]], "text": value}]


def _last_replaced(content: Any, value: str, protocol: str) -> Any:
    if not isinstance(content, list):
        return value
    texts = _texts(content)
    if texts:
        content[texts[-1]] = {**content[texts[-1]], "text": value}
    else:  # tool results only: the words come behind them
        kind = "input_text" if protocol == "openai.responses" else "text"
        content.append({"type": kind, "text": value})
    return content


def _set(top: _Top, name: str, value: object) -> None:
    """An empty value takes the field away, where there was none it stays away."""
    if value == "":
        top.pop(name, None)
    else:
        top[name] = msgspec.Raw(_JSON.encode(value))


def _set_number(top: _Top, name: str, value: str) -> None:
    if not value:
        top.pop(name, None)
        return
    number = float(value)
    top[name] = msgspec.Raw(_JSON.encode(int(number) if number == int(number) else number))


_WRITERS: Final[dict[str, Callable[[str, _Top, str], None]]] = {
    "model": _put_model,
    "temperature": _put_temperature,
    "max_tokens": _put_limit,
    "system": _put_system,
    "message": _put_message,
}
