"""What is imported goes through the same scrubbing as what is exported.

A session log says everything once, its requests say it again and again: it is scrubbed line by line
before it is read, everything else recording by recording.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from llmgate.recording.canonical import recording_id
from llmgate.recording.derive import derived_of
from llmgate.recording.importing.found import Found, Items, skipped
from llmgate.recording.importing.kinds import read_import, told_kind
from llmgate.recording.lines import Route, Scrub, ToolCall
from llmgate.recording.promote import NOT_RESENDABLE
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing
from llmgate.recording.sound import flaw
from llmgate.wire.recordings import ImportKind

_LOGS: Final = frozenset({"claude-code", "codex"})


def read_clean(data: bytes, name: str, kind: ImportKind, rules: Rules) -> Items:
    """The recordings of a file without secrets, and what was left out. Raises ``NotImported``."""
    found = told_kind(data, name, kind)
    if found not in _LOGS:
        for item in read_import(data, name, found):
            yield _sound(scrubbed(item, rules)) if isinstance(item, Recording) else item
        return
    scrubbing = Scrubbing(rules)
    data = b"\n".join(scrubbing.body(line) for line in data.split(b"\n"))
    for item in read_import(data, name, found):
        if isinstance(item, Recording):
            item = _counted(item, rules, scrubbing.hits, signed=scrubbing.signatures)  # noqa: PLW2901
        yield _sound(item) if isinstance(item, Recording) else item


def _sound(recording: Recording) -> Found:
    """The recording, or why it is left out."""
    why = flaw(recording)
    return skipped(recording.name or recording.title, why) if why else recording


def scrubbed(recording: Recording, rules: Rules) -> Recording:
    """The same without secrets; the same object when it was looked through before and has none."""
    scrubbing = Scrubbing(rules)
    text = scrubbing.text
    clean = msgspec.structs.replace(
        recording,
        id=text(recording.id),
        title=text(recording.title),
        tags=tuple(map(text, recording.tags)),
        by=text(recording.by),
        note=text(recording.note),
        t0=text(recording.t0),
        method=text(recording.method),
        path=text(recording.path),
        model=text(recording.model),
        request_headers=tuple((n, text(v)) for n, v in recording.request_headers),
        response_headers=tuple((n, text(v)) for n, v in recording.response_headers),
        body=scrubbing.body(recording.body),
        chunks=scrubbing.chunks(recording.chunks),
        error=None if recording.error is None else text(recording.error),
        route=_route(recording.route, scrubbing),
        text=text(recording.text),
        finish=text(recording.finish),
        tool_calls=tuple(_call(call, text) for call in recording.tool_calls),
        unknown_lines={at: scrubbing.body(one) for at, one in recording.unknown_lines.items()},
        unknown_keys={
            at: {name: msgspec.Raw(scrubbing.body(bytes(one))) for name, one in some.items()}
            for at, some in recording.unknown_keys.items()
        },
    )
    if not scrubbing.hits and isinstance(recording.scrub, dict):
        return recording
    if scrubbing.hits:
        clean = _read_again(clean)
    return _counted(clean, rules, scrubbing.hits, signed=scrubbing.signatures)


def _route(route: Route | None, scrubbing: Scrubbing) -> Route | None:
    if route is None:
        return None
    attempts = [msgspec.Raw(scrubbing.body(bytes(one))) for one in route.attempts]
    return Route(name=scrubbing.text(route.name), attempts=attempts)


def _call(call: ToolCall, text: Callable[[str], str]) -> ToolCall:
    return ToolCall(id=text(call.id), name=text(call.name), arguments=text(call.arguments))


def _read_again(recording: Recording) -> Recording:
    """What was derived held the secret too; the id is that of the request as it is now."""
    said = derived_of(recording)
    return msgspec.structs.replace(
        recording,
        id=recording_id(recording.dialect, recording.path, recording.body),
        text=said.text,
        tool_calls=said.tool_calls,
        finish=said.finish,
        error=recording.error if said.error is None else said.error,
    )


def _counted(
    recording: Recording, rules: Rules, hits: Mapping[str, int], *, signed: bool
) -> Recording:
    """Says what was blanked, with what had been before."""
    before = recording.scrub if isinstance(recording.scrub, dict) else {}
    counts = Counter(_counts(before.get("hits")))
    counts.update(hits)
    scrub: Scrub = {
        "rules": msgspec.Raw(str(rules.count).encode()),
        "hits": msgspec.Raw(msgspec.json.encode(dict(sorted(counts.items())))),
    }
    tags = (*recording.tags, NOT_RESENDABLE) if signed else recording.tags
    return msgspec.structs.replace(recording, scrub=scrub, tags=tuple(dict.fromkeys(tags)))


def _counts(raw: msgspec.Raw | None) -> dict[str, int]:
    try:
        return {} if raw is None else msgspec.json.decode(raw, type=dict[str, int])
    except (msgspec.MsgspecError, RecursionError):
        return {}
