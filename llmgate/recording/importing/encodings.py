"""Bodies as tools store them: compressed as they were on the wire."""

import zlib

import zstandard

from llmgate.recording.importing.found import MAX_ANSWER


class NotDecoded(Exception):
    """A body that cannot be read; the message says why."""


def decoded(data: bytes, encoding: str) -> bytes:
    """The plain bytes of a body, bounded. Raises ``NotDecoded``."""
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        data = _one(data, name)
    return data


def _one(data: bytes, name: str) -> bytes:
    match name:
        case "" | "identity":
            return data
        case "gzip" | "x-gzip" | "deflate":
            return _inflated(data)
        case "zstd":
            return _unpacked(data)
        case _:
            raise NotDecoded(
                f"its body is compressed with {name[:20]!r}, which is not read here:"
                " record it again with `accept-encoding: identity`"
            )


def _inflated(data: bytes) -> bytes:
    """Gzip or zlib, cut off perhaps; or a bare deflate, which must end as it should."""
    for wbits in (47, -15):
        inflater = zlib.decompressobj(wbits=wbits)
        try:
            plain = inflater.decompress(data, MAX_ANSWER + 1)
        except zlib.error:
            continue
        if wbits > 0 or inflater.eof or len(plain) > MAX_ANSWER:
            return _small(plain)
    raise NotDecoded("its compressed body is damaged")


def _unpacked(data: bytes) -> bytes:
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data) as reader:
            return _small(reader.read(MAX_ANSWER + 1))
    except zstandard.ZstdError:
        raise NotDecoded("its compressed body is damaged") from None


def _small(plain: bytes) -> bytes:
    if len(plain) > MAX_ANSWER:
        raise NotDecoded(f"its body is over {MAX_ANSWER >> 20} MB once unpacked")
    return plain
