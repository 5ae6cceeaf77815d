"""Embeddings as answers: read from either encoding, compared by their angle."""

import base64
import binascii
import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, Final

from llmgate.formats import lenient

Vector = tuple[float, ...]

_MOST_NUMBERS: Final = 200_000
_SIZE: Final = 4  # bytes of a number in base64


def read_vectors(body: bytes) -> tuple[Vector, ...]:
    """The vectors of an Embeddings answer, in order; what is none is left out."""
    value = lenient.plain(body)
    data = value.get("data") if isinstance(value, dict) else None
    return tuple(_bounded(data)) if isinstance(data, list) else ()


def _bounded(data: list[Any]) -> Iterator[Vector]:
    count = 0
    for item in data:
        vector = _vector(item.get("embedding")) if isinstance(item, dict) else ()
        count += len(vector)
        if count > _MOST_NUMBERS:
            return
        if vector:
            yield vector


def _vector(value: Any) -> Vector:
    if isinstance(value, str):
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return ()
        return tuple(array("f", data[: len(data) // _SIZE * _SIZE]))
    if isinstance(value, list) and all(isinstance(one, int | float) for one in value):
        try:
            return tuple(map(float, value))
        except OverflowError:
            return ()
    return ()


def vectors_likeness(a: Sequence[Vector], b: Sequence[Vector]) -> float:
    """The mean cosine of the pairs in order, over the longer side; below 0 counts as 0."""
    if a == b:
        return 1.0
    return sum(map(_cosine, a, b)) / max(len(a), len(b), 1)


def _cosine(a: Vector, b: Vector) -> float:
    if len(a) != len(b):
        return 0.0
    lengths = math.hypot(*a) * math.hypot(*b)
    if not lengths or not math.isfinite(lengths):
        return 0.0
    product = math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths
    return min(1.0, max(0.0, product)) if math.isfinite(product) else 0.0
