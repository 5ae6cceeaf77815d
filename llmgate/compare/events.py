"""What came over the wire on both sides, event by event or line by line, equal ones abreast."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Any, Final

import msgspec

from llmgate.compare.alignment import align
from llmgate.compare.json_value import NoJson, compact, pretty, read_json
from llmgate.compare.side import Side
from llmgate.compare.volatile import Stripper
from llmgate.wire.compare import EventPair
from llmgate.wire.sse import Decoder, Event

MAX_PAIRS: Final = 2_000

_MOST_ITEMS: Final = 4_000  # of a side that are looked at
_LONGEST: Final = 20_000  # characters of an item that are shown
_BOM: Final = b"\xef\xbb\xbf"


class Item(msgspec.Struct, frozen=True):
    """An event or a line: its text without what is volatile, its key, and what sort it is of."""

    text: str
    key: str
    sort: str = ""


class Items(msgspec.Struct, frozen=True):
    """One side; ``more`` were not looked at."""

    items: list[Item]
    more: int = 0
    stream: bool = False


def items_of(side: Side, stripper: Stripper) -> Items:
    """Reads an answer as events if it is a stream, else as lines."""
    body = side.answer or b""
    if side.content_type.startswith(("audio/", "image/", "video/")):
        return Items([_medium(body, side.content_type)])
    if _is_stream(body, side.content_type):
        return _events(body, stripper)
    lines = _lines(body, stripper)
    items = [Item(line, line.rstrip(",")) for line in lines[:_MOST_ITEMS]]
    return Items(items, max(0, len(lines) - _MOST_ITEMS))


def beside(left: Items, right: Items) -> tuple[list[EventPair], int]:
    """Pairs of both sides, and how many there are beyond ``MAX_PAIRS``."""
    pairs = list(_pairs(left.items, right.items))
    more = max(left.more, right.more)
    return pairs[:MAX_PAIRS], max(0, len(pairs) - MAX_PAIRS) + more


def _is_stream(body: bytes, content_type: str) -> bool:
    first = body[:64].lstrip().removeprefix(_BOM)
    if first[:1] in {b"{", b"[", b"<"}:
        return False
    framed = first.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))
    return framed or content_type.startswith("text/event-stream")


def _medium(body: bytes, content_type: str) -> Item:
    digest = hashlib.sha256(body).hexdigest()
    return Item(f"{content_type[:100]}, {len(body):,} bytes, SHA-256 {digest}", digest)


def _events(body: bytes, stripper: Stripper) -> Items:
    decoder = Decoder()
    events = [*decoder.feed(body), *decoder.close()]
    items = [_item(event, stripper) for event in events[:_MOST_ITEMS]]
    return Items(items, max(0, len(events) - _MOST_ITEMS), stream=True)


def _item(event: Event, stripper: Stripper) -> Item:
    text = event.data.decode("utf-8", "replace")
    try:
        value = stripper.strip(read_json(text))
    except NoJson:
        return _named(event.name, text, text, "")
    return _named(event.name, compact(value), _sorted(value), _sort_of(value))


def _named(name: str, text: str, key: str, sort: str) -> Item:
    """Puts the event's name before its data, unless the data says it, too."""
    head = f"{name} " if name and name != sort else ""
    return Item(_cut(head + text), f"{name}\n{key}", name or sort)


def _sort_of(value: Any) -> str:
    """What an event is about: its type, or else what a chunk's first choice holds."""
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("type"), str):
        return str(value["type"])
    match value.get("choices"):
        case [{"delta": dict(delta), **rest}, *_]:
            held = sorted(key for key, inner in delta.items() if inner)
            return ",".join([*held, "finish" if rest.get("finish_reason") else ""])
        case _:
            return ",".join(sorted(value))


def _sorted(value: Any) -> str:
    return compact(_in_order(value))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return list(map(_in_order, value)) if isinstance(value, list) else value


def _lines(body: bytes, stripper: Stripper) -> list[str]:
    text = body.removeprefix(_BOM).decode("utf-8", "replace")
    with suppress(NoJson):
        text = pretty(stripper.strip(read_json(text)))
    return [_cut(line) for line in text.splitlines()]


def _cut(text: str) -> str:
    more = len(text) - _LONGEST
    return text if more <= 0 else f"{text[:_LONGEST]}… ({more:,} more characters)"


def _pairs(left: Sequence[Item], right: Sequence[Item]) -> Iterator[EventPair]:
    i = j = 0
    runs = align([one.key for one in left], [one.key for one in right])
    for p, q, n in [*runs, (len(left), len(right), 0)]:
        yield from _others(left[i:p], right[j:q])
        for one, other in zip(left[p : p + n], right[q : q + n], strict=True):
            yield EventPair(left=one.text, right=other.text, same=True)
        i, j = p + n, q + n


def _others(left: Sequence[Item], right: Sequence[Item]) -> Iterator[EventPair]:
    """What differs: events of one sort abreast, the rest in turn."""
    i = j = 0
    runs = align([one.sort for one in left], [one.sort for one in right])
    for p, q, n in [*runs, (len(left), len(right), 0)]:
        yield from _in_turn(left[i:p], right[j:q])
        yield from _in_turn(left[p : p + n], right[q : q + n])
        i, j = p + n, q + n


def _in_turn(left: Sequence[Item], right: Sequence[Item]) -> Iterator[EventPair]:
    for one, other in zip_longest(left, right):
        yield EventPair(left=one.text if one else None, right=other.text if other else None)
