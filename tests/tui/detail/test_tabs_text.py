"""What Summary, Chat, Request and Answer say, as pure text."""

from typing import get_args

import pytest

from llmgate.errors import ErrorType
from llmgate.wire.blocks import (
    BlockDelta,
    BlockEvent,
    BlockStarted,
    Failed,
    Finished,
    Note,
    Usage,
    UsageReported,
)
from llmgate.wire.chat import ChatRequest, ChatView, Message, Part
from llmgate.wire.exchanges import ExchangeSummary, State
from llmgate_tui.detail import answer, chat, json_text, request
from llmgate_tui.detail import summary as summary_tab
from llmgate_tui.detail.meanings import MEANINGS, meaning
from llmgate_tui.widgets.line_text import LineText
from tests.tui.detail.samples import (
    CHAT,
    CUT,
    LIMITED,
    LIVE,
    REQUEST,
    SENT,
    STARTED_MS,
    chunks,
    detail,
    summary,
    text,
)


def summarised(row: ExchangeSummary, width: int = 80, **changes: object) -> str:
    """The Summary of a row."""
    at_us = [chunk.at_us for chunk in chunks()]
    told = detail(row, **changes)
    return text(summary_tab.render(row, told, at_us, width, STARTED_MS + 12_000))


def test_the_summary_tells_the_journey_the_attempts_and_the_figures() -> None:
    shown = summarised(summary()).split("\n")

    assert shown == [
        "claude-code (key ide) → route fast → anthropic (weight 70, 2 attempts)",
        "claude-sonnet-4-5 → claude-sonnet-4-5-20250929",
        "├ openai       210ms  429 upstream rate limited, retry-after 2s",
        "└ anthropic     2.9s  200",
        "200 finished  tool calls · 1 tool call",
        "",
        "tokens   48,204 in (46,080 cached, 1,024 written) · 181 out (40 reasoning)  reported",
        "cost     $0.0151  tokens reported · priced by table",
        "time     412ms to first byte · 3.1s total · own 640us · 67 tok/s",
        "chunks   ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂█▂▂▂▂▂▂  gaps p50 19ms p99 640ms max 640ms",
        "size     148 kB asked · 18 kB answered in 42 chunks",
        "session  5f2c81d0-77aa",
        "asked    POST /v1/messages?beta=true",
        "protocol anthropic.messages · sse · config v12",
        "id       ex_01JD2M7Q9K",
        "",
        "hint     /v1/v1 in the path: the base URL of this client has one /v1 too many",
        "",
        "▸ usage as the provider wrote it",
    ]


def test_a_wide_summary_stands_in_two_columns() -> None:
    shown = summarised(summary(), 170).split("\n")

    assert shown[0].startswith("claude-code")
    assert shown[0].index("tokens") == shown[1].index("cost") == shown[8].index("id")
    assert max(map(len, shown)) <= 170


def test_the_summary_never_shows_unknown_as_zero_and_marks_estimates() -> None:
    unknown = summarised(LIMITED, attempts=[], usage_raw="")
    estimated = summarised(CUT)

    assert "tokens   - unknown: nothing was reported" in unknown
    assert "cost     - unknown: no tokens were counted" in unknown
    assert "time     - to first byte · 3.1s total" in unknown
    assert "~48,204 in · ~181 out  ~estimated" in estimated
    assert "~$0.0190  ~estimated" in estimated


@pytest.mark.parametrize(
    ("basis", "source", "said"),
    [
        ("reported", "table", "$0.0151  tokens reported · priced by table"),
        ("reported", "config", "$0.0151  tokens reported · priced by config"),
        ("reported", "provider", "$0.0151  reported by the provider"),
        ("reported", "", "$0.0151  tokens reported"),
        ("estimated", "table", "~$0.0151  ~estimated · priced by table"),
    ],
)
def test_only_a_cost_the_provider_wrote_is_reported_by_it(
    basis: str, source: str, said: str
) -> None:
    shown = summarised(summary(cost_basis=basis, price_source=source)).splitlines()

    assert f"cost     {said}" in shown


def test_an_unpriced_model_is_named() -> None:
    shown = summarised(summary(cost_usd=None, cost_basis="unknown"))

    assert "cost     - unknown: no price for claude-sonnet-4-5-20250929" in shown


