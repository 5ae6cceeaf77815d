"""A text read in another way, without its escapes say, that still knows where each byte came from.

Secrets hide in JSON strings, in URLs and in base64; what is found there has to be blanked in the
bytes as they were written.
"""

import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

Span = tuple[int, int]

_JSON_ESCAPE: Final = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_QUOTED: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
_READABLE: Final = re.compile(rb"[ -~]{16}")
_PLAIN: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_TO_URLSAFE: Final = bytes.maketrans(b"-_", b"+/")
_ESCAPED: Final = 3  # bytes that one escape may stand for
_LONGEST: Final = 8 << 20  # of base64: more is a picture or a film


class View:
    """Pieces one after the other: ``text`` as it reads, and the place in the source of each."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._starts: list[int] = []
        self._pieces: list[tuple[int, int, int]] = []  # its length, its place in the source
        self._size = 0
        self._text: bytes | None = None

    @property
    def text(self) -> bytes:
        """What it reads."""
        if self._text is None:
            self._text = b"".join(self._parts)
        return self._text

    @property
    def is_plain(self) -> bool:
        """Whether it reads as it is written, in one piece."""
        return len(self._pieces) < 2 and all(size == b - a for size, a, b in self._pieces)

    def add(self, text: bytes, start: int, end: int) -> None:
        """Adds what stands in the source from ``start`` to ``end``."""
        if text:
            self._parts.append(text)
            self._starts.append(self._size)
            self._pieces.append((len(text), start, end))
            self._size += len(text)

    def pieces(self) -> Iterator[tuple[bytes, int, int]]:
        """What was added."""
        for text, (_, start, end) in zip(self._parts, self._pieces, strict=True):
            yield text, start, end

    def where(self, start: int, end: int) -> Iterator[Span]:
        """The places in the source of what reads from ``start`` to ``end``."""
        at = max(0, bisect_right(self._starts, start) - 1)
        while at < len(self._starts) and self._starts[at] < end:
            begin = self._starts[at]
            size, first, last = self._pieces[at]
            low, high = max(0, start - begin), min(size, end - begin)
            if last - first == size:
                yield first + low, first + high
            elif size <= _ESCAPED:
                yield first, last
            else:  # base64: about where it is, never less
                span = last - first
                yield first + low * span // size, min(last, first - (-high * span // size))
            at += 1


def without_escapes(text: bytes, at: int = 0, end: int | None = None) -> View:
    """A JSON string, or a part of the source that may hold one, without its escapes."""
    view = View()
    end = len(text) if end is None else end
    while found := _JSON_ESCAPE.search(text, at, end):
        view.add(text[at : found.start()], at, found.start())
        view.add(_meant(found), found.start(), found.end())
        at = found.end()
    view.add(text[at:end], at, end)
    return view


def _meant(found: re.Match[bytes]) -> bytes:
    number, letter = found.groups()
    if number:
        return chr(int(number, 16)).encode("utf-8", "surrogatepass")
    return _PLAIN.get(letter, letter)


def without_quoting(text: bytes) -> View:
    """The text with ``%2F`` read as ``/``."""
    view = View()
    at = 0
    for found in _QUOTED.finditer(text):
        view.add(text[at : found.start()], at, found.start())
        for place in range(found.start(), found.end(), 3):
            view.add(bytes([int(text[place + 1 : place + 3], 16)]), place, place + 3)
        at = found.end()
    view.add(text[at:], at, len(text))
    return view


def decoded(text: bytes) -> Iterator[View]:
    """What looks like base64, decoded from each of the four places where it may begin."""
    for found in _BASE64.finditer(text):
        start, end = found.span()
        if end - start > _LONGEST:
            continue
        run = found.group().translate(_TO_URLSAFE)
        for skipped in range(4):
            data = _decode(run[skipped:])
            if _READABLE.search(data):
                view = View()
                view.add(data, start + skipped, start + skipped + -(-len(data) * 4 // 3))
                yield view


def _decode(run: bytes) -> bytes:
    """Decodes base64 with or without its padding; a single character at the end says nothing."""
    run = run[:-1] if len(run) % 4 == 1 else run
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def views(text: bytes) -> Iterator[View]:
    """Every other way to read a text."""
    if b"\\" in text:
        yield without_escapes(text)
    if b"%" in text and _QUOTED.search(text):
        yield without_quoting(text)
    yield from decoded(text)
