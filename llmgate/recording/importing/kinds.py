"""Which reader takes a file: what was said, else what its first lines look like."""

from collections.abc import Callable
from typing import Final

from llmgate.recording.format import RecordingProblem, read
from llmgate.recording.importing.claude_code import read_session
from llmgate.recording.importing.codex import read_rollout
from llmgate.recording.importing.found import MAX_BYTES, Items, NotImported, bounded
from llmgate.recording.importing.har import is_har, read_har
from llmgate.recording.importing.jsonl import has_shape, read_jsonl
from llmgate.recording.importing.lines import Broken, Fields, objects, text_of
from llmgate.recording.importing.mitmproxy import is_flows, read_flows
from llmgate.wire.recordings import ImportKind

_LOOKED_AT: Final = 50
_CODEX: Final = frozenset({"session_meta", "turn_context", "response_item", "event_msg"})
_CLAUDE: Final = frozenset({"parentUuid", "sessionId", "leafUuid", "isSidechain"})
_BOM: Final = b"\xef\xbb\xbf"


def _read_recording(data: bytes, name: str) -> Items:
    """A recording of ours, as it is."""
    try:
        yield read(data, name)
    except RecordingProblem as problem:
        raise NotImported(str(problem)) from problem


_READERS: Final[dict[str, Callable[[bytes, str], Items]]] = {
    "recording": _read_recording,
    "har": read_har,
    "mitmproxy": read_flows,
    "jsonl": read_jsonl,
    "claude-code": read_session,
    "codex": read_rollout,
}


def read_import(data: bytes, name: str, kind: ImportKind = "auto") -> Items:
    """What is in a file, one by one, and what was left out. Raises ``NotImported``, at the first
    step or later, for a file that cannot be read.
    """
    found = told_kind(data, name, kind)
    return _naming(bounded(_READERS[found](data.removeprefix(_BOM), name), name), name)


def _naming(items: Items, name: str) -> Items:
    """What a reader of lines finds wrong with the whole file is told with the file's name."""
    try:
        yield from items
    except NotImported as problem:
        raise _named(problem, name) from problem


def _named(problem: NotImported, name: str) -> NotImported:
    return problem if name in str(problem) else NotImported(f"{name} {problem}")


def told_kind(data: bytes, name: str, kind: ImportKind = "auto") -> ImportKind:
    """The kind of a file. Raises ``NotImported`` when it is none, or too much."""
    if len(data) > MAX_BYTES:
        raise NotImported(f"{name} is over the limit of {MAX_BYTES >> 20} MB: split it")
    if not data.removeprefix(_BOM).strip():
        raise NotImported(f"{name} is empty")
    try:
        found = kind_of(data) if kind == "auto" else kind
    except NotImported as problem:
        raise _named(problem, name) from problem
    if found == "auto":
        raise NotImported(
            f"{name} is nothing that is known: recordings, HAR, mitmproxy's flows, JSONL of"
            " requests, session logs of Claude Code and Codex are read"
        )
    return found


def kind_of(data: bytes) -> ImportKind:
    """What a file is, `auto` when it is nothing that is known."""
    data = data.removeprefix(_BOM)
    if is_flows(data):
        return "mitmproxy"
    begin = data[:64].lstrip()
    if not begin.startswith((b"{", b"[")):
        return "auto"
    for looked, item in enumerate(objects(data)):
        if looked >= _LOOKED_AT:
            break
        if isinstance(item, Broken):
            continue
        if kind := _kind_of_line(item[2]):
            return kind
    return "har" if is_har(data) else "auto"


def _kind_of_line(fields: Fields) -> ImportKind | None:
    return next((kind for kind, fits in _LINES if fits(fields)), None)


_LINES: Final[tuple[tuple[ImportKind, Callable[[Fields], bool]], ...]] = (
    ("recording", lambda fields: text_of(fields, "k") == "head"),
    ("har", lambda fields: "log" in fields and memoryview(fields["log"])[:1].tobytes() == b"{"),
    ("claude-code", lambda fields: bool(_CLAUDE & fields.keys())),
    ("codex", lambda fields: text_of(fields, "type") in _CODEX and "payload" in fields),
    ("jsonl", has_shape),
    ("codex", lambda fields: {"id", "timestamp", "instructions"} <= fields.keys()),
)
