"""`.env` files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.dotenv import environment, read_dotenv
from llmgate.errors import ConfigProblem


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = spaced out  ", "spaced out"),
        ("A=", ""),
        ("A=# nothing", ""),
        ("A=x#y", "x#y"),
        ("A=x # comment", "x"),
        ("A='x # y'  # comment", "x # y"),
        ("A='a\\nb'", "a\\nb"),
        ('A="a\\nb \\"q\\" \\\\ $B ${C}"', 'a\nb "q" \\ $B ${C}'),
        ("A=sk-1=2==", "sk-1=2=="),
    ],
)
def test_a_line_gives_its_value(line: str, value: str) -> None:
    assert read_dotenv(f"# first\n\n{line}\r\n") == {"A": value}


@pytest.mark.parametrize(
    ("text", "message"),
    [("no equals sign", "write NAME=value"), ("A='open secret", "a quote is not closed"),
     ('A="open secret', "a quote is not closed"), ("1A=x", "write NAME=value")],
)  # fmt: skip
def test_a_line_that_is_no_variable_is_told_without_its_value(text: str, message: str) -> None:
    with pytest.raises(ConfigProblem) as caught:
        read_dotenv(f"B=1\n{text}\n")

    assert (caught.value.message, caught.value.line, caught.value.file) == (message, 2, ".env")


def test_later_files_win_over_earlier_ones_and_the_real_environment_over_all(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / ".env", tmp_path / "second.env"
    first.write_text("A=1\nB=1\nC=1\n")
    second.write_text("B=2\nC=2\n")

    found = environment([first, second, tmp_path / "none"], {"C": "3"})

    assert found == {"A": "1", "B": "2", "C": "3"}


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "latin.env").write_bytes(b"A=\xe9\n")

    with pytest.raises(ConfigProblem, match="cannot be read"):
        environment([tmp_path], {})
    with pytest.raises(ConfigProblem, match="save the file as UTF-8"):
        environment([tmp_path / "latin.env"], {})


@given(st.text(max_size=200))
def test_any_text_gives_variables_or_a_config_problem(text: str) -> None:
    try:
        found = read_dotenv(text)
    except ConfigProblem:
        found = {}

    assert all(name and isinstance(value, str) for name, value in found.items())
