"""What a request changed against the turn before, and what its parts weigh."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.compare.prompt import prompt_diff
from llmgate.compare.side import Side
from llmgate.compare.turns import turn_before
from llmgate.wire.compare import PromptDiff
from llmgate.wire.exchanges import Protocol
from tests.compare.made import CHAT, MESSAGES, RESPONSES, left_of, right_of, row

CACHED = {"cache_control": {"type": "ephemeral"}}
RULES = "You are a careful helper. Answer in few words, and read before you write. "


def asked(body: Any, protocol: Protocol = CHAT, name: str = "a", **fields: Any) -> Side:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Side(summary=row(name, protocol, **fields), request=data)


def tool(name: str, about: str = "what it does ") -> dict[str, Any]:
    return {"name": name, "description": about * 20, "input_schema": {"type": "object"}}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def agent(*turns: tuple[str, str, str], system: str = RULES, **more: Any) -> dict[str, Any]:
    """A coding agent's request: a question, then calls (tool, argument, result)."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": [text("fix the bug", **CACHED)]}]
    for number, (name, argument, result) in enumerate(turns):
        call = {"type": "tool_use", "id": f"t{number}", "name": name, "input": {"p": argument}}
        back = {"type": "tool_result", "tool_use_id": f"t{number}", "content": result}
        messages.append({"role": "assistant", "content": [text(f"step {number}"), call]})
        messages.append({"role": "user", "content": [back]})
    return {
        "model": "claude-x",
        "max_tokens": 100,
        "system": [text(system, **CACHED)],
        "tools": [tool("Read"), tool("Bash"), tool("Web")],
        "messages": messages,
        **more,
    }


def entries(found: PromptDiff) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.title, entry.count) for entry in found.entries]


FIRST = agent(("Read", "a.py", "line of code\n" * 200))
SECOND = agent(("Read", "a.py", "line of code\n" * 200), ("Bash", "ls", "a.py b.py"))


def test_a_turn_keeps_what_was_and_adds_what_is_new() -> None:
    moved = json.loads(json.dumps(SECOND))
    moved["messages"][0]["content"][0].pop("cache_control")
    moved["messages"][-1]["content"][0].update(CACHED)
    moved["tools"][2].update(CACHED)
    found = prompt_diff(asked(moved, MESSAGES, "b"), asked(FIRST, MESSAGES, "a"))

    assert (found.id, found.before, found.turn, found.problem) == ("b", "a", 3, "")
    assert entries(found) == [
        ("kept", "tool definitions", 3),
        ("kept", f"{RULES.strip()}", 1),
        ("kept", "messages", 3),
        ("added", "step 1", 1),
        ("added", "tool call of Bash", 1),
        ("added", "tool result of Bash", 1),
    ]
    assert right_of(found.entries[-1].spans) == "a.py b.py"
    assert found.dropped_tokens == 0


def test_reported_tokens_are_spread_over_the_parts() -> None:
    now = asked(SECOND, MESSAGES, input_tokens=5_000, usage_basis="reported", cache_read_tokens=900)
    found = prompt_diff(now, asked(FIRST, MESSAGES))

    assert (found.input_tokens, found.estimated, found.cached_tokens) == (5_000, False, 900)
    assert found.resent_tokens + found.added_tokens == 5_000
    assert 25 < found.added_tokens < 250
    assert sum(entry.tokens for entry in found.entries) == pytest.approx(5_000, abs=8)
    assert sum(weight.tokens for weight in found.weights) == pytest.approx(5_000, abs=8)
    assert sum(weight.share for weight in found.weights) == pytest.approx(1)
    assert sum(weight.new_tokens for weight in found.weights) == pytest.approx(
        found.added_tokens, abs=8
    )


def test_tokens_that_nobody_reported_are_estimated() -> None:
    now = asked(SECOND, MESSAGES, input_tokens=5, usage_basis="estimated")
    found = prompt_diff(now, None)

    assert found.estimated
    assert found.before == ""
    assert found.input_tokens == found.added_tokens
    assert found.input_tokens is not None
    assert 700 < found.input_tokens < 1_500
    assert found.resent_tokens == 0
    assert {entry.kind for entry in found.entries} == {"added"}


def test_each_tool_weighs_its_definition_its_calls_and_its_results() -> None:
    found = prompt_diff(asked(SECOND, MESSAGES), asked(FIRST, MESSAGES))
    weights = {weight.name: weight for weight in found.weights}

    assert found.weights[0].name == "Read"
    assert (weights["Read"].kind, weights["Read"].calls, weights["Read"].results) == ("tool", 1, 1)
    assert weights["Read"].chars > 2_600
    assert weights["Read"].new_tokens == 0
    assert weights["Bash"].new_tokens > 0
    assert (weights["Web"].kind, weights["Web"].calls) == ("definitions", 0)
    assert weights["system prompt"].kind == "system"
    assert weights["user"].chars == len("fix the bug")
    assert weights["assistant"].chars == len("step 0step 1")


