"""Why no recording answers a request: the nearest ones, and where their bodies differ from it."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from llmgate.compare.json_value import NoJson, read_json
from llmgate.compare.structure import changes
from llmgate.recording.format import RecordingProblem
from llmgate.recording.matching import Matching
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing
from llmgate.recording.title import title_of
from llmgate.upstream.reply import Outbound
from llmgate.upstream.shelf import Entry, Shelf
from llmgate.wire.compare import Change
from llmgate.wire.safe_text import safe_text

_NAMED: Final = 3
_PLACES: Final = 6
_COUNTED: Final = 200
_LOOKED_AT: Final = 300
_BYTES: Final = 32 << 20
_VALUE: Final = 70
_READ: Final = 8192


class _Near(msgspec.Struct, frozen=True):
    """A recording that nearly answers, and where it differs."""

    name: str
    odd: str  # what differs beside the body
    places: list[Change]


def explain(shelf: Shelf, matching: Matching, request: Outbound, advice: str, rules: Rules) -> str:
    """A message of several lines without secrets; reads recordings, so it is work for a thread.

    What is cut short is scrubbed before: half a secret would not be known for one.
    """
    scrubbing = Scrubbing(rules)
    request = msgspec.structs.replace(request, body=scrubbing.body(request.body))
    framing = "streamed" if request.stream else "not streamed"
    folder = shelf.folder.name
    lines = [
        f"no recording in {folder}/ is of this request: {request.method}"
        f" {request.path.partition('?')[0]}, {request.protocol} {framing},"
        f" model {request.model or '-'}: {_title(request)}"
    ]
    near = nearest(shelf, matching, request)
    lines += [_line(one, scrubbing.text) for one in near[:_NAMED]]
    if not near:
        kinds = sorted({entry.dialect for entry in shelf.all()})
        lines.append(f"none there is of its protocol; there is {', '.join(kinds) or 'nothing'}")
    lines += [f"not read: {problem}" for problem in shelf.problems[:_NAMED]]
    lines.append(advice)
    return "\n".join(safe_text(scrubbing.text(line), newlines=False) for line in lines)


def used_up(shelf: Shelf, entries: Sequence[Entry]) -> str:
    """Says that every recording of a request had its turn."""
    names = ", ".join(entry.name for entry in entries[:_NAMED])
    more = f" and {len(entries) - _NAMED} more" if len(entries) > _NAMED else ""
    return safe_text(
        f"all recordings of this request in {shelf.folder.name}/ are used up ({len(entries)}, in"
        f" turn): {names}{more}",
        newlines=False,
    )


def nearest(shelf: Shelf, matching: Matching, request: Outbound) -> list[_Near]:
    """Recordings of the same protocol, those first that differ in the fewest places."""
    asked = _counting(matching, request.body)
    found = [
        _Near(
            recording.name,
            _odd(recording, request),
            list(islice(changes(asked, _counting(matching, recording.body)), _COUNTED)),
        )
        for recording in _candidates(shelf, request)
    ]
    return sorted(found, key=lambda one: (bool(one.odd), len(one.places), one.name))


def _candidates(shelf: Shelf, request: Outbound) -> Iterable[Recording]:
    same = [entry for entry in shelf.all() if entry.dialect == request.protocol]
    same.sort(key=lambda entry: (entry.model != request.model, entry.stream != request.stream))
    left = _BYTES
    for entry in same[:_LOOKED_AT]:
        try:
            recording = shelf.read(entry)
        except RecordingProblem:
            continue
        left -= len(recording.body)
        if left < 0:
            return
        yield recording


def _counting(matching: Matching, body: bytes) -> Any:
    """The body as far as it counts; as text when it is no JSON."""
    text = body.decode("utf-8", "replace")
    try:
        return matching.counting(read_json(text))
    except NoJson:
        return text


def _odd(recording: Recording, request: Outbound) -> str:
    """What differs beside the body."""
    if recording.path.partition("?")[0] != request.path.partition("?")[0]:
        return f"its path is {recording.path.partition('?')[0]}"
    if recording.stream != request.stream:
        return "it is streamed" if recording.stream else "it is not streamed"
    return ""


def _line(one: _Near, clean: Callable[[str], str]) -> str:
    told = [one.odd] if one.odd else []
    told += [_place(place, clean) for place in one.places[:_PLACES]]
    if (more := len(one.places) - _PLACES) > 0:
        told.append(f"{more}{'+' if len(one.places) == _COUNTED else ''} more")
    return f"nearest: {one.name} differs: {'; '.join(told) or 'in nothing that counts'}"


def _place(change: Change, clean: Callable[[str], str]) -> str:
    asked = "asked nothing" if change.left is None else f"asked {_short(change.left, clean)}"
    there = (
        "recorded nothing" if change.right is None else f"recorded {_short(change.right, clean)}"
    )
    return f"{clean(change.path[:_READ])}: {asked}, {there}"


def _short(text: str, clean: Callable[[str], str]) -> str:
    text = clean(text[:_READ])
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 1]}…"


def _title(request: Outbound) -> str:
    return title_of(request.protocol, request.method, request.path, request.body)
