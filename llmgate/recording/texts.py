"""The texts in a body: the strings of its JSON, and those that a stream hands out in pieces."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from llmgate.recording.strings import Place, strings
from llmgate.recording.views import Span, View, without_escapes

_EVENTS: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:data:|event:|id:|retry:|:)")
_DATA: Final = re.compile(rb"^(?:\xef\xbb\xbf)?data:[ \t]*(?=[{\[\"])", re.MULTILINE)
_LINE_END: Final = re.compile(rb"[\r\n]")
_LINE: Final = re.compile(rb"[^\r\n]*\S[^\r\n]*")
_JSON: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*[{\[\"]")
_NEVER_SPLIT: Final = frozenset(
    b"id object type model role item_id call_id tool_call_id name status finish_reason stop_reason"
    b" system_fingerprint service_tier created created_at obfuscation index".split()
)


class Texts:
    """Where JSON stands in a body, and its strings."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = data
        self.regions = list(_regions(data))
        self._groups = [list(strings(data, start, end)) for start, end in self.regions]

    def places(self) -> Iterator[Place]:
        """Every string."""
        for group in self._groups:
            yield from group

    def read(self) -> Iterator[tuple[bytes, View]]:
        """Every text as it reads, with the name it is the value of; pieces of one text together."""
        joined: dict[object, tuple[bytes, View]] = {}
        for place in self.places():
            whole = without_escapes(self._data, place.start, place.end)
            if len(self._groups) == 1 or not place.value or place.name in _NEVER_SPLIT:
                yield place.name, whole
                continue
            _, text = joined.setdefault(place.key, (place.name, View()))
            for piece in whole.pieces():
                text.add(*piece)
        yield from joined.values()


def _regions(data: bytes) -> Iterator[Span]:
    """The whole body, its lines when each is JSON, or what the events of a stream carry."""
    if _JSON.match(data):
        lines = [found.span() for found in _LINE.finditer(data)]
        yield from (
            lines if len(lines) > 1 and _is_json(data[slice(*lines[0])]) else [(0, len(data))]
        )
    elif _EVENTS.match(data):
        for found in _DATA.finditer(data.replace(b"\r", b"\n") if b"\r" in data else data):
            ended = _LINE_END.search(data, found.end())
            yield found.end(), ended.start() if ended else len(data)


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
