"""Real traffic through the readers: the same in any cut, grammar kept, usage and ending right."""

from typing import cast

import msgspec
import pytest

from llmgate.formats.catalog import answer_parts, answer_text, read_request, reader_for
from llmgate.formats.reader import Ending
from llmgate.wire.blocks import BlockEvent, UsageReported
from llmgate.wire.exchanges import Protocol
from tests.conformance import expected
from tests.conformance.captures import Capture, captures, needs_captures
from tests.conformance.checker import faults_in

pytestmark = needs_captures

every_capture = pytest.mark.parametrize(
    "capture", list(captures()), ids=lambda capture: capture.file
)

ODD_ENDINGS = {
    # its last event lacks a closing brace, so no terminal event can be read
    "vercel-ai/openai/parallel-tool-call-wrapper.1.chunks.txt": "cut",
}


def read(capture: Capture, size: int) -> tuple[list[BlockEvent], Ending]:
    content_type = "text/event-stream" if capture.stream else "application/json"
    reader = reader_for(cast("Protocol", capture.protocol), content_type)
    events: list[BlockEvent] = []
    for start in range(0, len(capture.body), size):
        events += reader.feed(capture.body[start : start + size])
    events += reader.close()
    return events, reader.ending()


@every_capture
def test_the_cut_of_the_bytes_changes_nothing(capture: Capture) -> None:
    whole = read(capture, len(capture.body) + 1)

    assert read(capture, 7) == whole


@every_capture
def test_the_events_keep_the_grammar(capture: Capture) -> None:
    assert faults_in(read(capture, 1000)[0]) == []


@every_capture
def test_the_ending_is_told(capture: Capture) -> None:
    usual = "failed" if capture.status >= 400 else "finished"

    assert read(capture, 1000)[1].state == ODD_ENDINGS.get(capture.file, usual)


@every_capture
def test_the_usage_is_what_the_capture_reports(capture: Capture) -> None:
    reports = [e.usage for e in read(capture, 1000)[0] if isinstance(e, UsageReported)]

    assert (reports[-1] if reports else None) == expected.usage_of(capture)


@every_capture
def test_text_and_tool_calls_are_complete(capture: Capture) -> None:
    events = read(capture, 1000)[0]
    calls = [part.name for part in answer_parts(events) if part.kind == "tool_call"]
    wanted = expected.calls_of(capture)

    assert answer_text(events).replace("\n\n", "") == expected.text_of(capture).replace("\n\n", "")
    assert [name for name in calls if name in wanted] == wanted


@every_capture
def test_the_request_is_read_as_a_conversation(capture: Capture) -> None:
    if not isinstance(capture.request, dict):
        pytest.skip("no request was captured")
    body = msgspec.json.encode(capture.request)
    seen = read_request(cast("Protocol", capture.protocol), body)

    assert seen.messages
    assert all(message.role != "?" for message in seen.messages)
    assert all(p.kind != "other" for message in seen.messages for p in message.parts)
    assert len(seen.tools) >= len(capture.request.get("tools") or [])
