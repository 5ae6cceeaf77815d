"""Looks for text inside what is packed: bodies, and the headers among the details.

An answer that came in pieces is looked at twice: as its bytes, and as the text that the pieces
make together, since a phrase seldom lies within one piece.
"""

import json
import re
from contextlib import suppress
from fnmatch import fnmatchcase

import msgspec

from llmgate.store.codec import Rest, decode_rest
from llmgate.store.encoder import ANSWER, DETAILS, PARTS_PER_EXCHANGE, REQUEST
from llmgate.store.filters import bounded_text
from llmgate.store.pieces import Pieces, body_of
from llmgate.store.problems import BadFilter, BrokenBody

_WINDOW = 1 << 20  # lowered at once: the interpreter is held no longer than that takes
_MOST_JOINED = 8 << 20
_PIECES = re.compile(
    rb'"(?:content|text|delta|response|partial_json|arguments|thinking|reasoning|'
    rb'reasoning_content)"\s*:\s*"((?:[^"\\]|\\.)*+)"'
)

Packed = tuple[int, int, bytes]  # a part's id, codec and data


class Wanted(msgspec.Struct, frozen=True):
    """What to look for; empty texts are found everywhere."""

    needles: tuple[bytes, ...] = ()
    header: str = ""
    value: str = ""

    @property
    def places(self) -> list[int]:
        """The parts of an exchange that have to be read."""
        return [DETAILS] * bool(self.header) + [REQUEST, ANSWER] * bool(self.needles)


def wanted(body: str, header: str) -> Wanted:
    """Understands ``text`` and ``name=value``; raises BadFilter."""
    body, header = bounded_text(body), bounded_text(header)
    name, _, value = header.partition("=")
    if header and not name.strip():
        raise BadFilter(f"header {header!r} names none: write name=value")
    return Wanted(_needles(body) if body else (), name.strip().lower(), value.strip().lower())


def _needles(text: str) -> tuple[bytes, ...]:
    """The text as it may stand in a body: as it is, or as JSON writes it."""
    text = text.lower()
    plain, quoted = text.encode(), msgspec.json.encode(text)[1:-1]
    return tuple({plain, quoted, json.dumps(text)[1:-1].encode()})  # with letters as \\uXXXX, too


def matching(parts: list[Packed], pieces: Pieces, what: Wanted) -> set[int]:
    """The row numbers of exchanges in whose parts everything wanted is found."""
    found: dict[int, set[str]] = {}
    for part_id, codec, data in parts:
        seq, place = divmod(part_id, PARTS_PER_EXCHANGE)
        has = found.setdefault(seq, set())
        with suppress(BrokenBody):  # of a damaged page: nothing is found there
            if place == DETAILS:
                if _in_headers(decode_rest(part_id, codec, data), what):
                    has.add("header")
            elif "body" not in has:
                body = body_of(part_id, codec, data, pieces)
                if _in_body(body, what, answer=place == ANSWER):
                    has.add("body")
    asked = {name for name, on in (("header", what.header), ("body", what.needles)) if on}
    return {seq for seq, has in found.items() if has >= asked}


def _in_headers(rest: Rest, what: Wanted) -> bool:
    return any(
        fnmatchcase(name.lower(), what.header) and what.value in value.lower()
        for headers in (
            rest.request_headers,
            rest.sent_headers,
            rest.received_headers,
            rest.response_headers,
        )
        for name, value in headers
    )


def _in_body(data: bytes, what: Wanted, *, answer: bool) -> bool:
    if _contains(data, what.needles):
        return True
    if not answer:
        return False
    pieces = _PIECES.finditer(data[:_MOST_JOINED])
    return _contains(b"".join(piece[1] for piece in pieces), what.needles)


def _contains(data: bytes, needles: tuple[bytes, ...]) -> bool:
    overlap = 2 * max(map(len, needles))
    in_ascii = all(needle.isascii() for needle in needles)
    for start in range(0, len(data), _WINDOW):
        window = data[start : start + _WINDOW + overlap]
        lower = window.lower() if in_ascii else window.decode("utf-8", "replace").lower().encode()
        if any(needle in lower for needle in needles):
            return True
    return False
