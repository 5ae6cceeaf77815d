"""Where a body is cut: at the elements of its arrays, and around long values.

A request of a conversation repeats the one before it and adds a little at its end; cut at the
borders of messages, tools and blocks, it consists of pieces that are known already. Cuts are only
positions: whatever they are, the pieces in their order are the body, byte for byte. A body that is
not a JSON object, or larger than ``_MOST``, is one piece.
"""

from collections.abc import Iterable, Iterator

import msgspec

LEAST = 4096
"""A body below this many bytes is not cut: as a whole it is compressed better."""

_MOST = 8 << 20  # decoding holds the interpreter, for about a millisecond per MB
_SHORT = 48  # what is shorter is no piece
_SPLIT = 8192  # a value longer than this is cut inside
_DEEPEST = 6  # of messages, a message, content, a tool's result, its content, a block
_BEGINNING = 48  # bytes by which a value is found again
_DENSE = 4  # an array with a comma for so few bytes holds no messages

_OBJECT, _ARRAY, _STRING = b'{["'

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])

Span = tuple[int, int]


def spans(body: bytes) -> list[Span]:
    """The pieces of a body, rising; what lies between them is too short to be one."""
    if not LEAST <= len(body) <= _MOST or body[:1] != b"{":
        return [(0, len(body))]
    cuts = _cut(body, 0, len(body), 0)
    return [(start, end) for start, end in cuts if end - start >= _SHORT]


def _cut(body: bytes, start: int, end: int, depth: int) -> Iterator[Span]:
    """Cuts one JSON value of the body."""
    at = start
    for value in _inside(body, start, end, depth):
        length = len(value)
        if length < _SHORT:
            continue
        found = body.find(value[:_BEGINNING], at, end)
        if found < 0 or found + length > end:
            break  # a key was there twice: what is left is cut no further
        if found > at:
            yield at, found
        at = found + length
        if length >= _SPLIT or depth == 0:
            yield from _cut(body, found, at, depth + 1)
        else:
            yield found, at
    if at < end:
        yield at, end


def _inside(body: bytes, start: int, end: int, depth: int) -> Iterable[memoryview]:
    """The values inside one, in their order; none when it is not to be cut."""
    if depth > _DEEPEST:
        return ()
    value = memoryview(body)[start:end]
    try:
        if value[0] == _OBJECT:
            return [memoryview(raw) for raw in _fields.decode(value).values()]
        if value[0] == _ARRAY and _holds_more_than_numbers(body, start, end):
            return [memoryview(raw) for raw in _elements.decode(value)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return ()


def _holds_more_than_numbers(body: bytes, start: int, end: int) -> bool:
    first = body[start + 1 : start + 64].lstrip()[:1]
    if not first or first[0] not in {_OBJECT, _ARRAY, _STRING}:
        return False
    return body.count(b",", start, end) * _DENSE < end - start
