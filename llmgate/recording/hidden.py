"""Secrets that no search of the bytes finds, since they show only as a body is read: handed out in
pieces by a stream, in JSON escapes or partly URL-quoted.

Nearly no body hides one, so a quick reading says whether to search it in every way.
"""

import re
from collections import defaultdict
from typing import Final
from urllib.parse import unquote_to_bytes

from llmgate.config.credentials import Scrubber
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing

_STREAM: Final = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?(?:data:|event:|id:|retry:|:|\{[^\n]*\}\r?\n\s*\{)"
)
_PIECE: Final = re.compile(
    rb'"(content|text|delta|response|partial_json|arguments|thinking|reasoning|reasoning_content|'
    rb'reasoning_text|refusal|message|summary|input|output|code|data|args|error)"\s*:\s*'
    rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"',
    re.DOTALL,
)
_OTHER: Final = re.compile(rb'index"\s*:\s*[1-9]')
_WHICH: Final = re.compile(rb'(?:index|item_id)"\s*:\s*"?([\w-]+)')
_EVENT_END: Final = re.compile(rb"\r?\n\s*")
_ESCAPE: Final = re.compile(rb"\\+u00([2-7][0-9A-Fa-f])")
_ESCAPED: Final = b"\\u00"
_QUOTED: Final = re.compile(rb"%[2-7][0-9A-Fa-f]")
_ROUNDS: Final = 3  # quoted, and quoted again


def without_secrets(data: bytes, scrubber: Scrubber) -> bytes:
    """``data`` without configured secrets however it is read; the same object without any."""
    return without_hidden(scrubber.scrub(data), scrubber)


def without_hidden(data: bytes, scrubber: Scrubber) -> bytes:
    """The same for what was searched as it is written."""
    if not may_hide(data) or not scrubber.rules or _is_clean(data, scrubber):
        return data
    return Scrubbing(Rules.only(scrubber)).body(data)


def text_without_secrets(text: str, scrubber: Scrubber) -> str:
    """The same for a text that is no body."""
    text = scrubber.scrub_text(text)
    if "%" not in text and "\\u00" not in text:
        return text
    if _reads_clean(text.encode("utf-8", "replace"), scrubber):
        return text
    return Scrubbing(Rules.only(scrubber)).text(text)


def hides(data: bytes, scrubber: Scrubber) -> bool:
    """Whether escapes or quoting hide a secret in what is no body."""
    return has_escapes(data) and not _reads_clean(data, scrubber)


def may_hide(data: bytes) -> bool:
    """Whether it has to be read before it is known to hide nothing."""
    return has_escapes(data) or _STREAM.match(data) is not None


def has_escapes(data: bytes) -> bool:
    """Whether anything in it is escaped or quoted: of some joined bodies, too."""
    return _ESCAPED in data or b"%" in data


def _is_clean(data: bytes, scrubber: Scrubber) -> bool:
    if not _reads_clean(data, scrubber):
        return False
    return _STREAM.match(data) is None or _reads_clean(_joined(data), scrubber, written=True)


def _reads_clean(data: bytes, scrubber: Scrubber, *, written: bool = False) -> bool:
    """Whether nothing shows in it without its escapes and without its quoting."""
    plain = _ESCAPE.sub(_letter, data) if _ESCAPED in data else data
    if (written or plain is not data) and scrubber.scrub(plain) != plain:
        return False
    for _ in range(_ROUNDS):
        if b"%" not in plain or not _QUOTED.search(plain):
            return True
        plain = unquote_to_bytes(plain)
        if scrubber.scrub(plain) != plain:
            return False
    return True


def _letter(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _joined(data: bytes) -> bytes:
    """The texts that the events of a stream make together, one after the other."""
    texts: dict[object, list[bytes]] = defaultdict(list)
    if _OTHER.search(data) is None:
        for name, piece in _PIECE.findall(data):
            texts[name].append(piece)
    else:  # several at a time
        for event in _EVENT_END.split(data):
            which = tuple(_WHICH.findall(event))
            for name, piece in _PIECE.findall(event):
                texts[name, which].append(piece)
    return b"\n".join(map(b"".join, texts.values()))
