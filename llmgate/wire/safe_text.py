"""Makes untrusted text harmless to a terminal: what would steer it or hide becomes visible."""

import re
from typing import Final

TAB_SIZE: Final = 4

_BAD_ASCII: Final = bytes([*range(10), *range(11, 32), 127])  # every control but the newline

# Unicode categories Cc, Cf, Cs, Co, Zl and Zp, plus letters and marks that draw nothing. Unassigned
# characters outside the format blocks stay: they are tomorrow's emoji.
_UNSAFE: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
_PICTURES: Final = {"\x1b": "␛", "\r": "␍"} | {
    chr(code): "·" for code in (*range(9), 11, 12, *range(14, 27), *range(28, 32), *range(127, 160))
}


def safe_text(text: str, *, newlines: bool = True) -> str:
    """Replaces every control, bidi, zero-width, private and format character by something visible.

    Newlines stay, or become ``⏎`` with ``newlines=False``; tabs become spaces.
    """
    if not newlines:
        text = text.replace("\r\n", "⏎").replace("\n", "⏎") if "\n" in text else text
    if _is_clean(text):
        return text
    text = text.replace("\r\n", "\n")
    if "\t" in text:
        text = text.expandtabs(TAB_SIZE)
    return _UNSAFE.sub(_visible, text)


def _is_clean(text: str) -> bool:
    if text.isascii():
        raw = text.encode("ascii")
        return len(raw.translate(None, _BAD_ASCII)) == len(raw)
    return text.isprintable() or _UNSAFE.search(text) is None


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    picture = _PICTURES.get(character)
    if picture is not None:
        return picture
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
