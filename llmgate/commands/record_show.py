"""`llmgate record show`: a recording as a person reads it, the same lines for the same file."""

import argparse
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from llmgate.commands.reader import may_leave
from llmgate.errors import BadRequest, LlmgateError
from llmgate.formats import catalog
from llmgate.recording.format import MAX_FILE, read
from llmgate.recording.recording import Recording
from llmgate.wire.chat import Part
from llmgate.wire.safe_text import safe_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate record show`."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="a recording")
    parser.add_argument("--chunks", action="store_true", help="every chunk with its moment, too")


def run(args: argparse.Namespace) -> int:
    """Prints them; a reader that goes away (`| head`) is no error."""
    with may_leave():
        for file in args.files:
            for line in lines_of(_read(Path(file)), chunks=args.chunks):
                print(safe_text(line))
    return 0


def _read(path: Path) -> Recording:
    try:
        with path.open("rb") as file:
            return read(file.read(MAX_FILE + 1), str(path))
    except OSError as error:
        raise LlmgateError(f"cannot read {path}: {error.strerror}") from error


def lines_of(it: Recording, *, chunks: bool = False) -> Iterator[str]:
    """What a person wants to know, a fact a line; then the conversation."""
    yield from (f"{name:<9} {fact}" for name, fact in _facts(it) if fact)
    yield from (f"          {name}: {value}" for name, value in it.response_headers)
    yield ""
    yield from _request(it)
    yield ""
    yield from _answer(it)
    if chunks:
        yield ""
        for number, (data, at_us) in enumerate(zip(it.chunks, accumulate(it.us), strict=True)):
            yield f"{number:>5} {at_us / 1000:>10.3f} ms {len(data):>7} B  {data!r}"


def _facts(it: Recording) -> list[tuple[str, str]]:
    usage = it.usage
    counts = (
        ("in", usage.in_),
        ("out", usage.out),
        ("cached", usage.cached),
        ("written", usage.written),
        ("reasoning", usage.reasoning),
    )
    scrub = "unscrubbed: it may hold secrets" if it.scrub is None else ""
    hits = it.scrub.get("hits") if isinstance(it.scrub, dict) else None
    return [
        ("title", it.title),
        ("id", it.id),
        ("tags", ", ".join(it.tags)),
        ("note", it.note),
        ("scrubbed", scrub or (bytes(hits).decode() if hits is not None else "")),
        ("request", f"{it.method} {it.path}  ({it.dialect}{', streamed' if it.stream else ''})"),
        ("model", it.model),
        ("when", it.t0),
        ("status", f"{it.status}  {it.how}  {it.finish}".rstrip()),
        ("error", it.error or ""),
        ("tokens", ", ".join(f"{count} {name}" for name, count in counts if count is not None)),
        (
            "time",
            f"{it.ttft_us / 1000:.1f} ms to the first byte, {it.total_us / 1000:.1f} ms in all,"
            f" {len(it.chunks)} chunks of {sum(map(len, it.chunks))} bytes",
        ),
    ]


def _request(it: Recording) -> Iterator[str]:
    try:
        request = catalog.read_request(it.dialect, it.body)
    except BadRequest:
        request = None
    if request is None or not request.messages:
        yield f"[request] {it.body.decode('utf-8', 'replace')}"
        return
    for name, value in request.settings.items():
        yield f"[{name}] {value}"
    if request.tools:
        yield f"[tools] {', '.join(request.tools)}"
    for message in request.messages:
        for part in message.parts:
            yield f"[{message.role}] {_part(part)}"


def _answer(it: Recording) -> Iterator[str]:
    if it.text:
        yield f"[answer] {it.text}"
    for call in it.tool_calls:
        yield f"[tool call] {call.name} {call.arguments}"
    if not it.text and not it.tool_calls:
        yield f"[answer] {b''.join(it.chunks)[:2000].decode('utf-8', 'replace')}"


def _part(part: Part) -> str:
    name = f" {part.name}" if part.name else ""
    return part.text if part.kind == "text" else f"({part.kind}{name}) {part.text}"
