"""JSON of anyone's making: read if it can be, compared as JSON compares, written for people.

An order of keys means nothing, 1 and 1.0 are one number, true and 1 are not. What nests too deeply
to be walked, or is no JSON, counts as text.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 64

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$")


class NoJson(ValueError):
    """The text is no JSON that can be walked."""


def read_json(text: str) -> Any:
    """Reads a text; raises NoJson."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise NoJson from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = list(chain.from_iterable(map(_inside, level)))
        if not level:
            return value
    raise NoJson


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal as JSON."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b) or (a != a and b != b)  # noqa: PLR0124 - NaN


def compact(value: Any) -> str:
    """Writes a value in one line, as it is."""
    return encodable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def pretty(value: Any) -> str:
    """Writes a value with indentation."""
    text = encodable(json.dumps(value, ensure_ascii=False))
    try:
        return msgspec.json.format(text, indent=2)
    except msgspec.DecodeError:  # NaN and the like
        return encodable(json.dumps(value, ensure_ascii=False, indent=2))


def encodable(text: str) -> str:
    """The text without half characters, which nothing could send on."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def in_order_of(value: Any, model: Any) -> Any:
    """The same value with its keys in the model's order, so that both read alike."""
    if isinstance(value, dict) and isinstance(model, dict):
        known = [key for key in model if key in value]
        more = [key for key in value if key not in model]
        return {key: in_order_of(value[key], model.get(key)) for key in (*known, *more)}
    if isinstance(value, list) and isinstance(model, list):
        pairs = zip_longest(value, model[: len(value)])
        return [in_order_of(one, other) for one, other in pairs]
    return value


def paired(a: list[Any], b: list[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Which elements of two lists belong together: equal ends, and what is between in turn."""
    shortest = min(len(a), len(b))
    head = tail = 0
    while head < shortest and same(a[head], b[head]):
        head += 1
    while tail < shortest - head and same(a[-1 - tail], b[-1 - tail]):
        tail += 1
    yield from ((n, n) for n in range(head))
    yield from zip_longest(range(head, len(a) - tail), range(head, len(b) - tail))
    yield from ((len(a) - n, len(b) - n) for n in range(tail, 0, -1))


def below(path: str, key: str | int) -> str:
    """The path of a member: ``items[2].id``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key and _PLAIN.issuperset(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{compact(key)}]"
