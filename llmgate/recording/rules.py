"""What counts as a secret: those of the config, the known shapes, and the rules of the user.

A text is searched as it is written and as it would read without JSON escapes, without URL quoting
and out of base64, also one inside the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Self

import msgspec

from llmgate.config.credentials import Scrubber
from llmgate.recording.patterns import SHAPES, Shape
from llmgate.recording.views import Span, views

DEEPEST: Final = 3
REDACTED: Final = "redact"


class Hit(msgspec.Struct, frozen=True):
    """A secret: the rule that found it and where it is, in pieces where it is split."""

    rule: str
    spans: tuple[Span, ...]


class Rules:
    """Finds secrets. Without configured ones it still knows the shapes."""

    def __init__(
        self,
        secrets: Iterable[tuple[str, str]] = (),
        redact: Iterable[str] = (),
        shapes: Sequence[Shape] = SHAPES,
    ) -> None:
        self._own = Scrubber(secrets, redact)
        self._shapes = shapes

    @classmethod
    def only(cls, scrubber: Scrubber) -> Self:
        """Rules that know what ``scrubber`` does and no shapes."""
        rules = cls(shapes=())
        rules._own = scrubber
        return rules

    @property
    def count(self) -> int:
        """How many rules there are."""
        return self._own.rules + len(self._shapes)

    def find(self, text: bytes, depth: int = DEEPEST) -> Iterator[Hit]:
        """Every secret in a text; the same one may be found in more than one way."""
        for start, end, rule in self._written(text):
            yield Hit(rule, ((start, end),))
        if depth == 0:
            return
        for view in views(text):
            for hit in self.find(view.text, depth - 1):
                spans = [place for span in hit.spans for place in view.where(*span)]
                yield Hit(hit.rule, tuple(spans))

    def _written(self, text: bytes) -> Iterator[tuple[int, int, str]]:
        """Those that stand in the text as it is."""
        for start, end, name in self._own.places(text):
            yield start, end, f"secret:{name}" if name else REDACTED
        lower = text.lower()
        for shape in self._shapes:
            for start, end in shape.places(text, lower):
                yield start, end, shape.name
