"""Files of one JSON value a line, read one by one; a broken line is left out, not the file."""

from collections.abc import Iterator

import msgspec

from llmgate.recording.importing.found import MAX_LINE, NotImported

Fields = dict[str, msgspec.Raw]

_fields = msgspec.json.Decoder(Fields).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Broken(msgspec.Struct, frozen=True):
    """A line that is no JSON object."""

    line: int
    why: str


def fields_of(data: bytes | msgspec.Raw) -> Fields | str:
    """The values of a JSON object as they are written, or why there are none."""
    try:
        return _fields(data)
    except msgspec.ValidationError:
        return "not a JSON object"
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"not JSON: {error}"
    except RecursionError:
        return "nested too deep"


def read_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number from 1; an array's entries count as lines."""
    start = data.find(b"[") if data[:64].lstrip().startswith(b"[") else -1
    if start >= 0:
        yield from enumerate(_entries(data), 1)
        return
    at = number = 0
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        number += 1
        if line := data[at:end].strip():
            yield number, line
        at = end + 1


def _entries(data: bytes) -> list[bytes]:
    try:
        return [bytes(entry) for entry in _list(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotImported(f"begins like a JSON array and is none: {error}") from error


def objects(data: bytes) -> Iterator[tuple[int, bytes, Fields] | Broken]:
    """Every line with its fields, or what is wrong with it."""
    for number, line in read_lines(data):
        if len(line) > MAX_LINE:
            yield Broken(number, f"over {MAX_LINE >> 20} MB in one line")
            continue
        fields = fields_of(line)
        yield Broken(number, fields) if isinstance(fields, str) else (number, line, fields)


def text_of(fields: Fields, name: str) -> str:
    """A string field, empty when it is none."""
    raw = fields.get(name)
    if raw is None or memoryview(raw)[:1].tobytes() != b'"':
        return ""
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def value_of(fields: Fields, name: str) -> object:
    """A field's value, None when it is not there or cannot be read."""
    raw = fields.get(name)
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def inner(fields: Fields, name: str) -> Fields:
    """A field that is an object itself, empty when it is none."""
    raw = fields.get(name)
    found = {} if raw is None else fields_of(raw)
    return found if isinstance(found, dict) else {}
