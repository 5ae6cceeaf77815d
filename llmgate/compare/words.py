"""Text cut into words, marks and line ends, as a person would compare it.

Blanks between words belong to no word: what stands between two is compared on its own. Scripts that
write no blanks (Chinese, Japanese, Thai and the like) are cut by character. A "word" too long to be
one (base64, say) is cut by character, too, so that an insertion shifts nothing.
"""

import re
from typing import Final

import msgspec

_LONGEST: Final = 64
_NO_BLANKS: Final = (  # scripts written without them
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_JOINED: Final = "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u3099\u309a\u200d\ufe00-\ufe0f"
_PICTURES: Final = "\u2600-\u27bf\U0001f000-\U0001faff"
_MARKS: Final = (  # punctuation and symbols; an underscore is part of a word
    r"!-/:-@\[-^`{-~\xa1-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u2010-\u205e\u20a0-\u20cf"
    "\u2190-\u25ff\u2e00-\u2e7f\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40"
    "\uff5b-\uff65"
)
_LETTER: Final = rf"[^\s{_MARKS}{_NO_BLANKS}{_PICTURES}]"
_TOKEN: Final = re.compile(
    rf"{_LETTER}+(?:(?:['\u2019]|(?<=\d)[.,](?=\d)){_LETTER}+)*"  # don't, 3.14
    rf"|[{_NO_BLANKS}][{_JOINED}]*"
    rf"|[{_PICTURES}][{_JOINED}\U0001f3fb-\U0001f3ff]*(?:(?<=\u200d)[{_PICTURES}]\ufe0f?\u200d?)*"
    r"|\r?\n|(\S)\1*"
)
_WORD: Final = re.compile(rf"[{_NO_BLANKS}{_PICTURES}]|{_LETTER}")


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word, a mark or a line's end, and where in the text it begins."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def tokens_of(text: str) -> list[Token]:
    """Cuts a text."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        word, start = match[0], match.start()
        if len(word) <= _LONGEST:
            found.append(Token(word, start))
        else:
            found += [Token(one, place) for place, one in enumerate(word, start)]
    return found


def is_word(token: str) -> bool:
    """Whether it says something, other than marks and line ends."""
    return _WORD.match(token) is not None
