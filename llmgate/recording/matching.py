"""When two requests are the same one: a hash of what counts, and what of a body does not count."""

import hashlib
from collections.abc import Sequence
from typing import Final

from llmgate.config.json_paths import JsonPath, parse_path, without
from llmgate.recording.canonical import VOLATILE, canonical, parse
from llmgate.wire.exchanges import Protocol

_USUAL: Final[tuple[JsonPath, ...]] = (("stream",), *((name,) for name in VOLATILE))
"""``stream`` counts by itself: to leave it out is to say false."""


class Matching:
    """Compares requests but for volatile places: the usual ones, and those of the config."""

    def __init__(self, volatile: Sequence[str] = ()) -> None:
        self._volatile = (*_USUAL, *(parse_path(text) for text in volatile))

    def key(self, protocol: Protocol, path: str, body: bytes, *, stream: bool) -> str:
        """The SHA-256 of all that counts; a body that is no JSON counts byte for byte."""
        head = f"{protocol}\n{path.partition('?')[0]}\n{int(stream)}\n"
        digest = hashlib.sha256(head.encode("utf-8", "replace"))
        digest.update(self._counted(body))
        return digest.hexdigest()

    def _counted(self, body: bytes) -> bytes:
        value = parse(body)
        try:
            return body if value is None else canonical(self.counting(value), ())
        except RecursionError:
            return body

    def counting(self, value: object) -> object:
        """What of a body counts."""
        return without(value, self._volatile)
