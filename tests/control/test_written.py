"""What the file says, and the edits of a JSON merge patch on it."""

from typing import Any

import pytest

from llmgate.control.written import key_variables, merged, written
from llmgate.wire.editing import Edit, Remove, Set

TEXT = """
base: &base {weight: 1}
routes:
  fast:
    match: {model: x}
    targets: [{<<: *base, provider: up}, {provider: b}]
keys:
  ide: {key: "${IDE_KEY}"}
  old: {key: "${OLD_KEY:-change-me}"}
  plain: {key: in-the-file-itself}
  odd: {key: "a${PART}"}
  empty:
"""


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ([], True),
        (["routes", "fast", "targets", 1, "provider"], True),
        (["routes", "fast", "targets", 0, "weight"], True),
        (["routes", "fast", "targets", 2], False),
        (["routes", "fast", "match", "model", "deeper"], False),
        (["keys", "empty"], True),
        (["keys", "empty", "key"], False),
        (["nothing"], False),
    ],
)
def test_a_path_is_written_or_it_is_not(path: list[str | int], there: bool) -> None:
    assert (written(TEXT, path) is not None) is there


def test_a_text_that_is_no_config_has_nothing_written() -> None:
    assert written("", ["keys"]) is None
    assert written("a: [", ["a"]) is None


def test_the_variable_of_a_key_is_told_when_it_is_all_of_it() -> None:
    assert key_variables(TEXT) == {"ide": "IDE_KEY", "old": "OLD_KEY"}
    assert key_variables("") == {}


FAST = ["routes", "fast"]


@pytest.mark.parametrize(
    ("patch", "edits"),
    [
        ({}, []),
        ({"streaming": "only"}, [Set([*FAST, "streaming"], "only")]),
        ({"match": {"model": "y"}}, [Set([*FAST, "match", "model"], "y")]),
        ({"match": {"model": None, "path": "/p"}}, [Remove([*FAST, "match", "model"]),
                                                   Set([*FAST, "match", "path"], "/p")]),
        ({"match": None}, [Remove([*FAST, "match"])]),
        ({"streaming": None, "match": {"key": None}}, []),
        ({"targets": [{"provider": "c"}]}, [Set([*FAST, "targets"], [{"provider": "c"}])]),
        ({"new": {"a": {"b": None, "c": 1}, "d": None}}, [Set([*FAST, "new"], {"a": {"c": 1}})]),
        ({"match": {"header": {}}}, [Set([*FAST, "match", "header"], {})]),
        ({"match": 5}, [Set([*FAST, "match"], 5)]),
    ],
)  # fmt: skip
def test_a_merge_patch_changes_what_it_names(patch: dict[str, Any], edits: list[Edit]) -> None:
    assert merged([*FAST], patch, written(TEXT, [*FAST])) == edits
