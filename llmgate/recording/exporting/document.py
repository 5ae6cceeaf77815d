"""One document of some recordings, in the format asked for."""

from collections.abc import Sequence

import msgspec

from llmgate.errors import LlmgateError
from llmgate.recording.exporting.curl import as_curl
from llmgate.recording.exporting.har import as_har
from llmgate.recording.exporting.jsonl import as_jsonl
from llmgate.recording.exporting.python import as_python
from llmgate.recording.format import MAX_FILE, MAX_LINE, SUFFIX, Recording, write
from llmgate.recording.title import file_name
from llmgate.wire.recordings import EXTENSIONS, ExportFormat, Skipped


class NotExportable(LlmgateError):
    """What was asked for cannot be put into one document."""


class Document(msgspec.Struct, frozen=True):
    """A file to be: its name, its bytes, and what is not in it."""

    name: str
    data: bytes
    skipped: list[Skipped]


def document(recordings: Sequence[Recording], wanted: ExportFormat) -> Document:
    """Writes them as one document; raises ``NotExportable``."""
    if not recordings:
        raise NotExportable("there is nothing to export")
    data, skipped = _written(recordings, wanted)
    if not data:
        raise NotExportable(f"no conversation to export: {skipped[0].why}")
    return Document(_name(recordings, wanted), data, skipped)


def _written(recordings: Sequence[Recording], wanted: ExportFormat) -> tuple[bytes, list[Skipped]]:
    match wanted:
        case "recording":
            return _recording(recordings), []
        case "har":
            return as_har(recordings), []
        case "curl":
            return as_curl(recordings), []
        case "python":
            return as_python(recordings), []
        case "jsonl":
            return as_jsonl(recordings)


def _recording(recordings: Sequence[Recording]) -> bytes:
    if len(recordings) != 1:
        raise NotExportable(
            f"a recording holds one exchange, these are {len(recordings)}: export each by itself,"
            " or all as har"
        )
    data = write(recordings[0])
    longest = max(map(len, data.split(b"\n")))
    for size, limit, what in ((len(data), MAX_FILE, "recording"), (longest, MAX_LINE, "line")):
        if size > limit:
            raise NotExportable(f"a {what} of {size} bytes is over the limit of {limit}")
    return data


def _name(recordings: Sequence[Recording], wanted: ExportFormat) -> str:
    stem = file_name(recordings[0]).removesuffix(SUFFIX)
    more = f"-and-{len(recordings) - 1}-more" if len(recordings) > 1 else ""
    return stem + more + EXTENSIONS[wanted]
