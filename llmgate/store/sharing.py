"""Makes manifests of bodies: knows the pieces that were written lately, and numbers new ones.

Pieces belong to a *generation*: a stretch of exchanges whose bodies refer only to pieces of their
own generation. So nothing about pieces has to be looked up, counted or touched in the file: what
is known is in memory, and forgotten when a generation begins. When the last exchange that may
refer to a generation is gone, its pieces go in one stroke (sweeping.py). What two generations have
in common is kept twice; a generation is long enough for that to be little.
"""

import secrets
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

import msgspec

from llmgate.store.codec import Packer
from llmgate.store.cutting import Span, spans
from llmgate.store.pieces import GENERATION_BITS, Manifest
from llmgate.store.rows import Row

_MOST_PIECES = 16_000  # of a generation: what is known of them stays below 4 MB
_MOST_BYTES = 32 << 20
_MOST_EXCHANGES = 4096
_PART_OF_CAP = 32
_MOST_OF_CAP = 4
_TIMES_LARGEST = 4

_manifests = msgspec.msgpack.Encoder()


class Shared(msgspec.Struct, frozen=True):
    """A body as it is to be written: the part, and the pieces that are not in the file yet."""

    generation: int
    data: bytes
    pieces: list[Row]


class Sharing:
    """The generation that is written now; used by one thread at a time."""

    def __init__(self) -> None:
        self.generation = 1
        self._keep_bytes = 0.0
        self._key = secrets.token_bytes(32)  # so that nobody can make two pieces look the same
        self._known: dict[tuple[bytes, int], int] = {}
        self._bytes = 0
        self._largest = 0  # what one body added: a new generation begins with that once more
        self._first_seq = 0

    @property
    def in_use(self) -> bool:
        """Whether anything belongs to the current generation."""
        return self._bytes > 0

    def limit(self, keep_bytes: float) -> None:
        """A generation is a small part of what may be kept; 0 is without limit."""
        self._keep_bytes = keep_bytes

    def start_over(self, last: int = 0) -> None:
        """Begins a generation after this one and ``last``: of what was known nothing is certain."""
        self.generation = max(self.generation, last) + 1
        self._known = {}
        self._bytes = 0
        self._largest = 0  # what one body added: a new generation begins with that once more
        self._first_seq = 0

    def share(self, seq: int, part: int, body: bytes, packer: Packer) -> Shared:
        """The body in pieces, as part ``part`` of exchange ``seq``."""
        if self.is_full(seq):
            self.start_over()
        self._first_seq = self._first_seq or seq
        cuts = spans(body)
        pieces: list[Row] = []
        numbers = [self._number(body, cut, packer, pieces) for cut in cuts]
        self._largest = max(self._largest, sum(len(piece[3]) for piece in pieces))
        data = packer.compress(_manifests.encode(self._manifest(part, body, cuts, numbers)))
        self._bytes += len(data)
        return Shared(self.generation, data, pieces)

    def is_full(self, seq: int) -> bool:
        """Whether the next exchange, ``seq``, belongs to another generation."""
        return (
            len(self._known) >= _MOST_PIECES
            or self._bytes >= self._most_bytes()
            or seq - (self._first_seq or seq) >= _MOST_EXCHANGES
        )

    def _most_bytes(self) -> float:
        """Small beside the cap, for it goes as a whole; large beside what it has to repeat."""
        if self._keep_bytes <= 0:
            return _MOST_BYTES
        long_enough = max(self._keep_bytes / _PART_OF_CAP, _TIMES_LARGEST * self._largest)
        return min(_MOST_BYTES, self._keep_bytes / _MOST_OF_CAP, long_enough)

    def _number(self, body: bytes, cut: Span, packer: Packer, pieces: list[Row]) -> int:
        """The number of a piece; one that is not known is added to ``pieces``."""
        start, end = cut
        view = memoryview(body)[start:end]
        name = (blake2b(view, digest_size=16, key=self._key).digest(), end - start)
        number = self._known.get(name)
        if number is None:
            number = self._known[name] = len(self._known) + 1
            codec, size, data = packer.pack(body if end - start == len(body) else bytes(view))
            pieces.append((self.generation << GENERATION_BITS | number, codec, size, data))
            self._bytes += len(data)
        return number

    def _manifest(self, part: int, body: bytes, cuts: list[Span], numbers: list[int]) -> Manifest:
        starts, ends = [start for start, _ in cuts], [0, *(end for _, end in cuts)]
        glue = [body[end:start] for end, start in zip(ends, starts, strict=False)]
        return Manifest(
            crc32(body),
            self.generation,
            [after - before for before, after in pairwise([0, *numbers])],
            [len(some) for some in glue],
            b"".join((*glue, body[ends[-1] :])),
            part,
        )
