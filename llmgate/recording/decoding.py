"""An answer that a provider compressed, decoded chunk by chunk."""

import zlib
from collections.abc import Callable, Sequence
from typing import Final

import zstandard

from llmgate.errors import LlmgateError
from llmgate.recording.format import MAX_FILE

DECODABLE: Final = frozenset({"gzip", "x-gzip", "deflate", "zstd"})


class NotPromotable(LlmgateError):
    """No recording can be made of an exchange; says why."""


def decoded(
    chunks: Sequence[bytes], moments: Sequence[int], encoding: str
) -> tuple[list[bytes], list[int]]:
    """The chunks as they decode, with their moments; those that give nothing yet fall away."""
    decode = _decoder(encoding, chunks)
    out: list[bytes] = []
    at_us: list[int] = []
    left = MAX_FILE
    for chunk, moment in zip(chunks, moments, strict=True):
        try:
            data = decode(chunk)
        except (zlib.error, zstandard.ZstdError) as error:
            raise NotPromotable(
                f"the answer says it is {encoding} and cannot be read so"
            ) from error
        left -= len(data)
        if left < 0:
            raise NotPromotable(f"the answer is over {MAX_FILE} bytes once it is decompressed")
        if data:
            out.append(data)
            at_us.append(moment)
    return out, at_us


def _decoder(encoding: str, chunks: Sequence[bytes]) -> Callable[[bytes], bytes]:
    if encoding not in DECODABLE:
        raise NotPromotable(
            f"the answer is compressed with {encoding[:40]!r}, which is not read here: its secrets"
            " could not be looked for"
        )
    if encoding == "zstd":
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj().decompress
    first = next((chunk[0] for chunk in chunks if chunk), 0x78)
    bare = encoding == "deflate" and first & 0x0F != 8  # some leave the envelope away
    inflater = zlib.decompressobj(wbits=-15 if bare else 47)
    return lambda data: inflater.decompress(data, MAX_FILE)