def test_our_limit_and_theirs_are_told_apart_with_what_to_do() -> None:
    ours, theirs = meaning("policy_rate_limited"), meaning("upstream_rate_limited")
    shown = summarised(LIMITED)

    assert "error    policy rate limited  key ide: 10 requests per second" in shown
    assert f"means    {ours.what}" in shown
    assert f"do       {ours.do}" in shown
    assert "not the provider's" in ours.what
    assert "not ours" in theirs.what


def test_every_error_type_has_a_meaning_and_an_unknown_one_is_no_accident() -> None:
    assert set(MEANINGS) == set(get_args(ErrorType))
    assert meaning("from_the_future").do == ""


def test_a_running_exchange_says_how_long_it_runs_and_guesses_openly() -> None:
    shown = summarised(LIVE)

    assert "▸ streaming" in shown
    assert "- in · ~60 out  ~estimated" in shown
    assert "12s so far" in shown
    assert "cost     - unknown: it is counted at the end" in shown


def test_a_runaway_shows_in_the_summary() -> None:
    assert "the same request came 14 times just before" in summarised(summary(repeat=14))


def test_the_chat_folds_the_system_prompt_and_ends_with_the_answer() -> None:
    shown = text(chat.render(CHAT))

    assert shown == "\n".join(
        [
            "tools    2: weather, read_file",
            "settings max_tokens 1024 · temperature 0.2",
            "",
            "system",
            "  Rule 1.",
            "  Rule 2.",
            "  Rule 3.",
            "▸ 17 more lines",
            "",
            "user",
            "  What is the weather in Zürich?",
            "  [image/png 48 kB]",
            "",
            "assistant",
            "  thinking",
            "  I should ask the tool.",
            "  → weather  toolu_1",
            "    {",
            '      "city": "Zürich"',
            "    }",
            "",
            "tool",
            "  ← result  toolu_1",
            "    {",
            '      "celsius": 7,',
            '      "rain": true',
            "    }",
            "",
            "assistant  answer",
            "  thinking",
            "  Seven degrees.",
            "  It is 7 °C and raining.",
            "  Take a coat.",
            "  → read_file  toolu_2",
            "    {",
            '      "path": "coat.md"',
            "    }",
            "",
            "finished: tool calls",
        ]
    )
    assert "  Rule 20." in text(chat.render(CHAT), opened=True)


def test_the_chat_of_a_running_exchange_leaves_the_answer_to_the_growth() -> None:
    assert "assistant  answer" not in text(chat.render(CHAT, with_answer=False))


def test_failed_tools_refusals_media_and_problems_have_words() -> None:
    view = ChatView(
        request=ChatRequest(
            messages=[
                Message(
                    role="tool",
                    parts=[
                        Part(kind="tool_result", id="t", text="no such file", is_error=True),
                        Part(kind="audio"),
                    ],
                )
            ]
        ),
        answer=[Part(kind="refusal", text="I will not.")],
        problem="the answer is not JSON (at byte 12)",
    )

    shown = text(chat.render(view))

    assert "▲ the answer is not JSON (at byte 12)" in shown
    assert "  ✗ result failed  t\n    no such file\n  [audio]" in shown
    assert "  refused\n  I will not." in shown


def test_no_conversation_is_said() -> None:
    assert text(chat.render(ChatView())) == "There is no conversation in this exchange."
    assert "The answer has no text." in text(answer.render(ChatView()))


def test_a_request_is_laid_out_and_says_what_was_changed() -> None:
    body = request.render(REQUEST, SENT)

    assert body.note == 'Sent on with model "claude-sonnet-4-5-20250929"'
    assert body.text.split("\n")[1] == '  "model": "claude-sonnet-4-5",'
    assert body.colour is json_text.colour
    assert request.render(REQUEST, REQUEST).note == ""
    assert request.render(REQUEST, raw=True).text == REQUEST.decode()


