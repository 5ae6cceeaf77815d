"""Blanks secrets in a request or an answer with filler of the same length.

Lengths stay, so chunk boundaries and framing stay; within JSON only what is inside of strings is
touched, so JSON stays JSON. A stream may hand out a secret in several events: the strings that
belong together are searched as one text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, Literal

from llmgate.recording.rules import REDACTED, Hit, Rules
from llmgate.recording.strings import Place
from llmgate.recording.texts import Texts
from llmgate.recording.views import Span

_SIGNATURES: Final = frozenset(
    {b"signature", b"thoughtSignature", b"thought_signature", b"encrypted_content"}
)
_SIGNED: Final = frozenset({b"thinking", b"redacted_thinking"})
_ROUNDS: Final = 3
_TOKEN_BYTES: Final = re.compile(rb'"bytes"\s*:\s*\[([0-9,\s]*)\]')
_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9_.:-]")
_BACKSLASH: Final = ord("\\")
_FREE: Final = bytes(code not in b"\r\n" for code in range(256))


class Scrubbing:
    """Scrubs the parts of one exchange and counts what it found."""

    def __init__(self, rules: Rules) -> None:
        self._hits: Counter[str] = Counter()
        self.signatures = False  # some had to be blanked: what they sign is not what it was
        self._rules = rules

    @property
    def hits(self) -> dict[str, int]:
        """How often each rule found something, by name."""
        return {rule: count for rule, count in sorted(self._hits.items()) if count}

    def text(self, text: str) -> str:
        """A text without secrets."""
        data = text.encode("utf-8", "replace")
        found = self._fill(data, Texts(), self._rules.find(data))
        return text if found is data else found.decode("utf-8", "replace")

    def chunks(self, chunks: Sequence[bytes]) -> list[bytes]:
        """The chunks of one answer, cut where they were."""
        whole = b"".join(chunks)
        found = self.body(whole)
        if found is whole:
            return list(chunks)
        cut, at = [], 0
        for chunk in chunks:
            cut.append(found[at : at + len(chunk)])
            at += len(chunk)
        return cut

    def body(self, data: bytes) -> bytes:
        """A whole body, of as many bytes as it had; the same object when it holds no secret."""
        for _ in range(_ROUNDS):  # what is blanked may have hidden something
            texts = Texts(data)
            hits = chain(self._rules.find(data), self._in_texts(data, texts))
            found = self._fill(data, texts, hits)
            if found == data:
                break
            data = found
        return data

    def _in_texts(self, data: bytes, texts: Texts) -> Iterator[Hit]:
        """Secrets that show only in a text as it reads: in escapes, or split over events."""
        for _, view in texts.read():
            if not view.is_plain:  # else it was searched as it is written
                for hit in self._rules.find(view.text):
                    yield Hit(hit.rule, tuple(p for span in hit.spans for p in view.where(*span)))

    def _fill(self, data: bytes, texts: Texts, hits: Iterable[Hit]) -> bytes:
        """Blanks what was found; a secret that was found in two ways counts once."""
        page: _Page | None = None
        for hit in hits:
            page = page or _Page(data, texts)
            spans = [page.whole(*span) for span in hit.spans]
            if news := page.find(spans):
                changed = page.blank(spans, hit.rule)
                self._hits[hit.rule] += changed and news == "all"
        if page is None:
            return data
        self._unsign(page, texts)
        for start, end in texts.regions:
            page.blank_logprobs(start, end)
        return data if page.out == data else bytes(page.out)

    def _unsign(self, page: "_Page", texts: Texts) -> None:
        """A signature over text that is not what it was would be refused: blanks all of them."""
        if any(_is_signed(place) for place in texts.places() if page.touches(place)):
            self.signatures = True
            for place in texts.places():
                if place.value and _is_signature(place):
                    page.blank([(place.start, place.end)], "signature")


def _is_signature(place: Place) -> bool:
    inside = place.inside
    return place.name in _SIGNATURES or (
        place.name == b"data" and inside is not None and inside.kind == b"redacted_thinking"
    )


def _is_signed(place: Place) -> bool:
    inside = place.inside
    return _is_signature(place) or (
        inside is not None
        and (
            place.name == b"thinking" or inside.kind in _SIGNED or bool(inside.names & _SIGNATURES)
        )
    )


class _Page:
    """A body while secrets are blanked: outside of JSON all but line ends may be written over, in
    JSON what is inside of strings.
    """

    def __init__(self, data: bytes, texts: Texts) -> None:
        self.out = bytearray(data)
        self._data = data
        self._found = bytearray(len(data))
        self._free = bytearray(data.translate(_FREE))
        for start, end in texts.regions:
            self._free[start:end] = bytes(end - start)
        for place in texts.places():
            self._free[place.start : place.end] = b"\1" * (place.end - place.start)
        self._escaped = bool(texts.regions)

    def find(self, spans: Sequence[Span]) -> Literal["", "some", "all"]:
        """How much of it was not found before; from now on it was."""
        new = [self._found.find(0, start, end) >= 0 for start, end in spans]
        old = [self._found.find(1, start, end) >= 0 for start, end in spans]
        for start, end in spans:
            self._found[start:end] = b"\1" * (end - start)
        return "" if not any(new) else "some" if any(old) else "all"

    def touches(self, place: Place) -> bool:
        """Whether something was found in a string."""
        return self._found.find(1, place.start, place.end) >= 0

    def blank(self, spans: Sequence[Span], rule: str) -> bool:
        """Writes the name of the rule over a secret; a number of JSON stays a number.

        False when that is what stands there already.
        """
        before = [self.out[start:end] for start, end in spans]
        size = sum(end - start for start, end in spans)
        name = b"" if rule == REDACTED else b"{{" + _UNSAFE.sub(b"_", rule.encode()) + b"}}"
        filler = iter(name[:size].ljust(size, b"*"))
        out, free = self.out, self._free
        for start, end in spans:
            for at in range(start, end):
                if free[at]:
                    out[at] = next(filler)
                elif 48 <= out[at] <= 57:
                    out[at] = 49
        return before != [out[start:end] for start, end in spans]

    def blank_logprobs(self, start: int, end: int) -> None:
        """Takes the bytes of tokens out, which say a text once more, as numbers."""
        for found in _TOKEN_BYTES.finditer(self._data, start, end):
            self.out[slice(*found.span(1))] = re.sub(rb"[0-9]", b"1", found[1])

    def whole(self, start: int, end: int) -> Span:
        """A span that begins and ends between letters, and between the escapes of JSON."""
        data = self._data
        while 0 < start < len(data) and 0x80 <= data[start] < 0xC0:
            start -= 1
        while end < len(data) and 0x80 <= data[end] < 0xC0:
            end += 1
        if self._escaped:
            start, end = _escape_at(data, start)[0], _escape_at(data, end)[1]
        return start, min(end, len(data))


def _escape_at(data: bytes, at: int) -> Span:
    """The escape that ``at`` is in the middle of, else just the place."""
    for back in range(1, 6):
        begin = at - back
        if begin < 0 or data[begin] != _BACKSLASH:
            continue
        before = data[max(0, begin - 64) : begin]
        count = len(before) - len(before.rstrip(b"\\"))
        length = 6 if data[begin + 1 : begin + 2] == b"u" else 2
        if count % 2 == 0 and back < length:
            return begin, begin + length
    return at, at
