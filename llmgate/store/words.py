"""The words of an exchange: taken out of its bodies for the index, and out of what is searched for.

Both go through ``folded``, so that a word is found in any case and without its accents: ASCII stays
as it is (the index lowers it), other text is folded here, its marks and punctuation become blanks,
and each Chinese or Japanese character a word of its own. Strings are taken out of JSON without
reading it as a whole: a body may be cut, or be a piece of one. Keys, what only says of what kind
something is, and binary data are left out.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain, groupby, islice
from operator import itemgetter

import msgspec

from llmgate.store.problems import BadFilter

MOST_TEXT = 256 << 10  # characters of one exchange
MOST_WORDS = 16
LONGEST_SEARCH = 200
LONGEST_WORD = 40  # what is longer is encoded, or a number of something: nobody looks for it
MOST_DISTINCT = 8192  # words of one exchange

_MOST_READ = 4 << 20  # bytes of a body
_DELTA = re.compile(
    rb'"(content|text|delta|response|partial_json|arguments|thinking|reasoning|'
    rb'reasoning_content|refusal|message|name)"\s*:\s*"([^"\\]*+(?:\\.[^"\\]*+)*+)"',
    re.DOTALL,
)
_LABELS = (
    b"role type object id model signature encrypted_content format finish_reason stop_reason"
    b" system_fingerprint tool_call_id tool_use_id call_id media_type mime_type mimeType b64_json"
    b" status service_tier"
)
_REST = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_END = rb'(?:"|\\?\Z)'
_ENCODED = rb"(?:data:[\w/+.-]{3,60};base64,)?[A-Za-z0-9+/=_-]{200}"
# What is said is the group. A string that is cut ends where the body ends: were it not matched, it
# would be read again from every quote in it.
_VALUE = re.compile(
    rb'"(?:' + b"|".join(_LABELS.split()) + rb')"\s*+:\s*+'
    rb'(?:"' + _REST + _END + rb"|\[[^][{}]{0,200}+\])"
    rb'|"[^"\\]{0,100}+"\s*+:'
    rb'|"' + _ENCODED + _REST + _END + rb'|"(' + _REST + rb")" + _END,
    re.DOTALL,
)
_KEY, _TEXT = itemgetter(0), itemgetter(1)
_text = msgspec.json.Decoder(str)
_LONG = 200
_SHORT = 3  # many words begin with fewer letters
_AT_ONCE = 32 << 10  # bytes: nothing else runs in the meantime
_BINARY = re.compile(_ENCODED)
_NO_WORD = re.compile(r"[\x00-\x2f\x3a-\x60\x7b-\x7f]+")  # of ASCII; the rest is folded
_RUN = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{41,}")
_LONG_WORD = re.compile(r"[A-Za-z0-9]{41,}")
_BLOB = 200
_QUOTED = re.compile(r'"([^"]*)"?')
_CJK = (("\u3040", "\u30ff"), ("\u3400", "\u9fff"), ("\uf900", "\ufaff"))


class Words(msgspec.Struct, frozen=True):
    """What is searched for: beginnings of words, and phrases of whole words; folded."""

    beginnings: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def match(self) -> str:
        """For the index: what occurs anywhere in the exchange."""
        return " AND ".join(self._terms())

    @property
    def rarest(self) -> str:
        """For the index: the longest word, likely the rarest."""
        return self._terms()[0]

    @property
    def lopsided(self) -> bool:
        """Whether the rarest is much cheaper to look up than all of them."""
        return len(self._terms()) > 1 and any(len(word) < _SHORT for word in self.beginnings)

    def _terms(self) -> list[str]:
        whole = {f'"{word}"' for phrase in self.phrases for word in phrase}
        begun = {f'"{word}"*' for word in self.beginnings}
        return sorted(whole | begun, key=lambda term: (-len(term), term))


def searched(text: str) -> Words:
    """Understands words and "quoted phrases"; raises BadFilter."""
    if len(text) > LONGEST_SEARCH:
        raise BadFilter(f"text {text[:40]!r}… is longer than {LONGEST_SEARCH} characters")
    phrases = [tuple(words_of(phrase)) for phrase in _QUOTED.findall(text)]
    begun = words_of(_QUOTED.sub(" ", text))
    begun += [phrase[0] for phrase in phrases if len(phrase) == 1]
    phrases = [phrase for phrase in phrases if len(phrase) > 1]
    count = len(begun) + sum(map(len, phrases))
    if not count:
        raise BadFilter(f"text {text[:40]!r} has no word: letters or digits are looked for")
    if count > MOST_WORDS:
        raise BadFilter(f"text has {count} words: at most {MOST_WORDS} can be looked for at once")
    for word in chain(begun, *phrases):
        if word.isascii() and len(word) > LONGEST_WORD:
            raise BadFilter(
                f"text {word[:40]!r}… is a word of more than {LONGEST_WORD} letters: such are not"
                " in the index of words; look for it with body instead"
            )
    return Words(tuple(begun), tuple(phrases))


def words_of(text: str) -> list[str]:
    """The words of a text as the index has them."""
    return [word for word in _NO_WORD.split(folded(text).lower()) if word]


def has_phrases(text: str, phrases: Iterable[tuple[str, ...]]) -> bool:
    """Whether each phrase stands in the text, its words one after the other."""
    line = f" {' '.join(words_of(text))} "
    return all(f" {' '.join(phrase)} " in line for phrase in phrases)


def indexable(text: str) -> str:
    """What is indexed of a text, folded: no encoded data, and so many different words at most."""
    if max(map(len, text.split()), default=0) > LONGEST_WORD:
        text = _RUN.sub(_without_long, text)
    text = folded(text)
    if len(text) < 2 * MOST_DISTINCT:
        return text
    words = dict.fromkeys(words_of(text))
    return " ".join(islice(words, MOST_DISTINCT)) if len(words) > MOST_DISTINCT else text


def _without_long(run: re.Match[str]) -> str:
    if _LONG_WORD.search(run[0]) is None:
        return run[0]  # a path, or words with dashes
    return " " if len(run[0]) >= _BLOB else _LONG_WORD.sub(" ", run[0])


def folded(text: str) -> str:
    """The text as it is indexed; see the top of this file."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return text.translate({ord(letter): _folded(letter) for letter in set(text)})


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    if letter.isascii():
        return letter
    kind = unicodedata.category(letter)
    if kind == "Mn":
        return ""
    if any(first <= letter <= last for first, last in _CJK):
        return f" {letter} "
    return letter if kind[0] in "LNM" else " "


