"""Whatever a file holds, an import gives recordings and reasons, or one refusal."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.recording.format import read, write
from llmgate.recording.importing.cleaning import read_clean
from llmgate.recording.importing.found import NotImported
from llmgate.recording.importing.kinds import read_import
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.wire.recordings import ImportKind
from tests.recording.importing import test_claude_code, test_codex
from tests.recording.importing.samples import (
    ASKED,
    COMPLETION,
    entry,
    flow,
    har,
    lines,
    tnet,
)

WHOLE: dict[ImportKind, bytes] = {
    "har": har(entry(), entry(_llmgate_chunks={"lengths": [3], "us": [1]})),
    "mitmproxy": tnet(flow()) * 2,
    "jsonl": lines(ASKED, {"request": ASKED, "response": COMPLETION}, {"messages": [ASKED]}),
    "claude-code": lines(*test_claude_code.SESSION),
    "codex": lines(*test_codex.SESSION),
}
ODD: list[Any] = [None, True, 0, -1, 1e300, "", "\ud800", [], {}, [[]], {"": None}, "x" * 99]


def taken(data: bytes, kind: ImportKind) -> list[Recording]:
    try:
        found = list(read_clean(data, "f", kind, Rules()))
    except NotImported:
        return []
    return [item for item in found if isinstance(item, Recording)]


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_with_bytes_that_were_changed_does_no_harm(
    kind: ImportKind, data: st.DataObject
) -> None:
    changed = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    for one in ("auto", kind):
        for recording in taken(bytes(changed), one):
            again = read(write(recording))
            assert (again.chunks, again.body) == (recording.chunks, recording.body)


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_value_of_an_unexpected_type_does_no_harm(kind: ImportKind, data: st.DataObject) -> None:
    values: Any = {
        "har": [entry()],
        "mitmproxy": [flow()],
        "jsonl": [{"request": ASKED, "response": COMPLETION}, {"messages": [ASKED]}],
        "claude-code": test_claude_code.SESSION,
        "codex": test_codex.SESSION,
    }[kind]
    odd = [_odd(value, data) for value in values]
    text = {"har": lambda: har(*odd), "mitmproxy": lambda: b"".join(map(tnet, odd))}
    for recording in taken(text.get(kind, lambda: lines(*odd))(), kind):
        read(write(recording))


def _odd(value: Any, data: st.DataObject) -> Any:
    """The value with something else in one of its places."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value, key=str)))
        return value | {key: _odd(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], _odd(value[at], data), *value[at + 1 :]]
    return data.draw(st.sampled_from([odd for odd in ODD if odd != "\ud800"]))


@pytest.mark.parametrize("kind", ["auto", "jsonl", "codex"])
def test_half_an_array_is_refused_with_the_name_of_its_file(kind: ImportKind) -> None:
    with pytest.raises(NotImported, match=r"^calls\.json begins like a JSON array and is none"):
        list(read_import(b"[", "calls.json", kind))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind in ("auto", *WHOLE):
        try:
            list(read_import(data, "f", kind))
        except NotImported as refused:
            assert "f" in str(refused)  # noqa: PT017 - its name is in it
