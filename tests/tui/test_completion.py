"""Completing the filter: what is sure is added, what is open is told."""

import pytest

from llmgate_tui.completion import complete

MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5", "gpt-5.1", "my model", ""]


def values(field: str) -> list[str]:
    known = {"model": MODELS, "limit": ["key ide: requests_per_day"], "tag": ["paris", "slow"]}
    return known.get(field, [])


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("mod", "model:"),
        ("status:200 -mod", "status:200 -model:"),
        ("(cl", "(client:"),
        ("mark", "marked"),
        ("state:str", "state:streaming "),
        ("state:q", "state:queued "),
        ("since:y", "since:yesterday "),
        ("limit:key", 'limit:"key ide: requests_per_day" '),
        ("unt", "until:"),
        ("model:gp", "model:gpt-5.1 "),
        ("model:cl", "model:claude-"),
        ("model:claude-s", "model:claude-sonnet-4-5 "),
        ("model:MY", 'model:"my model" '),
        ("model:nothing", "model:nothing"),
        ("tag:par", "tag:paris "),
        ("comm", "comm"),
        ("zzz", "zzz"),
    ],
)  # fmt: skip
def test_what_is_sure_is_added(typed: str, completed: str) -> None:
    text, at, words = complete(typed, len(typed), values)

    assert (text, at, words) == (completed, len(completed), [])


def test_what_is_open_is_told() -> None:
    text, _, words = complete("model:claude-", 13, values)

    assert text == "model:claude-"
    assert words == ["claude-haiku-4-5", "claude-sonnet-4-5"]


def test_the_word_at_the_cursor_is_completed_not_the_last_one() -> None:
    assert complete("mod status:200", 3, values)[:2] == ("model: status:200", 6)
