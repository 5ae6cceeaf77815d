"""Reads and writes a recording file: the same recording gives the same bytes, and nothing is lost.

Lines and keys that this version does not know are kept where they were and written back. Every
problem names the file and the line.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from llmgate.recording.canonical import recording_id
from llmgate.recording.lines import (
    KINDS,
    Body,
    Chunk,
    End,
    Head,
    HeaderMap,
    Known,
    Req,
    Resp,
    Route,
    Time,
)
from llmgate.recording.recording import Headers, Recording, RecordingProblem
from llmgate.recording.sound import flaw
from llmgate.recording.versions import CONVERTERS, VERSION

__all__ = ["MAX_FILE", "MAX_LINE", "SUFFIX", "Recording", "RecordingProblem", "read", "write"]

SUFFIX: Final = ".llmrec.jsonl"
MAX_LINE: Final = 16 * 1024 * 1024
MAX_FILE: Final = 64 * 1024 * 1024

_K = TypeVar("_K", Head, Req, Body, Route, Resp, End, Time)


class _Tag(msgspec.Struct):
    k: str


_decode_known: Final = msgspec.json.Decoder(Known).decode
_decode_tag: Final = msgspec.json.Decoder(_Tag).decode
_decode_loose: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


class _Pile:
    """The lines read so far, sorted by kind."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.at = 0
        self.known: dict[type[Known], Known] = {}
        self.chunks: list[bytes] = []
        self.unknown_lines: dict[int, bytes] = {}
        self.unknown_keys: dict[int, dict[str, msgspec.Raw]] = {}

    def problem(self, message: str) -> RecordingProblem:
        return RecordingProblem(message, file=self.file, line=self.at + 1)

    def take(self, line: bytes) -> None:
        """Adds a line, known or not."""
        try:
            known = _decode_known(line)
        except msgspec.ValidationError:
            again = self._loose(line)
            if again is None:
                return
            known = again
        except (msgspec.DecodeError, RecursionError) as error:
            raise self.problem(f"not JSON: {error}") from error
        if isinstance(known, Chunk):
            self.chunks.append(known.b64 or known.d.encode())
        elif type(known) in self.known:
            raise self.problem(f"a second `{known.__struct_config__.tag}` line")
        else:
            self.known[type(known)] = known

    def _loose(self, line: bytes) -> Known | None:
        """Reads a line of a later version: keeps what is unknown, or says what is wrong."""
        try:
            kind = KINDS.get(_decode_tag(line).k)
            if kind is None:
                self.unknown_lines[self.at] = line
                return None
            fields = _decode_loose(line)
            names = {*kind.__struct_encode_fields__, "k"}
            extra = {key: fields.pop(key).copy() for key in fields.keys() - names}
            known = msgspec.json.decode(_encode(fields), type=kind)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self.problem(f"{error}") from error
        self.unknown_keys[self.at] = dict(sorted(extra.items()))
        return known

    def maybe(self, kind: type[_K]) -> _K | None:
        """Gives the one line of a kind, if there is one."""
        line = self.known.get(kind)
        return line if isinstance(line, kind) else None

    def the(self, kind: type[_K]) -> _K:
        """Gives the one line of a kind."""
        line = self.maybe(kind)
        if line is None:
            raise RecordingProblem(f"no `{kind.__struct_config__.tag}` line", file=self.file)
        return line


def read(data: bytes, name: str = "recording") -> Recording:
    """Reads a recording; raises ``RecordingProblem`` naming file and line."""
    if len(data) > MAX_FILE:
        raise RecordingProblem(f"over the limit of {MAX_FILE} bytes", file=name)
    pile = _Pile(name)
    for at, line in enumerate(_versioned(data, name)):
        pile.at = at
        if len(line) > MAX_LINE:
            raise pile.problem(f"{len(line)} bytes in a line, the limit is {MAX_LINE}")
        pile.take(line)
    return _assemble(pile)