def test_what_changed_shows_its_words() -> None:
    before = agent(system=RULES + "Today is Monday.")
    now = agent(system=RULES + "Today is Tuesday.", max_tokens=200)
    found = prompt_diff(asked(now, MESSAGES), asked(before, MESSAGES))
    changed = next(entry for entry in found.entries if entry.kind == "changed")

    assert left_of(changed.spans) == RULES + "Today is Monday."
    assert right_of(changed.spans) == RULES + "Today is Tuesday."
    assert 0 < found.added_tokens < 5
    assert 0 < found.dropped_tokens < 5
    assert [(one.path, one.left, one.right) for one in found.settings] == [
        ("max_tokens", "100", "200")
    ]


def test_a_reminder_that_was_slipped_in_is_seen_and_weighed() -> None:
    reminded = json.loads(json.dumps(FIRST))
    reminded["messages"][0]["content"].append(text("<system-reminder>Be brief.</system-reminder>"))
    found = prompt_diff(asked(reminded, MESSAGES), asked(FIRST, MESSAGES))

    assert ("added", "<system-reminder>Be brief.</system-reminder>", 1) in entries(found)
    assert {one.name: one.kind for one in found.weights}["system reminders"] == "other"


def test_what_was_summed_up_is_dropped_with_its_weight() -> None:
    summed = {**SECOND, "messages": [{"role": "user", "content": "So far: all was read."}]}
    found = prompt_diff(asked(summed, MESSAGES), asked(SECOND, MESSAGES))
    kinds = [entry.kind for entry in found.entries]

    assert kinds.count("added") == 1
    assert kinds.count("dropped") == 7
    assert found.dropped_tokens > 500
    assert left_of(next(one for one in found.entries if one.kind == "dropped").spans)


def test_tools_that_come_and_go_are_told() -> None:
    now = {**FIRST, "tools": [tool("Read"), tool("Web"), tool("Mail")]}
    found = prompt_diff(asked(now, MESSAGES), asked(FIRST, MESSAGES))

    assert ("added", "definition of Mail", 1) in entries(found)
    assert ("dropped", "definition of Bash", 1) in entries(found)


def test_images_are_told_apart_and_weigh_more_than_their_name() -> None:
    def shown(data: str) -> dict[str, Any]:
        source = {"type": "base64", "media_type": "image/png", "data": data * 3_000}
        return {"messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}

    found = prompt_diff(asked(shown("AAAA"), MESSAGES), asked(shown("BBBB"), MESSAGES))

    assert {entry.kind for entry in found.entries} <= {"added", "dropped", "changed"}
    assert found.entries[0].title.startswith("image: image/png #")
    assert found.entries[0].title.endswith(", 9 kB")
    assert found.entries[0].tokens > 800
    again = prompt_diff(asked(shown("AAAA"), MESSAGES), asked(shown("AAAA"), MESSAGES))
    assert [entry.kind for entry in again.entries] == ["kept"]


def function(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {}}}


def test_a_chat_request_is_read() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
    before = {"messages": [{"role": "system", "content": RULES}, {"role": "user", "content": "go"}]}
    now = {
        "messages": [
            *before["messages"],
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "a.py"},
        ],
        "tools": [function("ls")],
    }
    found = prompt_diff(asked(now), asked(before))

    assert [entry.title for entry in found.entries] == [
        "definition of ls",
        RULES.strip(),
        "go",
        "tool call of ls",
        "tool result of ls",
    ]
    assert found.turn == 2


def test_a_responses_request_that_goes_on_at_the_provider_says_so() -> None:
    call = {"type": "function_call_output", "call_id": "c1", "output": "a.py"}
    body = {"model": "m", "input": [call], "previous_response_id": "resp_123"}
    now = asked(body, RESPONSES, input_tokens=90_000, usage_basis="reported")
    found = prompt_diff(now, None)

    assert "resp_123" in found.problem
    assert "kept by the provider" in found.problem
    assert (found.turn, found.estimated) == (0, True)
    assert (found.input_tokens or 0) < 100  # what is in the request, not what the provider added


def test_a_responses_request_is_read_with_tools_of_namespaces() -> None:
    body = {
        "instructions": RULES,
        "input": [
            {"role": "user", "content": "go"},
            {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "a.py"},
        ],
        "tools": [{"type": "namespace", "name": "fs", "tools": [{"name": "ls"}, {"name": "cat"}]}],
    }
    found = prompt_diff(asked(body, RESPONSES), None)

    assert [entry.title for entry in found.entries] == [
        "definition of fs.ls",
        "definition of fs.cat",
        RULES.strip(),
        "go",
        "tool call of ls",
        "tool result of ls",
    ]


