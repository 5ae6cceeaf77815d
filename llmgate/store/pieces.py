"""Reads bodies that are kept in pieces, which several bodies may share.

Such a part (codec ``SHARED``) holds a manifest: the bytes between the pieces, and the numbers of
the pieces, all of one generation. Who reads parts asks for their pieces once, for all of them
together (``load``), and joins each where it likes, in a thread for instance (``body_of``).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import accumulate
from typing import Any
from zlib import crc32

import msgspec

from llmgate.store.codec import SHARED, ZSTD, unpack
from llmgate.store.problems import BrokenBody

GENERATION_BITS = 32  # of a piece's id: generation << 32 | number
_AT_ONCE = 500

Rows = Callable[[str, list[Any]], Awaitable[list[Any]]]
Packed = tuple[int, bytes]  # codec and data
Pieces = Mapping[int, Packed]


class Manifest(msgspec.Struct, array_like=True):
    """What a body consists of; fields are only ever added at the end.

    ``steps`` are the pieces' numbers, each as its distance from the one before. Before piece n
    stand ``gaps[n]`` bytes of ``glue``; what is left of it comes after the last one.
    """

    checksum: int  # CRC-32 of the body
    generation: int
    steps: list[int]
    gaps: list[int]
    glue: bytes
    part: int = 0  # that it is of; 0: written before that was noted

    def ids(self) -> list[int]:
        """The ids of its pieces, in order; the same one may come several times."""
        first = self.generation << GENERATION_BITS
        return [first + number for number in accumulate(self.steps)]


_manifests = msgspec.msgpack.Decoder(Manifest)


def read_manifest(data: bytes) -> Manifest:
    """The manifest that a part holds; raises BrokenBody."""
    try:
        return _manifests.decode(unpack(ZSTD, data))
    except msgspec.DecodeError as error:
        raise BrokenBody from error


async def load(rows: Rows, parts: Iterable[Packed]) -> Pieces:
    """The pieces that some parts consist of; a damaged part asks for none."""
    wanted: set[int] = set()
    for codec, data in parts:
        if codec == SHARED:
            wanted.update(ids_of(data))
    found: dict[int, Packed] = {}
    ids = sorted(wanted)
    for start in range(0, len(ids), _AT_ONCE):
        some = ", ".join(str(one) for one in ids[start : start + _AT_ONCE])
        query = f"SELECT id, codec, data FROM pieces WHERE id IN ({some})"  # noqa: S608 - numbers
        for number, codec, data in await rows(query, []):
            found[number] = (codec, data)
    return found


def ids_of(data: bytes) -> list[int]:
    """The pieces that a part refers to; none when it is damaged."""
    try:
        return read_manifest(data).ids()
    except BrokenBody:
        return []


def body_of(part: int, codec: int, data: bytes, pieces: Pieces) -> bytes:
    """The bytes that a part stands for; raises BrokenBody, never returns other bytes."""
    if codec != SHARED:
        return unpack(codec, data, part)
    manifest = read_manifest(data)
    if manifest.part not in {0, part}:
        raise BrokenBody
    body = b"".join(_segments(manifest, pieces))
    if crc32(body) != manifest.checksum:
        raise BrokenBody
    return body


def _segments(manifest: Manifest, pieces: Pieces) -> Iterable[bytes]:
    at = 0
    for gap, number in zip(manifest.gaps, manifest.ids(), strict=False):
        if gap:
            yield manifest.glue[at : at + gap]
            at += gap
        packed = pieces.get(number)
        if packed is None:
            raise BrokenBody
        yield unpack(*packed)
    yield manifest.glue[at:]
