"""What Events, Headers, Timing and Attempts say, as pure text."""

import json

import msgspec
import pytest

from llmgate.wire.exchanges import Chunk, ExchangeSummary, Mark
from llmgate_tui.detail import attempts, events, headers, timing
from llmgate_tui.detail import summary as summary_tab
from tests.tui.detail.samples import LIMITED, chunks, detail, text


def test_events_have_times_and_a_pause_is_flagged() -> None:
    shown = text(events.render(chunks(), "sse", 120)).split("\n")

    assert shown[0].split() == ["#", "t", "Δt", "bytes", "type", "data"]
    assert shown[1].split()[:4] == ["▸", "0", "426ms", "-"]
    assert [line for line in shown if "▲" in line] == [shown[31]]
    assert "640ms" in shown[31]
    assert max(map(len, shown)) <= 120


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (b'{"id":"x","choices":[{"delta":{"content":"Hi"}}]}', b'{"content":"Hi"}'),
        (
            b'{"choices":[{"delta":{},"finish_reason":"stop"}]}',
            b"{}  finish stop",
        ),
        (b'{"type":"response.output_text.delta","delta":"Hi"}', b'"Hi"'),
        (b'{"type":"content_block_delta","delta":{"text":"Hi"}}', b'{"text":"Hi"}'),
        (b'{"choices":[{"message":{}}]}', b'{"choices":[{"message":{}}]}'),
        (b'{"choices":[],"usage":{}}', b'{"choices":[],"usage":{}}'),
        (b"[DONE]", b"[DONE]"),
        (b'{"choices":7}', b'{"choices":7}'),
        (b"\xff{", b"\xff{"),
    ],
)
def test_an_event_shows_what_it_adds(event: bytes, shown: bytes) -> None:
    assert events.gist(event) == shown


def test_an_event_opens_into_its_json() -> None:
    shown = text(events.render(chunks(1), "sse", 120), opened=True)

    assert '         "delta": {\n'.replace("         ", "           ") in shown


def test_chunks_that_split_and_join_events_and_keep_alives_are_told_apart() -> None:
    parts = [
        Chunk(0, 10_000, 9, "data: {1}"),
        Chunk(1, 20_000, 2, "\n\n"),
        Chunk(2, 30_000, 1, "\n"),
        Chunk(3, 40_000, 30, "data: a\n\nevent: b\ndata: c\n\n"),
        Chunk(4, 50_000, 7, ": ping\n"),
    ]

    shown = text(events.render(parts, "sse", 120)).split("\n")

    at = shown[0].index("type")
    assert [line[at : at + 22].strip() for line in shown[1:]] == [
        "data",
        "keep-alive",
        "data",
        "b",
        "keep-alive",
    ]
    assert shown[4].split()[3] == "·"


def test_other_transports_show_chunks_as_they_came() -> None:
    shown = text(events.render([Chunk(0, 5, 7, '{"a":1}')], "json", 120))

    assert 'chunk                   {"a":1}' in shown
    assert text(events.render([], "sse", 80)) == "No part of an answer has arrived."


def test_narrow_events_leave_out_columns_and_fit() -> None:
    shown = text(events.render(chunks(), "sse", 39)).split("\n")

    assert shown[0].split() == ["#", "t", "Δt", "data"]
    assert max(map(len, shown)) <= 39


def test_headers_stand_in_four_groups_with_names_aligned() -> None:
    shown = text(headers.render(detail(received_headers=[]), 80)).split("\n")

    heads = [line for line in shown if line and not line.startswith(" ")]
    assert [head.split("  ")[0] for head in heads] == [
        "caller → gateway",
        "gateway → provider",
        "provider → gateway",
        "gateway → caller",
    ]
    assert shown[1].index("application/json") == shown[2].index("claude-cli/2.0")
    assert "  none" in shown


def test_timing_shows_phases_as_bars_one_after_the_other() -> None:
    at_us = [chunk.at_us for chunk in chunks()]
    shown = text(timing.render(detail(), at_us, 119)).split("\n")

    assert shown[4].startswith("earlier attempts    provider    212ms    211ms  ██")
    bars = [line[48:] for line in shown[1:9]]
    starts = [len(bar) - len(bar.lstrip()) for bar in bars]
    assert starts == sorted(starts)
    assert "gateway's own share   640us  0.021 % of the whole" in shown
    assert "10 to 20 ms" in "\n".join(shown)
    assert max(map(len, shown)) <= 119


@pytest.mark.parametrize(
    ("reached", "phase"),
    [
        ("planned", "finish              own"),
        ("sent", "wait for the head   provider"),
        ("first_byte", "receive the answer  provider"),
    ],
)
def test_the_time_until_a_break_is_that_of_whom_we_waited_for(reached: str, phase: str) -> None:
    marks = [Mark("accepted", 0), Mark(reached, 400), Mark("done", 900_000)]
    shown = text(timing.render(detail(marks=marks), [], 119)).split("\n")

    assert shown[3].startswith(phase)


def test_timing_of_little_says_so() -> None:
    shown = text(timing.render(detail(), [1, 2], 80))

    assert "Too few chunks to speak of gaps between them." in shown
    assert "No moments were recorded" in text(timing.render(detail(marks=[]), [], 80))


def test_attempts_tell_why_each_was_chosen_and_how_it_ended() -> None:
    shown = text(attempts.render(detail(), 120))

    assert " 1  openai     gpt-4o-mini" in shown
    assert "210ms  429 upstream rate limited" in shown
    assert "    error    Rate limit reached for requests" in shown
    assert "    chosen   weight 30 · share 30 % at that moment" in shown
    assert "    retry    after 2s, says the provider" in shown
    assert "    model    gpt-4o-mini" in text(attempts.render(detail(), 60))


def test_no_attempt_is_explained() -> None:
    shown = text(attempts.render(detail(LIMITED, attempts=[]), 80))

    assert shown == "No provider was asked.\nIt ended before that: policy_rate_limited."


def test_no_tab_minds_an_exchange_of_which_nothing_is_known() -> None:
    row = msgspec.convert(
        {
            "id": "x",
            "started_ms": 0,
            "state": "waiting",
            "method": "GET",
            "path": "/",
            "protocol": "raw",
        },
        ExchangeSummary,
    )
    bare = msgspec.convert({"summary": json.loads(msgspec.json.encode(row))}, type(detail()))

    assert "a caller" in text(summary_tab.render(row, bare, [], 40, 0))
    assert "It has not come to that yet." in text(attempts.render(bare, 40))
    assert text(headers.render(bare, 40)).count("none") == 4
