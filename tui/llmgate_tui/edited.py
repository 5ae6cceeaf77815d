"""Plain values with the edits of a draft made on them, lists included (no Textual).

What does not fit is passed over: the gateway is the judge of edits, this only shows them.
"""

import copy
from collections.abc import Iterable
from typing import Any

from llmgate.wire.editing import Edit, Insert, Move, Path, Remove, Rename, Set


def edited(tree: dict[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """A copy of the tree with all edits made, in their order."""
    made = copy.deepcopy(tree)
    for edit in edits:
        if edit.path:
            _make(made, edit)
    return made


def _make(tree: dict[str, Any], edit: Edit) -> None:
    last = edit.path[-1]
    match edit:
        case Set():
            _set(_walk(tree, edit.path[:-1], making=True), last, copy.deepcopy(edit.value))
        case Remove():
            _remove(_walk(tree, edit.path[:-1]), last)
        case Rename():
            _rename(_walk(tree, edit.path[:-1]), last, edit.to)
        case Insert():
            items = _walk(tree, edit.path)
            if isinstance(items, list):
                items.insert(edit.index, copy.deepcopy(edit.value))
        case Move():
            _move(_walk(tree, edit.path[:-1]), last, edit.to)


def _walk(tree: Any, path: Path, *, making: bool = False) -> Any:
    """The value at a path, with mappings made on the way if wanted; None when there is none."""
    at = tree
    for name in path:
        if making and isinstance(at, dict) and at.get(name) is None:
            at[name] = {}
        if not _holds(at, name):
            return None
        at = at[name]
    return at


def _holds(at: Any, name: str | int) -> bool:
    if isinstance(at, list):
        return isinstance(name, int) and 0 <= name < len(at)
    return isinstance(at, dict) and name in at


def _set(at: Any, name: str | int, value: Any) -> None:
    if isinstance(at, dict) or _holds(at, name):
        at[name] = value
    elif isinstance(at, list) and name == len(at):
        at.append(value)


def _remove(at: Any, name: str | int) -> None:
    if _holds(at, name):
        del at[name]


def _rename(at: Any, name: str | int, to: str) -> None:
    if isinstance(at, dict) and name in at:
        items = [(to if key == name else key, value) for key, value in at.items()]
        at.clear()
        at.update(items)


def _move(at: Any, name: str | int, to: int) -> None:
    if not _holds(at, name):
        return
    if isinstance(at, list) and isinstance(name, int):
        at.insert(to, at.pop(name))
        return
    names = [key for key in at if key != name]
    names.insert(to, name)
    items = [(key, at[key]) for key in names]
    at.clear()
    at.update(items)
