"""Whatever is in the file: a snapshot, or problems that can be told."""

from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from llmgate.config.load import decode, from_text
from llmgate.config.problems import all_of
from llmgate.errors import ConfigProblem

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def told(text: str) -> list[str]:
    """The problems of a text in words; anything but a ``ConfigProblem`` fails the test."""
    try:
        return [from_text(text, "config.yaml", {"A": "1"}).etag]
    except ConfigProblem as problem:
        lines = text.count("\n") + 2
        return [str(p) for p in all_of(problem) if p.message and 0 <= p.line <= lines]


YAML = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["${A}", "${A:-1}", "$${", "openai", "*", "/(/", "0.0.0.0", "demo"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "server",
                    "providers",
                    "routes",
                    "keys",
                    "prices",
                    "log",
                    "port",
                    "host",
                    "kind",
                    "targets",
                    "provider",
                    "weight",
                    "match",
                    "model",
                    "key",
                    "limits",
                    "burst",
                    "a",
                    "b",
                    "models",
                    "timeout",
                    "tls",
                    "base_url",
                    "protocols",
                    "headers",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_text_gives_a_snapshot_or_a_config_problem(text: str) -> None:
    assert told(text)


@given(YAML)
@settings(max_examples=200)
def test_any_yaml_gives_a_snapshot_or_a_config_problem(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    assert told(text)


@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_a_config_problem(data: bytes) -> None:
    try:
        text = decode(data, "config.yaml")
    except ConfigProblem as problem:
        text = f"line {problem.line}"

    assert text == data.decode("utf-8-sig", "ignore") or text.startswith("line ")


@given(st.data())
@settings(max_examples=60)
def test_a_config_cut_or_changed_anywhere_never_breaks_the_loader(data: st.DataObject) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    size = data.draw(st.integers(0, 40))
    changed = text[:at] + data.draw(st.text(max_size=8)) + text[at + size :]
    assert told(changed)
