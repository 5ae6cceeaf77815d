"""What differs between two configs, in words."""

import pytest

from llmgate.config.changes import changes, summary_of
from llmgate.config.load import from_text
from llmgate.config.model import Config

BASE = """\
providers:
  openai: {kind: openai, api_key: sk-aaaaaaaaaaaa, base_url: "http://one.test/v1"}
  groq: {kind: groq, api_key: gsk-aaaaaaaaaaaa}
routes:
  fast: {match: {model: fast}, targets: [{provider: openai, weight: 3}, {provider: groq}]}
  slow: {match: {model: slow}, targets: [{provider: groq}]}
  last: {match: {model: last}, targets: [{provider: groq}]}
keys:
  ide: {key: "llmgate-abcdefghijkl", limits: {requests_per_minute: 20}}
"""


def config(text: str) -> Config:
    return from_text(text, "config.yaml", {}).config


@pytest.mark.parametrize(
    ("old", "new", "phrases"),
    [
        ("weight: 3", "weight: 4", ["weight of openai in route fast 3 → 4"]),
        ("_minute: 20", "_minute: 40", ["key ide: requests_per_minute 20 → 40"]),
        ("{requests_per_minute: 20}", "{}", ["key ide: requests_per_minute 20 → none"]),
        ("sk-aaaaaaaaaaaa,", "sk-bbbbbbbbbbbb,", ["provider openai: api_key changed"]),
        (
            "one.test",
            "two.test",
            ["provider openai: base_url http://one.test/v1 → http://two.test/v1"],
        ),
        (
            "keys:",
            "  new: {match: {model: n}, targets: [{provider: groq}]}\nkeys:",
            ["route new added"],
        ),
        ("  ide:", "  cli:", ["key ide renamed cli"]),
        ("weight: 3}, {provider: groq}]", "weight: 3}]", ["groq removed from route fast"]),
        (
            "{provider: openai, weight: 3}, {provider: groq}",
            "{provider: groq}, {provider: openai, weight: 3}",
            ["targets of route fast reordered"],
        ),
        (
            "openai: {kind: openai,",
            "openai: {kind: openai, models: {a: b},",
            ["provider openai: models.a none → b"],
        ),
    ],
)
def test_a_change_is_one_phrase_without_secrets(old: str, new: str, phrases: list[str]) -> None:
    assert old in BASE
    found = [str(change) for change in changes(config(BASE), config(BASE.replace(old, new, 1)))]

    assert found == phrases


def test_a_summary_names_three_and_counts_the_rest() -> None:
    text = BASE.replace("weight: 3", "weight: 4").replace("_minute: 20", "_minute: 1")
    text += "server: {port: 1, max_body_mb: 2}\nlog: {level: debug}\n"

    assert summary_of(config(BASE), config(text)) == (
        "server.port 8484 → 1, server.max_body_mb 64 → 2,"
        " weight of openai in route fast 3 → 4 and 2 more"
    )
    assert summary_of(config(BASE), config(BASE)) == "comments and layout"
