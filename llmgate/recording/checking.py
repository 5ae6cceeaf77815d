"""Checks a recording file: can it be read, is it whole, does it say what its bytes say, and is
nothing in it that nobody should see. What is found never repeats a secret.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from llmgate.recording.canonical import parse, recording_id
from llmgate.recording.derive import PROPER, Derived, derived_of
from llmgate.recording.entropy import looks_random
from llmgate.recording.format import read
from llmgate.recording.recording import Recording, RecordingProblem
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing
from llmgate.recording.texts import Texts

Level = Literal["error", "warning"]

_PREFIX: Final = 200  # of a line: its kind stands at the beginning
_MOST: Final = 20  # warnings about one file
_REWRITE: Final = "export it again, or write what the bytes say"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a file: where, what, what to do."""

    file: str
    line: int
    what: str
    todo: str
    level: Level = "error"

    def __str__(self) -> str:
        """As one line."""
        warning = "warning: " if self.level == "warning" else ""
        return f"{self.file}:{self.line}: {warning}{self.what} — {self.todo}"


def check(data: bytes, file: str, rules: Rules) -> list[Finding]:
    """Everything that is wrong with a file."""
    try:
        recording = read(data, file)
    except RecordingProblem as problem:
        return [
            Finding(
                file=file,
                line=problem.line or 1,
                what=problem.message,
                todo="mend the line or export the recording again",
            )
        ]
    page = _Page(data, file)
    found = [
        *_whole(recording, page),
        *_derived(recording, page),
        *_secrets(recording, page, rules),
    ]
    return sorted(found, key=lambda one: one.line)


class _Page:
    """The lines of a file, by kind."""

    def __init__(self, data: bytes, file: str) -> None:
        self.file = file
        self.lines = data.split(b"\n")
        self.kinds = [_kind(line) for line in self.lines]

    def line(self, kind: str) -> int:
        """The number of the first line of a kind; 1 without one."""
        return self.kinds.index(kind) + 1 if kind in self.kinds else 1

    def chunk_lines(self) -> list[int]:
        """The numbers of the lines of chunks."""
        return [number for number, kind in enumerate(self.kinds, 1) if kind == "c"]

    def finding(self, line: int, what: str, todo: str, level: Level = "error") -> Finding:
        """Something about a line."""
        return Finding(file=self.file, line=line, what=what, todo=todo, level=level)


class _Kind(msgspec.Struct):
    k: str = ""


_decode_kind: Final = msgspec.json.Decoder(_Kind).decode


def _kind(line: bytes) -> str:
    try:
        return _decode_kind(line).k if line else ""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _whole(it: Recording, page: _Page) -> Iterator[Finding]:
    """Whether it was scrubbed, is of its request, and its moments can be."""
    if it.scrub is None:
        todo = "export it without --raw; it may hold secrets"
        yield page.finding(1, "the recording is unscrubbed", todo)
    elif it.scrub is msgspec.UNSET and not it.made_up:
        todo = "export it with `llmgate record export`"
        yield page.finding(1, "nothing says that it was scrubbed", todo)
    wanted = recording_id(it.dialect, it.path, it.body)
    if it.id != wanted:
        what = f"the id is {it.id[:40]!r} and its request makes {wanted}"
        yield page.finding(1, what, f"write {wanted}, or take the request back to what it was")
    if sum(it.us) > it.total_us:
        what = f"the chunks take {sum(it.us)} us and the whole {it.total_us}"
        yield page.finding(page.line("time"), what, "write a `total_us` that is not shorter")
    asked = parse(it.body)
    model = asked.get("model") if isinstance(asked, dict) else None
    if isinstance(model, str) and it.model and model[:300] != it.model:
        todo = "write the model of the body"
        yield page.finding(page.line("req"), "`model` is not the one of the request body", todo)


def _derived(it: Recording, page: _Page) -> Iterator[Finding]:
    """Whether the `end` line says what the bytes say."""
    derived = derived_of(it)
    line = page.line("end")
    wrong = [
        name
        for name in ("text", "tool_calls", "finish", "usage")
        if getattr(it, name) != getattr(derived, name)
    ]
    if not _error_fits(it, derived):
        wrong.append("error")
    for name in wrong:
        yield page.finding(line, f"`{name}` is not what the answer's bytes say", _REWRITE)
    if it.how in PROPER:
        if it.how != derived.how:
            what = f"`how` is {it.how} and the answer's bytes say {derived.how}"
            yield page.finding(line, what, _REWRITE)
        elif derived.ending == "cut" and it.error is None and 0 < it.status < 300:
            what = "the answer stops before its end, but `how` says that it ended"
            yield page.finding(line, what, "write how it broke (reset, timeout) or export it again")


def _error_fits(it: Recording, derived: Derived) -> bool:
    """The bytes' own error must be there; where there is none, the connection's may be."""
    if derived.error is not None and it.how in PROPER:
        return it.error == derived.error
    return it.error is None or it.how not in PROPER or derived.ending == "cut"


def _secrets(it: Recording, page: _Page, rules: Rules) -> Iterator[Finding]:
    """Secrets by rule; else text that looks like one."""
    found: list[Finding] = []
    for number, line in enumerate(page.lines, 1):
        if line and page.kinds[number - 1] not in {"body", "c"}:
            found += _hits(page, [(number, line)], rules)
            found += _random(page, number, line)
    body = page.line("body")
    found += _hits(page, [(body, it.body)], rules)
    found += _random(page, body, it.body)
    numbers = page.chunk_lines()
    found += _hits(page, list(zip(numbers, it.chunks, strict=False)), rules)
    answer = b"".join(it.chunks)
    found += _random(page, numbers[0] if numbers else 1, answer)
    warnings = [one for one in found if one.level == "warning"]
    yield from (one for one in found if one.level == "error")
    yield from warnings[:_MOST]


def _hits(page: _Page, pieces: list[tuple[int, bytes]], rules: Rules) -> Iterator[Finding]:
    """One finding for each line with a part of a secret in it."""
    scrubbing = Scrubbing(rules)
    after = scrubbing.chunks([data for _, data in pieces])
    names = ", ".join(scrubbing.hits)
    if not names:
        return
    todo = "export it again, or blank it and change the key"
    lines = [n for (n, data), clean in zip(pieces, after, strict=True) if clean != data]
    for number in lines[:_MOST]:
        yield page.finding(number, f"a secret ({names})", todo)


def _random(page: _Page, line: int, data: bytes) -> Iterator[Finding]:
    """Long random text, of which nobody knows what it is."""
    texts = Texts(data)
    read = texts.read() if texts.regions else [(b"", None)]
    for name, view in read:
        text = data if view is None else view.text
        for start, end in looks_random(text, name):
            where = f" in `{name.decode(errors='replace')[:40]}`" if name else ""
            what = f"{end - start} characters that look random{where}: a key of an unknown kind?"
            todo = "blank it with a pattern in `recording.redact`, if it is one"
            yield page.finding(line, what, todo, "warning")