@pytest.mark.parametrize(
    ("sent", "note"),
    [
        (b'{"model":"m"}', "Sent on with stream left out"),
        (b'{"model":"m","stream":true,"seed":1}', "Sent on with seed 1 added"),
        (b'{"model": "m", "stream": true}', "The provider got the same fields, spelled otherwise."),
        (b"not json", "The provider got other bytes than these."),
    ],
)
def test_differences_are_named(sent: bytes, note: str) -> None:
    assert request.difference(b'{"model":"m","stream":true}', sent) == note


def test_a_body_that_is_no_json_is_shown_as_it_is() -> None:
    assert request.render(b"\xff{broken").text == "\ufffd{broken"
    assert request.render(b"").note == "The request has no body."


@pytest.mark.parametrize(
    "line",
    [
        '  "key": "va\\"lue", "n": -1.5e3, "t": true, "x": null, []',
        '"an unfinished string \\',
        "text that is no JSON at all: -, é, 漢字 -- tfn",
        "",
    ],
)
def test_the_lexer_loses_nothing(line: str) -> None:
    assert "".join(part for part, _ in json_text.colour(line)) == line


def test_the_lexer_tells_keys_from_values() -> None:
    parts = dict(json_text.colour('"k": "s", "n": 1, "b": true'))

    assert (parts['"k"'], parts['"s"'], parts["1"], parts["true"]) == (
        "key",
        "string",
        "number",
        "literal",
    )


def grown(*blocks: BlockEvent) -> str:
    """What a growing answer looks like."""
    shown = LineText()
    for piece, tone in answer.Growing().pieces(blocks):
        shown.grow(piece, tone)
    return "\n".join(shown.texts)


def test_an_answer_grows_block_by_block() -> None:
    shown = grown(
        BlockStarted(0, "reasoning"),
        BlockDelta(0, "reasoning", "Hm"),
        BlockDelta(0, "signature", "c2ln"),
        BlockStarted(1, "text"),
        BlockDelta(1, "text", "It is "),
        BlockDelta(1, "text", "cold.\nTake"),
        BlockStarted(2, "tool_call", id="t1", name="look"),
        BlockDelta(2, "json", '{"a":'),
        BlockDelta(1, "text", " a coat."),
        BlockDelta(2, "json", "1}"),
        Note("an odd event was left aside"),
        UsageReported(Usage()),
        Finished("length"),
    )

    assert shown == "\n".join(
        [
            "Hm",
            "",
            "It is cold.",
            "Take",
            "",
            "→ look  t1",
            '{"a":',
            "",
            " a coat.",
            "",
            "1}",
            "",
            "▲ an odd event was left aside",
            "",
            "finished: length",
        ]
    )


def test_an_error_in_mid_stream_stands_below_what_came_before() -> None:
    shown = grown(
        BlockStarted(0, "text"),
        BlockDelta(0, "text", "Half"),
        Failed("overloaded, try later", type="overloaded_error"),
    )

    assert shown == "Half\n\n✗ overloaded_error overloaded, try later"


def test_a_complete_answer_reads_like_the_grown_one() -> None:
    assert text(answer.render(CHAT)) == "\n".join(
        [
            "Seven degrees.",
            "",
            "It is 7 °C and raining.",
            "Take a coat.",
            "",
            "→ read_file  toolu_2",
            "  {",
            '    "path": "coat.md"',
            "  }",
            "",
            "finished: tool calls",
        ]
    )


@pytest.mark.parametrize("state", get_args(State))
def test_the_summary_has_words_for_every_state(state: State) -> None:
    assert summarised(summary(state=state))


def test_the_summary_names_the_limit_that_refused_or_held_a_request() -> None:
    refused = summary(
        state="failed",
        status=429,
        error_type="policy_budget",
        limited_by="key ide: budget_usd_per_day",
    )
    held = summary(limited_by="provider groq: concurrency", queued_us=2_400_000)

    assert "limit    refused by key ide: budget_usd_per_day  4 Keys" in summarised(refused)
    assert "Keys screen (4)" in summarised(refused)
    assert "limit    held by provider groq: concurrency" in summarised(held)
    assert "queued   2.4s until there was room" in summarised(held)


def test_a_request_ended_from_a_terminal_is_not_said_to_have_lost_its_caller() -> None:
    ended = summary(state="cancelled", error_type="policy_cancelled")

    assert "cancelled from a terminal" in summarised(ended)
    assert "by the caller" not in summarised(ended)
