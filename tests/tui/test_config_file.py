"""The config file as lines: numbers, colours, problems in their places."""

import pytest

from llmgate.wire.gateway import ConfigView, Problem
from llmgate_tui.glyphs import UNICODE
from llmgate_tui.screens.config_file import file_text, first_problem, toned

TEXT = "# mine\nroutes:\n  fast: {}\n"


def view(**changes: object) -> ConfigView:
    fields: dict[str, object] = {"version": 3, "file": "/x/config.yaml", "loaded_ms": 1}
    return ConfigView(**{**fields, "text": TEXT, **changes})  # type: ignore[arg-type]  # by name


def said(found: ConfigView) -> list[str]:
    return [
        item if isinstance(item, str) else "".join(part[0] for part in item)
        for item in file_text(found, UNICODE).items
        if not hasattr(item, "head")
    ]


@pytest.mark.parametrize(
    ("text", "tones"),
    [
        ("# a comment: here", {"# a comment: here": "quiet"}),
        ("key: value # why", {"key": "key", "# why": "quiet"}),
        ('  "gpt-4o": x', {'"gpt-4o"': "key"}),
        ("url: http://x/#part", {"url": "key"}),
        ('a: "not # a comment"', {"a": "key", '"not # a comment"': ""}),
        ("- {provider: openai, weight: 50}", {"provider": "key", "weight": "key"}),
        ("plain text", {}),
    ],
)
def test_comments_are_quiet_and_keys_are_accented(text: str, tones: dict[str, str]) -> None:
    line = toned(f"   1  {text}")

    assert "".join(part for part, _ in line) == f"   1  {text}"
    found = {part: tone for part, tone in line[1:] if tone}
    assert found == {part: tone for part, tone in tones.items() if tone}


def test_a_very_long_line_has_one_tone() -> None:
    assert toned("   1  " + "a: '" * 5_000) == [("   1  ", "label"), ("a: '" * 5_000, "")]


def test_lines_are_numbered() -> None:
    assert said(view()) == ["   1  # mine", "   2  routes:", "   3    fast: {}"]


def test_a_problem_stands_at_the_top_and_under_its_line() -> None:
    problem = Problem(message="unknown field", file="/x/config.yaml", line=3, column=3, path="a")
    broken = view(problems=[problem], rejected_version=4, rejected_text=TEXT)
    lines = said(broken)

    assert lines[0] == "✗ 1 problem: v4 is not applied, v3 goes on running"
    assert lines[1] == "  unknown field  config.yaml, line 3, column 3, a"
    assert lines[-2:] == ["   3    fast: {}", "        ^ unknown field"]
    assert first_problem(broken) == 3
    assert first_problem(view()) == 0


def test_without_the_refused_text_it_is_said_which_file_is_shown() -> None:
    lines = said(view(problems=[Problem(message="bad", line=9)]))

    assert any("o opens it" in line for line in lines)


def test_lines_of_the_screen_lead_to_lines_of_the_file() -> None:
    found = file_text(view(problems=[Problem(message="bad", line=2)], rejected_text=TEXT), UNICODE)

    assert found.line_at(0) == 1
    assert found.line_at(len(found.items) - 1) == 3
    assert found.line_at(len(found.items)) == 1


def test_a_config_of_the_environment_says_how_to_get_a_file() -> None:
    lines = said(view(editable=False, text="", restart_needed=["port"], warnings=["careful"]))

    assert "no file yet" in lines[0]
    assert lines[1].startswith("i writes config.yaml")
    assert "▲ restart needed: port" in lines
    assert "▲ careful" in lines


def test_a_very_long_file_is_coloured_as_it_is_seen() -> None:
    found = file_text(view(text="a: 1\n" * 4_000), UNICODE)

    assert found.items[3_999] == "4000  a: 1"
