"""How bodies, details and chunk times are packed into blobs, and back."""

import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise

import msgspec
import zstandard

from llmgate.wire.exchanges import Attempt, Mark

RAW = 0
ZSTD = 1

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


class Packer:
    """Compresses with one reused context: for one thread at a time."""

    def __init__(self) -> None:
        self._fast = zstandard.ZstdCompressor(level=1)
        self._thorough = zstandard.ZstdCompressor(level=3)
        self._encoder = msgspec.msgpack.Encoder()

    def pack(self, data: bytes) -> tuple[int, int, bytes]:
        """The codec, the size before and the bytes to keep."""
        size = len(data)
        if size < _SMALL:
            return RAW, size, data
        packed = (self._fast if size < 8192 else self._thorough).compress(data)
        return (ZSTD, size, packed) if len(packed) < size else (RAW, size, data)

    def encode(self, rest: Rest) -> bytes:
        """The rest as msgpack, not yet packed."""
        return self._encoder.encode(rest)


def unpack(codec: int, data: bytes) -> bytes:
    """The bytes that were packed."""
    if codec == RAW:
        return data
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=_MAX_UNPACKED)


def decode_rest(codec: int, data: bytes) -> Rest:
    """The rest of a detail."""
    return _decoder.decode(unpack(codec, data))


def timing_bytes(chunks: Sequence[bytes], at_us: Sequence[int]) -> bytes:
    """Each chunk's length and time since the chunk before, as two little-endian 64-bit columns."""
    lengths = array("q", map(len, chunks))
    deltas = array("q", at_us[:1])
    deltas.extend(later - earlier for earlier, later in pairwise(at_us))
    return _little(lengths).tobytes() + _little(deltas).tobytes()


def read_timing(data: bytes) -> tuple[list[int], list[int]]:
    """The lengths and the moments that ``timing_bytes`` packed."""
    half = len(data) // 2
    lengths, deltas = array("q"), array("q")
    lengths.frombytes(data[:half])
    deltas.frombytes(data[half:])
    return _little(lengths).tolist(), list(accumulate(_little(deltas)))


def _little(column: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        column.byteswap()
    return column
