"""Typed netstrings, `5:hello,`: what mitmproxy writes its flows in; bounded in depth and size."""

from collections.abc import Iterator
from typing import Final

Value = None | bool | int | float | str | bytes | list["Value"] | dict[str, "Value"]

_DEEPEST: Final = 40
_LONGEST_NUMBER: Final = 12


class NotNetstrings(Exception):
    """Bytes that are something else; ``at`` is where."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(f"at byte {at}: {why}")


def values(data: bytes) -> Iterator[Value]:
    """Every value of a file, one after the other."""
    at = 0
    while at < len(data):
        value, at = _read(data, at, len(data), 0)
        yield value


def _read(data: bytes, at: int, end: int, depth: int) -> tuple[Value, int]:
    """The value that begins at ``at``, and where the next one begins."""
    if depth > _DEEPEST:
        raise NotNetstrings(at, "nested too deep")
    colon = data.find(b":", at, min(end, at + _LONGEST_NUMBER))
    if colon < 0 or not data[at:colon].isdigit():
        raise NotNetstrings(at, "a length was expected")
    begin = colon + 1
    stop = begin + int(data[at:colon])
    if stop >= end:
        raise NotNetstrings(at, "the file ends inside a value")
    return _value(data, begin, stop, depth), stop + 1


def _value(data: bytes, begin: int, stop: int, depth: int) -> Value:
    kind = data[stop : stop + 1]
    match kind:
        case b"]":
            return _items(data, begin, stop, depth)
        case b"}":
            items = _items(data, begin, stop, depth)
            if len(items) % 2:
                raise NotNetstrings(begin, "a key without its value")
            return {_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)}
        case _:
            return _plain(kind, data[begin:stop], begin)


def _items(data: bytes, at: int, stop: int, depth: int) -> list[Value]:
    found: list[Value] = []
    while at < stop:
        value, at = _read(data, at, stop, depth + 1)
        found.append(value)
    return found


def _key(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _plain(kind: bytes, text: bytes, at: int) -> Value:
    try:
        match kind:
            case b",":
                return text
            case b";":
                return text.decode("utf-8", "replace")
            case b"#":
                return int(text[:40])
            case b"^":
                return float(text[:40])
            case b"!":
                return text == b"true"
            case b"~":
                return None
            case _:
                raise NotNetstrings(at, f"no value ends in {kind!r}")
    except ValueError:
        raise NotNetstrings(at, "a number was expected") from None