def text_of(body: bytes, transport: str = "json") -> str:
    """What a body says, as one text that is not folded yet; empty for binary data."""
    body = body[:_MOST_READ]
    if transport in {"sse", "ndjson"}:
        return _joined(body)
    if body.lstrip()[:1] in {b"{", b"[", b'"', b",", b"}", b"]", b":"}:
        return _said(body)
    if b"\0" in body[:_LONG] or _BINARY.match(body):
        return ""
    return body[:MOST_TEXT].decode("utf-8", "replace")


def _said(body: bytes) -> str:
    """The strings of JSON, or of a piece of it, that say something."""
    values: list[bytes]
    if len(body) <= _AT_ONCE:
        values = list(filter(None, _VALUE.findall(body)))
    else:
        values = list(_first(found[1] for found in _VALUE.finditer(body) if found[1]))
    return _unescaped(values)


def _first(values: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for value in values:
        yield value
        size += len(value)
        if size >= MOST_TEXT:
            return


def _joined(body: bytes) -> str:
    """The text that the deltas of a stream make together; another kind of delta is another text."""
    texts: list[bytes] = []
    last, size = b"", 0
    for some in _lines(body):
        for key, deltas in groupby(_DELTA.findall(some), key=_KEY):
            text = b"".join(map(_TEXT, deltas))
            size += len(text)
            texts.append(text if key != last or not texts else texts.pop() + text)
            last = key
        if size >= MOST_TEXT:
            break
    return _unescaped(texts)[:MOST_TEXT]


def _lines(body: bytes) -> Iterator[bytes]:
    """Whole lines, some at a time: a string does not go beyond its line."""
    start = 0
    while start < len(body):
        end = start + _AT_ONCE
        if end < len(body):
            end = (body.find(b"\n", end) + 1) or len(body)
        yield body[start:end]
        start = end


def _unescaped(values: list[bytes]) -> str:
    """The texts that stand in JSON, one a line."""
    with suppress(msgspec.DecodeError):
        return _text.decode(b'"%b"' % b"\\n".join(values))
    return "\n".join(map(_one_unescaped, values))


def _one_unescaped(value: bytes) -> str:
    with suppress(msgspec.DecodeError):
        return _text.decode(b'"%b"' % value)
    text = value.decode("utf-8", "replace")
    try:
        unescaped: str = json.loads(f'"{text}"', strict=False)  # controls, halves of pairs
    except ValueError:
        return text.replace("\\", " ")
    return unescaped
