"""Plain values with edits made on them."""

from typing import Any

import pytest

from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set
from llmgate_tui.edited import edited

TREE: dict[str, Any] = {
    "routes": {
        "fast": {"targets": [{"provider": "a"}, {"provider": "b"}, {"provider": "c"}]},
        "big": {"enabled": False},
        "rest": {},
    }
}


def names(tree: dict[str, Any]) -> str:
    return "".join(target["provider"] for target in tree["routes"]["fast"]["targets"])


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Move(["routes", "fast", "targets", 0], 2), "bca"),
        (Move(["routes", "fast", "targets", 2], 0), "cab"),
        (Remove(["routes", "fast", "targets", 1]), "ac"),
        (Insert(["routes", "fast", "targets"], 1, {"provider": "n"}), "anbc"),
        (Insert(["routes", "fast", "targets"], 3, {"provider": "n"}), "abcn"),
        (Set(["routes", "fast", "targets", 3], {"provider": "n"}), "abcn"),
        (Set(["routes", "fast", "targets", 0, "provider"], "z"), "zbc"),
        (Set(["routes", "fast", "targets", 9, "provider"], "z"), "abc"),
        (Remove(["routes", "fast", "targets", 9]), "abc"),
        (Move(["routes", "fast", "targets", -1], 0), "abc"),
        (Remove(["routes", "none", "targets", 0]), "abc"),
        (Rename(["routes", "none"], "x"), "abc"),
        (Remove([]), "abc"),
    ],
)
def test_lists_follow_edits_and_what_does_not_fit_is_passed_over(edit: Edit, expected: str) -> None:
    assert names(edited(TREE, [edit])) == expected


def test_mappings_are_made_renamed_in_place_and_reordered() -> None:
    after = edited(
        TREE,
        [
            Set(["routes", "new", "match", "model"], "x"),
            Rename(["routes", "big"], "large"),
            Move(["routes", "new"], 0),
            Remove(["routes", "rest"]),
        ],
    )

    assert list(after["routes"]) == ["new", "fast", "large"]
    assert after["routes"]["new"] == {"match": {"model": "x"}}
    assert after["routes"]["large"] == {"enabled": False}


def test_neither_the_tree_nor_the_edits_are_touched() -> None:
    value = {"provider": "n"}
    insert = Insert(["routes", "fast", "targets"], 0, value)
    after = edited(TREE, [insert, Set(["routes", "fast", "targets", 0, "provider"], "other")])

    assert names(after)[:5] == "other"
    assert value == {"provider": "n"}
    assert names(TREE) == "abc"