def _versioned(data: bytes, name: str) -> list[bytes]:
    """Splits into lines, brought up to this version's shape."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    version = _version(lines[0], name) if lines else VERSION
    while version < VERSION:
        lines = CONVERTERS[version](lines)
        version += 1
    return lines


def _version(first: bytes, name: str) -> int:
    """Reads ``v`` of the head line."""
    try:
        fields = msgspec.json.decode(first, type=dict[str, msgspec.Raw])
        version = msgspec.json.decode(fields["v"], type=int)
        kind = msgspec.json.decode(fields["k"], type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise RecordingProblem(
            'does not begin with a line {"k":"head","v":1,...}', file=name, line=1
        ) from error
    if kind != "head":
        raise RecordingProblem(f"begins with `{kind}` instead of `head`", file=name, line=1)
    if version > VERSION or version not in {*CONVERTERS, VERSION}:
        raise RecordingProblem(
            f"version {version} of the format; this llmgate reads up to {VERSION}",
            file=name,
            line=1,
        )
    return version


def _assemble(pile: _Pile) -> Recording:
    """Puts the lines together and checks that they agree."""
    head, req, resp = pile.the(Head), pile.the(Req), pile.the(Resp)
    end, time = pile.the(End), pile.the(Time)
    body = pile.maybe(Body) or Body()
    if len(time.us) != len(pile.chunks):
        raise RecordingProblem(
            f"{len(pile.chunks)} chunks but {len(time.us)} moments in `time.us`", file=pile.file
        )
    recording = Recording(
        name=pile.file,
        id=head.id,
        title=head.title,
        tags=head.tags,
        by=head.by,
        made_up=head.made_up,
        note=head.note,
        scrub=head.scrub,
        dialect=head.dialect,
        stream=head.stream,
        method=req.method,
        path=req.path,
        model=req.model,
        request_headers=_pairs(req.headers),
        body=_body_bytes(body),
        route=pile.maybe(Route),
        status=resp.status,
        response_headers=_pairs(resp.headers),
        chunks=pile.chunks,
        how=end.how,
        finish=end.finish,
        usage=end.usage,
        text=end.text,
        tool_calls=end.tool_calls,
        error=end.error,
        us=list(time.us),
        t0=time.t0,
        connect_us=time.connect_us,
        ttft_us=time.ttft_us,
        total_us=time.total_us,
        unknown_lines=pile.unknown_lines,
        unknown_keys=pile.unknown_keys,
    )
    if why := flaw(recording):
        raise RecordingProblem(why, file=pile.file)
    return recording


def write(recording: Recording) -> bytes:
    """Writes a recording; an empty ``id`` becomes the hash of its request."""
    lines = [_encode(line) for line in _lines(recording)]
    for at in sorted(recording.unknown_lines):
        lines.insert(at, recording.unknown_lines[at])
    for at, extra in recording.unknown_keys.items():
        if at < len(lines) and extra:
            lines[at] = lines[at][:-1] + b"," + _encode(extra)[1:]
    return b"\n".join(lines) + b"\n"


def _lines(it: Recording) -> list[Known]:
    """Gives the lines of a recording in their order."""
    head = Head(
        v=VERSION,
        id=it.id or recording_id(it.dialect, it.path, it.body),
        title=it.title,
        dialect=it.dialect,
        stream=it.stream,
        tags=it.tags,
        by=it.by,
        made_up=it.made_up,
        note=it.note,
        scrub=it.scrub,
    )
    req = Req(
        method=it.method, path=it.path, headers=_header_map(it.request_headers), model=it.model
    )
    resp = Resp(status=it.status, headers=_header_map(it.response_headers))
    end = End(
        how=it.how,
        finish=it.finish,
        usage=it.usage,
        text=it.text,
        tool_calls=it.tool_calls,
        error=it.error,
    )
    time = Time(
        us=tuple(it.us),
        t0=it.t0,
        connect_us=it.connect_us,
        ttft_us=it.ttft_us,
        total_us=it.total_us,
    )
    route = [it.route] if it.route is not None else []
    return [head, req, _body(it.body), *route, resp, *map(_chunk, it.chunks), end, time]


def _body(data: bytes) -> Body:
    """Gives the body line: JSON as it was written when it fits on one line of UTF-8."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Body(b64=data)
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return Body(text=text)
    if "\n" in text or "\r" in text or data != data.strip():
        return Body(text=text)
    return Body(json=msgspec.Raw(data))


def _body_bytes(body: Body) -> bytes:
    """Gives the request body of its line."""
    if isinstance(body.json, msgspec.Raw):
        return bytes(body.json)
    return body.text.encode() or body.b64


def _chunk(data: bytes) -> Chunk:
    """Gives the line of one wire chunk."""
    try:
        return Chunk(d=data.decode())
    except UnicodeDecodeError:
        return Chunk(b64=data)


def _pairs(headers: HeaderMap) -> Headers:
    """Gives headers as pairs."""
    return tuple(headers.items() if isinstance(headers, dict) else headers)


def _header_map(headers: Sequence[tuple[str, str]]) -> HeaderMap:
    """Gives headers as an object, as pairs when a name occurs twice."""
    names = dict(headers)
    return names if len(names) == len(headers) else list(headers)
