"""The word diff: what two texts share and what only one of them has, without confetti.

Words are aligned, then what stands between them. A few words that both sides happen to share in the
midst of a passage that was rewritten do not help a reader, so such islands count as rewritten.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from llmgate.compare.alignment import BUDGET, align
from llmgate.compare.words import Token, is_word, tokens_of
from llmgate.wire.compare import Span, SpanKind

_MOST_CHARS: Final = 1_000_000  # of a side; beyond, lines take the place of words
_MOST_LINES: Final = 400_000
_ISLAND: Final = 16  # letters; a longer stretch in common is never rewritten
_WIDE: Final = 3  # letters that a character of a script without blanks counts for


class _Piece(msgspec.Struct, gc=False):
    """A stretch: ``left`` and ``right`` are its places in the two texts."""

    same: bool
    left: tuple[int, int]
    right: tuple[int, int]


def word_spans(left: str, right: str, budget: int = BUDGET) -> list[Span]:
    """Compares two texts: what is same or removed makes the left one, same or added the right."""
    if left == right:
        return [Span("same", left)] if left else []
    pieces = _pieces(left, right, budget)
    return _spans(left, right, _without_islands(left, right, pieces))


def _pieces(left: str, right: str, budget: int) -> Iterator[_Piece]:
    """The stretches in order, equal ones and others in turn."""
    a, b = _cut(left, right)
    runs = align([one.text for one in a], [one.text for one in b], budget)
    i = j = 0
    for p, q, n in runs:
        for x, y in zip(a[p : p + n], b[q : q + n], strict=True):
            yield from _gap(left, right, (i, x.start), (j, y.start))
            yield _Piece(same=True, left=(x.start, x.end), right=(y.start, y.end))
            i, j = x.end, y.end
    yield from _gap(left, right, (i, len(left)), (j, len(right)))


def _cut(left: str, right: str) -> tuple[list[Token], list[Token]]:
    if max(len(left), len(right)) <= _MOST_CHARS:
        return tokens_of(left), tokens_of(right)
    return _lines_of(left), _lines_of(right)


def _lines_of(text: str) -> list[Token]:
    lines, start = [], 0
    for line in text.split("\n", _MOST_LINES):
        lines.append(Token(line, start))
        start += len(line) + 1
    return lines


def _gap(left: str, right: str, at: tuple[int, int], place: tuple[int, int]) -> Iterator[_Piece]:
    """What stands between two words in common; blanks at both ends of it may be, too."""
    (i, i_end), (j, j_end) = at, place
    if left[i:i_end] == right[j:j_end]:
        if i < i_end:
            yield _Piece(same=True, left=at, right=place)
        return
    head = _shared_blanks(left[i:i_end], right[j:j_end])
    tail = _shared_blanks(left[i + head : i_end][::-1], right[j + head : j_end][::-1])
    if head:
        yield _Piece(same=True, left=(i, i + head), right=(j, j + head))
    yield _Piece(same=False, left=(i + head, i_end - tail), right=(j + head, j_end - tail))
    if tail:
        yield _Piece(same=True, left=(i_end - tail, i_end), right=(j_end - tail, j_end))


def _shared_blanks(a: str, b: str) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y or not x.isspace():
            break
        count += 1
    return count


def _without_islands(left: str, right: str, pieces: Iterable[_Piece]) -> list[_Piece]:
    """Joins neighbours, and what was rewritten around a few words in common."""
    kept: list[_Piece] = []
    for piece in pieces:
        if kept and kept[-1].same == piece.same:
            _extend(kept[-1], piece)
            continue
        kept.append(piece)
        while len(kept) > 2 and not kept[-1].same and _is_island(left, right, kept[-3:]):
            _extend(kept[-3], kept.pop())
            kept.pop()
    return kept


def _extend(piece: _Piece, after: _Piece) -> None:
    piece.left = (piece.left[0], after.left[1])
    piece.right = (piece.right[0], after.right[1])


def _is_island(left: str, right: str, around: list[_Piece]) -> bool:
    before, island, after = around
    text = left[slice(*island.left)]
    weight = _letters(text)
    if not weight:
        return "\n" not in text
    return weight <= _ISLAND and all(
        weight <= max(_letters(left[slice(*one.left)]), _letters(right[slice(*one.right)]))
        for one in (before, after)
    )


def _letters(text: str) -> int:
    """How much a stretch says, as far as it matters here."""
    if len(text) > 8 * _ISLAND:
        return _ISLAND + 1
    words = (one.text for one in tokens_of(text) if is_word(one.text))
    return sum(len(word) if word < "\u0e00" else _WIDE for word in words)


def _spans(left: str, right: str, pieces: Iterable[_Piece]) -> list[Span]:
    spans: list[Span] = []
    for piece in pieces:
        before, after = left[slice(*piece.left)], right[slice(*piece.right)]
        sides: list[tuple[SpanKind, str]] = [("removed", before), ("added", after)]
        if piece.same:
            sides = [("same", before)]
        spans += [Span(kind, text) for kind, text in sides if text]
    return spans