@pytest.mark.parametrize(
    ("body", "protocol", "wanted"),
    [
        (b"", CHAT, "not kept"),
        (b"[1]", CHAT, "not a JSON object"),
        (b"{", CHAT, "not a JSON object"),
        (b"{}", CHAT, "no messages"),
        (b'{"messages": [{"role": "user", "content": "a"}]}', "openai.raw", "no messages"),
        (b'{"messages": ' + b"[" * 400 + b"]" * 400 + b"}", CHAT, "deeply"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, protocol: Protocol, wanted: str) -> None:
    found = prompt_diff(asked(body, protocol), asked(FIRST, MESSAGES))

    assert wanted in found.problem
    assert found.entries == []


def test_a_request_before_that_cannot_be_read_leaves_the_weights() -> None:
    found = prompt_diff(asked(FIRST, MESSAGES), asked(b"", MESSAGES))

    assert "of the request before" in found.problem
    assert found.weights


PARTS = st.sampled_from(
    [
        text("a b c"),
        text("a b d"),
        text("x" * 50),
        "words",
        7,
        None,
        {"type": "tool_use", "name": "t", "id": "1", "input": {"a": 1}},
        {"type": "tool_result", "tool_use_id": "1", "content": [text("r"), 3]},
        {"type": "image", "source": None},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
        {"cache_control": 1, "input": {"cache_control": 2}},
    ]
)
BODIES = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.one_of(
                st.none(),
                st.fixed_dictionaries(
                    {
                        "role": st.sampled_from(["user", "assistant", "system", "tool", 5]),
                        "content": st.one_of(PARTS, st.lists(PARTS, max_size=4)),
                    }
                ),
            ),
            max_size=6,
        ),
        "tools": st.lists(st.one_of(st.just(tool("t")), st.none(), st.just({})), max_size=3),
        "system": st.one_of(st.none(), st.just(RULES), st.lists(PARTS, max_size=2)),
    }
)


@given(now=BODIES, before=BODIES, protocol=st.sampled_from([CHAT, MESSAGES, RESPONSES]))
def test_whatever_was_asked_adds_up(now: Any, before: Any, protocol: Protocol) -> None:
    found = prompt_diff(asked(now, protocol), asked(before, protocol))

    assert msgspec.json.decode(msgspec.json.encode(found), type=PromptDiff) == found
    if found.input_tokens is not None:
        assert found.resent_tokens + found.added_tokens == found.input_tokens
        assert found.resent_tokens >= 0
    if found.input_tokens:  # else nothing in it has a weight
        assert sum(weight.share for weight in found.weights) == pytest.approx(1)
    alone = prompt_diff(asked(now, protocol), asked(now, protocol))
    assert {entry.kind for entry in alone.entries} <= {"kept"}
    assert alone.added_tokens == alone.dropped_tokens == 0


def chat(*texts: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": each} for each in texts]}


def test_the_turn_before_has_the_most_in_common() -> None:
    now = asked(chat("a", "b", "c", "d"))
    first, second, other = asked(chat("a")), asked(chat("a", "b")), asked(chat("x", "b", "c"))

    assert turn_before(now, [other, second, first]) is second
    assert turn_before(now, [other, first]) is first
    assert turn_before(now, [other]) is None
    assert turn_before(asked(b"{"), [first]) is None
    assert turn_before(now, [asked(b"{"), first]) is first


def test_a_request_that_was_only_sent_again_is_no_turn_of_its_own() -> None:
    now, again, first = asked(chat("a", "b")), asked(chat("a", "b")), asked(chat("a"))

    assert turn_before(now, [again, first]) is first


def test_after_a_summary_the_system_prompt_of_the_session_tells() -> None:
    now = asked(agent(), MESSAGES, session="s")
    summed = {**SECOND, "messages": [{"role": "user", "content": "So far: all was read."}]}
    before = asked(summed, MESSAGES, "b", session="s")

    assert turn_before(now, [before]) is before
    assert turn_before(asked(agent(), MESSAGES, session=""), [asked(summed, MESSAGES)]) is None


def test_a_conversation_of_five_hundred_kilobytes_is_compared() -> None:
    turns = [("Read", f"{n}.py", f"line {n} of code\n" * 150) for n in range(220)]
    before, now = agent(*turns[:-1]), agent(*turns)
    found = prompt_diff(asked(now, MESSAGES), asked(before, MESSAGES))

    assert len(json.dumps(now)) > 500_000
    assert [entry.kind for entry in found.entries][:3] == ["kept", "kept", "kept"]
    assert len(found.entries) == 6
