"""What a provider of recordings says of its mode, its source and what does not count."""

import pytest

from llmgate.config.json_paths import BadPath, parse_path, without
from llmgate.config.load import from_text
from llmgate.config.problems import all_of
from llmgate.errors import ConfigProblem

REAL = "providers:\n  up: {kind: openai, api_key: sk-000000}\n"
OTHER = "  other: {kind: recording}\n"


def problem(line: str, more: str = "") -> str:
    text = f"{REAL}{OTHER}{more}  tape:\n    kind: recording\n{line}"
    with pytest.raises(ConfigProblem) as caught:
        from_text(text, "config.yaml", {})
    (only,) = all_of(caught.value)
    return f"{only.line - text.count(chr(10)) + line.count(chr(10))}: {only.message}"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("    source: up\n", "1: `source` has no effect without a `mode`"),
        ("    ordered: true\n", "1: `ordered` has no effect without a `mode`"),
        ("    volatile: [a]\n", "1: `volatile` has no effect without a `mode`"),
        ("    mode: once\n    source: up\n", "1: mode once writes recordings: name their folder"),
        ("    recordings: x\n    mode: all\n", "2: mode all asks another provider"),
        ("    mode: none\n    source: upp\n", "2: no provider is called `upp`; did you mean `up`?"),
        ("    mode: none\n    source: tape\n", "2: source `tape` answers from recordings itself"),
        ("    mode: none\n    source: other\n", "2: source `other` answers from recordings itself"),
        (
            "    mode: none\n    protocols: [anthropic.messages]\n    source: up\n",
            "3: source `up` does not speak anthropic.messages",
        ),
        (
            "    mode: none\n    volatile:\n      - a\n      - b..c\n",
            "4: volatile `b..c` has no name",
        ),
        ("    mode: sometimes\n", "1: "),
    ],
)
def test_a_problem_is_told_at_its_line(line: str, told: str) -> None:
    assert problem(line).startswith(told)


def test_the_fields_of_recordings_are_refused_for_other_kinds() -> None:
    with pytest.raises(ConfigProblem, match="`mode` is for providers of kind recording"):
        from_text(f"{REAL}  b: {{kind: openai, api_key: sk-000000, mode: none}}\n", "c", {})


def test_a_whole_cassette_is_accepted() -> None:
    tape = "{kind: recording, recordings: x, mode: new_episodes, source: up, volatile: [a.b]}"
    config = from_text(f"{REAL}  tape: {tape}\n", "/there/config.yaml", {}).config

    assert config.providers["tape"].recordings == "/there/x"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("user", ("user",)),
        ("metadata.user_id", ("metadata", "user_id")),
        ("messages[*].cache_control", ("messages", None, "cache_control")),
        ("input[0].id", ("input", 0, "id")),
        ('a["b.c"][2]', ("a", "b.c", 2)),
        ("x-y.$z", ("x-y", "$z")),
    ],
)
def test_a_place_is_read(text: str, steps: tuple[object, ...]) -> None:
    assert parse_path(text) == steps


@pytest.mark.parametrize(
    "text",
    ["", ".a", "a.", "a..b", "a[", "a[x]", "a b", "a[0]b", "a" * 501, "a[-1]", '["', "a.b" * 40],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadPath):
        parse_path(text)


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("a", {"b": [{"c": 1, "d": 2}, {"c": 3}, 4]}),
        ("b[*].c", {"a": 1, "b": [{"d": 2}, {}, 4]}),
        ("b[1].c", {"a": 1, "b": [{"c": 1, "d": 2}, {}, 4]}),
        ("b[0]", {"a": 1, "b": [{"c": 3}, 4]}),
        ("b[*]", {"a": 1, "b": []}),
        ("b[9].c", {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3}, 4]}),
        ("a.b.c", {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3}, 4]}),
    ],
)
def test_what_is_at_a_place_is_left_out(path: str, left: object) -> None:
    value = {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3}, 4]}

    assert without(value, [parse_path(path)]) == left
    assert value == {"a": 1, "b": [{"c": 1, "d": 2}, {"c": 3}, 4]}
