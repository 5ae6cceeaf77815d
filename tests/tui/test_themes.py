"""Which theme a terminal begins with."""

import pytest

from llmgate_tui import themes


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "linux"}, "ansi-dark"),
        ({"TERM": "xterm-16color"}, "ansi-dark"),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, "llmgate-dark"),
        ({"TERM": "xterm-256color"}, "llmgate-dark"),
        ({}, "llmgate-dark"),
    ],
)
def test_a_console_of_few_colours_begins_with_its_own(environ: dict[str, str], theme: str) -> None:
    assert themes.usual(environ) == theme
