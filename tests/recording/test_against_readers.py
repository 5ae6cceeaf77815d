"""The gateway's own readers find in every recording what its `end` line says."""

from collections import defaultdict

import pytest

from llmgate.formats.catalog import read_request, reader_for
from llmgate.recording.library import Library, shipped_folder
from llmgate.recording.recording import Recording
from llmgate.wire.blocks import BlockDelta, BlockEvent, BlockStarted, UsageReported

RECORDINGS = [
    recording
    for recording in Library(shipped_folder()).recordings
    if recording.dialect != "anthropic.count_tokens"  # says nothing
]
ENDINGS = {"eof": "finished", "error_event": "failed", "reset": "cut", "timeout": "cut"}
each = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)


def events_of(recording: Recording) -> tuple[list[BlockEvent], str]:
    """Reads an answer chunk by chunk; gives its events and how it ended."""
    reader = reader_for(recording.dialect, dict(recording.response_headers)["content-type"])
    events = [event for chunk in recording.chunks for event in reader.feed(chunk)]
    events += reader.close()
    return events, reader.ending().state


@each
def test_text_tool_calls_and_ending_agree(recording: Recording) -> None:
    events, ending = events_of(recording)
    said: dict[str, str] = defaultdict(str)
    for event in events:
        if isinstance(event, BlockDelta):
            said[event.kind if event.kind == "text" else f"{event.kind} {event.index}"] += (
                event.text
            )

    calls = [it for it in events if isinstance(it, BlockStarted) and it.kind == "tool_call"]
    assert said["text"] == recording.text
    assert [(it.id, it.name, said[f"json {it.index}"]) for it in calls] == [
        (it.id, it.name, it.arguments) for it in recording.tool_calls
    ]
    assert ending == ("failed" if recording.status >= 400 else ENDINGS[recording.how])
    assert any(key.startswith("reasoning") for key in said) == ("reasoning" in recording.tags)


@each
def test_usage_agrees(recording: Recording) -> None:
    events, _ = events_of(recording)
    reported = [event.usage for event in events if isinstance(event, UsageReported)]

    if recording.error is None:
        last, said = reported[-1], recording.usage
        assert last.input_tokens == said.in_
        assert last.output_tokens == said.out
        assert (last.cache_read_tokens or 0) == (said.cached or 0)
        assert (last.cache_write_tokens or 0) == (said.written or 0)
        assert (last.reasoning_tokens or 0) == (said.reasoning or 0)
    else:
        assert len(reported) <= 1


@each
def test_the_request_shows_the_tools_it_offers(recording: Recording) -> None:
    shown = read_request(recording.dialect, recording.body)

    assert shown.messages
    for call in recording.tool_calls:
        assert call.name in shown.tools
