"""A recorded request body with some of its fields set anew; what is not set stays byte for byte.

A name is a path with dots (``reasoning.effort``, ``messages.0.content``); null takes a field away.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from llmgate.formats.surrogates import mend
from llmgate.replay.problems import BadReplay

_MOST_FIELDS: Final = 64
_LONGEST_NAME: Final = 200
_MOST_BYTES: Final = 1_000_000
_NULL: Final = b"null"

V = TypeVar("V")

_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])


class BadEdit(BadReplay):
    """A field that cannot be set in this request."""


def check(fields: Mapping[str, msgspec.Raw]) -> None:
    """Raises ``BadEdit`` for what could be set in no request."""
    if len(fields) > _MOST_FIELDS:
        raise BadEdit(f"at most {_MOST_FIELDS} fields can be set")
    if sum(len(bytes(value)) for value in fields.values()) > _MOST_BYTES:
        raise BadEdit("the fields that are set are over 1 MB: edit the whole body instead")
    for name in fields:
        if not name or len(name) > _LONGEST_NAME or "" in name.split("."):
            raise BadEdit(f"'{name[:40]}' names no field: write `temperature`, `reasoning.effort`")


def edited(body: bytes, fields: Mapping[str, msgspec.Raw]) -> bytes:
    """The body with ``fields`` set; the very same without any. Raises ``BadEdit``."""
    for name, value in fields.items():
        body = _set(body, name.split("."), bytes(value), name)
    return body


def _set(data: bytes, path: list[str], value: bytes, name: str) -> bytes:
    """``data`` (a JSON value) with the value at ``path`` replaced, added or taken away."""
    first = data.lstrip()[:1]
    if first == b"{":
        return _set_in_object(data, path, value, name)
    if first == b"[":
        return _set_in_array(data, path, value, name)
    raise BadEdit(f"'{name}' cannot be set: there is nothing named '{path[0]}' in {_kind(first)}")


def _set_in_object(data: bytes, path: list[str], value: bytes, name: str) -> bytes:
    fields = _decode(_object, data, name)
    key, rest = path[0], path[1:]
    if rest:
        if key not in fields and value == _NULL:
            return data
        value = _set(bytes(fields.get(key) or b"{}"), rest, value, name)
    elif value == _NULL:
        if key not in fields:
            return data
        del fields[key]
        return msgspec.json.encode(fields)
    fields[key] = msgspec.Raw(value)
    return msgspec.json.encode(fields)


def _set_in_array(data: bytes, path: list[str], value: bytes, name: str) -> bytes:
    items = _decode(_array, data, name)
    place, rest = path[0], path[1:]
    if not (place.isdecimal() and len(place) < 8 and int(place) < len(items)):
        raise BadEdit(f"'{name}' cannot be set: a list of {len(items)} has no '{place}'")
    at = int(place)
    if rest:
        items[at] = msgspec.Raw(_set(bytes(items[at]), rest, value, name))
    elif value == _NULL:
        del items[at]
    else:
        items[at] = msgspec.Raw(value)
    return msgspec.json.encode(items)


def _decode(decoder: msgspec.json.Decoder[V], data: bytes, name: str) -> V:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        mended = mend(data)
        if mended is None:
            raise BadEdit(f"'{name}' cannot be set: the request is no JSON that is read") from error
        return _decode(decoder, mended, name)


def _kind(first: bytes) -> str:
    if first == b'"':
        return "a text"
    return "a number" if first in b"-0123456789" else "true, false or null"
