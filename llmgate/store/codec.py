"""How bodies, details and chunk times are packed into blobs, and back.

Whatever is packed carries a checksum: a page that was damaged shows as a problem, never as another
body. That of a part covers its number, too (``BOUND``): what damage gives the number of another
part does not pass for that one. ``RAW`` is what the first versions wrote; ``SHARED`` bodies are in
pieces (pieces.py).
"""

import sys
import threading
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise
from zlib import crc32

import msgspec
import zstandard

from llmgate.store.problems import BrokenBody
from llmgate.wire.exchanges import Attempt, Mark

RAW = 0
ZSTD = 1
SHARED = 2
CHECKED = 3
BOUND = 16  # with one of the others: after a checksum of the part's number and what follows

_SMALL = 160  # below this compression does not pay for itself
_MAX_UNPACKED = 1 << 31


class Rest(msgspec.Struct, array_like=True):
    """What of an ExchangeDetail is not in the summary; fields are only ever added at the end."""

    query: str = ""
    request_headers: list[tuple[str, str]] = []
    sent_headers: list[tuple[str, str]] = []
    received_headers: list[tuple[str, str]] = []
    response_headers: list[tuple[str, str]] = []
    attempts: list[Attempt] = []
    marks: list[Mark] = []
    config_version: int = 0
    hints: list[str] = []
    usage_raw: str = ""
    timing: bytes = b""  # of the chunks: see timing_bytes


_decoder = msgspec.msgpack.Decoder(Rest)
_of_thread = threading.local()


class Packer:
    """Compresses with one reused context: for one thread at a time."""

    def __init__(self, thorough: int = 3) -> None:
        self._fast = zstandard.ZstdCompressor(level=1, write_checksum=True)
        self._thorough = zstandard.ZstdCompressor(level=thorough, write_checksum=True)
        self._encoder = msgspec.msgpack.Encoder()

    def pack(self, data: bytes) -> tuple[int, int, bytes]:
        """The codec, the size before and the bytes to keep."""
        size = len(data)
        if size >= _SMALL:
            packed = (self._fast if size < 8192 else self._thorough).compress(data)
            if len(packed) < size:
                return ZSTD, size, packed
        return CHECKED, size, crc32(data).to_bytes(4, "little") + data

    def pack_part(self, part: int, data: bytes) -> tuple[int, int, bytes]:
        """The same, for this part only."""
        codec, size, packed = self.pack(data)
        return codec | BOUND, size, _bound(part, packed) + packed

    def compress(self, data: bytes) -> bytes:
        """The data as ``ZSTD``, whether that is smaller or not."""
        return self._fast.compress(data)

    def encode(self, rest: Rest) -> bytes:
        """The rest as msgpack, not yet packed."""
        return self._encoder.encode(rest)


def _bound(part: int, packed: bytes) -> bytes:
    return crc32(packed, part & 0xFFFFFFFF).to_bytes(4, "little")


def unpack(codec: object, data: object, part: int = 0) -> bytes:
    """The bytes that were packed as ``part``; raises BrokenBody. For ``SHARED`` see pieces.py."""
    if not (isinstance(data, bytes) and isinstance(codec, int)):
        raise BrokenBody  # a damaged page may hold anything
    if codec & BOUND:
        if data[:4] != _bound(part, data[4:]):
            raise BrokenBody
        codec, data = codec ^ BOUND, data[4:]
    return _unpacked(codec, data)


def _unpacked(codec: int, data: bytes) -> bytes:
    if codec == CHECKED:
        plain = data[4:]
        if crc32(plain) != int.from_bytes(data[:4], "little"):
            raise BrokenBody
        return plain
    if codec == RAW:
        return data
    if codec != ZSTD:
        raise BrokenBody
    try:
        return _unzip(data)
    except (zstandard.ZstdError, MemoryError) as error:
        raise BrokenBody from error


def _unzip(data: bytes) -> bytes:
    """Making a decompressor costs five times as much as a small body in it: one per thread."""
    try:
        decompressor: zstandard.ZstdDecompressor = _of_thread.decompressor
    except AttributeError:
        decompressor = _of_thread.decompressor = zstandard.ZstdDecompressor()
    return decompressor.decompress(data, max_output_size=_MAX_UNPACKED)


def decode_rest(part: int, codec: int, data: bytes) -> Rest:
    """The rest of a detail; raises BrokenBody."""
    try:
        return _decoder.decode(unpack(codec, data, part))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenBody from error


def timing_bytes(chunks: Sequence[bytes], at_us: Sequence[int]) -> bytes:
    """Each chunk's length and time since the chunk before, as two little-endian 64-bit columns."""
    lengths = array("q", map(len, chunks))
    deltas = array("q", at_us[:1])
    deltas.extend(later - earlier for earlier, later in pairwise(at_us))
    return _little(lengths).tobytes() + _little(deltas).tobytes()


def read_timing(data: bytes) -> tuple[list[int], list[int]]:
    """The lengths and the moments that ``timing_bytes`` packed; raises BrokenBody."""
    half = len(data) // 2
    if len(data) % 16:
        raise BrokenBody
    lengths, deltas = array("q"), array("q")
    lengths.frombytes(data[:half])
    deltas.frombytes(data[half:])
    return _little(lengths).tolist(), list(accumulate(_little(deltas)))


def _little(column: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        column.byteswap()
    return column
