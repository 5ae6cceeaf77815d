"""Finds text that looks as if dice had written it: a key of a shape that nobody knows.

Ids, hashes and signatures look like that too, so what is known to be one is passed over; what is
found is a warning for a person to look at.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

SHORTEST: Final = 32
LONGEST: Final = 200
"""More is a picture, a vector or a document."""

_WORD: Final = re.compile(rb"[A-Za-z0-9+/_=-]{32,}")
_HEX: Final = re.compile(rb"[0-9a-f]+|[0-9A-F]+")
_UUID: Final = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PREFIX: Final = re.compile(
    rb"(?:chatcmpl|cmpl|call|toolu|tooluse|srvtoolu|msg|message|resp|response|rs|fc|ctc|ws|ci|mcp|ig"
    rb"|req|request|run|step|thread|asst|file|vs|batch|gen|generation|fp|item|rec|sess|session|user"
    rb"|org|proj|account|trace|span|sha1|sha256|sha384|sha512|md5|etag|evt|conv|container|bdrk"
    rb"|computer|reasoning|cmpl)[-_:]"
)
_HASHES: Final = frozenset({40, 56, 64, 96, 128})
_LONG_PIECE: Final = 11
_MIXED_BITS: Final = 3.7
_HEX_BITS: Final = 3.2
_NAMES: Final = frozenset(
    b"id item_id call_id tool_call_id tool_use_id previous_response_id response_id request_id"
    b" session_id conversation_id message_id thread_id user_id parent_uuid parentUuid uuid etag"
    b" signature encrypted_content thoughtSignature thought_signature obfuscation data b64_json"
    b" system_fingerprint sha hash digest checksum integrity prompt_cache_key request-id"
    b" x-request-id apim-request-id anthropic-organization-id file_id container_id".split()
)


_IDS: Final = (b"-id", b"_id", b"Id", b"ID", b"_ids")


def looks_random(text: bytes, name: bytes = b"") -> Iterator[tuple[int, int]]:
    """Where random text stands in ``text``, the value of ``name``."""
    if name in _NAMES or name.endswith(_IDS):
        return
    for found in _WORD.finditer(text):
        word = found.group().rstrip(b"=")
        known = _PREFIX.match(text, max(0, found.start())) or _UUID.search(word)
        if len(word) <= LONGEST and not known and _is_random(word):
            yield found.span()


def _is_random(word: bytes) -> bool:
    if _HEX.fullmatch(word):
        return len(word) not in _HASHES and _bits(word) >= _HEX_BITS
    part = max(re.split(rb"[/_+=-]", word), key=len)  # words have signs between them too
    if len(part) < _LONG_PIECE or _digits(word) < 2 or not 1 <= _digits(part) <= len(part) - 4:
        return False
    return _changes(part) >= len(part) * _share(part) and _bits(word) >= _MIXED_BITS


def _digits(word: bytes) -> int:
    return sum(48 <= code <= 57 for code in word)


def _share(word: bytes) -> float:
    """How often dice change between kinds of letters; words and names do it far less."""
    return 0.34 if word.lower() != word and word.upper() != word else 0.24


def _changes(word: bytes) -> int:
    kinds = [_kind(code) for code in word]
    return sum(a != b for a, b in pairwise(kinds))


def _kind(code: int) -> int:
    if 48 <= code <= 57:
        return 0
    if 97 <= code <= 122:
        return 1
    return 2


def _bits(word: bytes) -> float:
    """Shannon's entropy, in bits a letter."""
    size = len(word)
    return -sum(n / size * math.log2(n / size) for n in Counter(word).values())
