"""What edits mean: the same edits on plain values, without any text.

The order of fields is part of a value. Setting a mapping over a mapping keeps the place of the
fields that stay; only a move changes the order.
"""

import math
from itertools import zip_longest
from typing import Any

from llmgate.config.edit.problem import EditProblem, refused
from llmgate.config.nodes import DEEPEST
from llmgate.config.problems import Path, shown
from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set


def same(one: Any, other: Any) -> bool:
    """True for equal values of equal types whose fields are in the same order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def same_scalar(one: Any, other: Any) -> bool:
    """Like ``same``, but 1 and 1.0 are one number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def merged(old: Any, new: Any) -> Any:
    """``new`` with the fields that were in ``old`` in their old order, and 2.0 written as 2."""
    match new:
        case dict():
            olds = old if isinstance(old, dict) else {}
            names = [name for name in olds if name in new]
            names += [name for name in new if name not in olds]
            return {name: merged(olds.get(name), new[name]) for name in names}
        case list():
            before = old if isinstance(old, list) else []
            return [merged(*pair) for pair in zip_longest(before[: len(new)], new)]
        case float() if same_scalar(old, new):
            return old
        case float() if new.is_integer() and abs(new) < 1e15:
            return int(new)
        case _:
            return new


def checked(value: Any, path: Path, depth: int = 0) -> Any:
    """The value, when the file can hold it."""
    if depth > DEEPEST:
        raise refused(f"the value is nested more than {DEEPEST} levels deep", path)
    match value:
        case None | bool():
            return value
        case dict():
            return {_name(k, path): checked(v, path, depth + 1) for k, v in value.items()}
        case list() | tuple():
            return [checked(item, path, depth + 1) for item in value]
        case int() | float():
            return _number(value, path)
        case str():
            return _text(value, path)
        case _:
            raise refused(f"a value cannot be a {type(value).__name__}", path)


def _name(name: object, path: Path) -> str:
    if not isinstance(name, str):
        raise refused("names of fields are text", path)
    return _text(name, path)


def _number(value: Any, path: Path) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise refused("the number must be finite", path)
    elif abs(value) >= 10**18:
        raise refused("the number has more than 18 digits", path)
    return value


def _text(value: str, path: Path) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise refused("the text holds half a character (a lone surrogate)", path)
    return value


def after(value: Any, edit: Edit) -> Any:
    """A plain value after an edit; the value given may be changed. Raises ``EditProblem``."""
    path = tuple(edit.path)
    match edit:
        case Set():
            return _set(value, path, checked(edit.value, path), ())
        case Insert():
            return _insert(value, edit, path)
        case Remove():
            del _parent(value, path)[path[-1]]
        case Rename():
            _rename(_parent(value, path), edit, path)
        case Move():
            _move(_parent(value, path), edit, path)
    return value


def _set(value: Any, path: Path, new: Any, before: Path) -> Any:
    """The value with ``new`` at the path; mappings on the way are made."""
    if not path:
        if not before and not isinstance(new, dict):
            raise EditProblem("the file must hold `name: value` lines: give it a mapping")
        return merged(value, new)
    step, here = path[0], (*before, path[0])
    if value is None:
        value = [] if isinstance(step, int) else {}
    if isinstance(value, list) and _is_index(step) and 0 <= int(step) <= len(value):
        old = value[int(step)] if int(step) < len(value) else None
        value[int(step) : int(step) + 1] = [_set(old, path[1:], new, here)]
    elif isinstance(value, dict) and isinstance(step, str):
        _name(step, before)
        value[step] = _set(value.get(step), path[1:], new, here)
    else:
        raise _misfit(value, step, here)
    return value


def _is_index(step: Any) -> bool:
    return isinstance(step, int) and not isinstance(step, bool)


def _misfit(value: Any, step: str | int, here: Path) -> EditProblem:
    if isinstance(value, list):
        return refused(
            f"the list has {len(value)} items: there is no item {shown(str(step))}", here
        )
    if isinstance(value, dict):
        return refused("fields are named by text, not by a number", here)
    return refused("there is a single value here, which holds no fields", here[:-1])


def _parent(value: Any, path: Path) -> Any:
    """The list or mapping that holds what a path names, which must be there."""
    for place, step in enumerate(path):
        here = path[: place + 1]
        if isinstance(value, dict) and step in value:
            following = value[step]
        elif isinstance(value, list) and _is_index(step) and 0 <= int(step) < len(value):
            following = value[int(step)]
        else:
            raise refused("there is no such thing in the file", here)
        if place == len(path) - 1:
            return value
        value = following
    raise EditProblem("name what to change: the path is empty")


def _rename(parent: Any, edit: Rename, path: Path) -> None:
    if not isinstance(parent, dict):
        raise refused("items of a list have no name", path)
    new = _name(edit.to, path)
    if new != path[-1] and new in parent:
        raise refused(f"`{shown(new)}` is there already", path)
    items = [(new if name == path[-1] else name, value) for name, value in parent.items()]
    parent.clear()
    parent.update(items)


def _move(parent: Any, edit: Move, path: Path) -> None:
    if not 0 <= edit.to < len(parent):
        raise refused(f"there is no place {edit.to}: places are 0 to {len(parent) - 1}", path)
    if isinstance(parent, list):
        parent.insert(edit.to, parent.pop(int(path[-1])))
        return
    items = list(parent.items())
    place = list(parent).index(path[-1])
    items.insert(edit.to, items.pop(place))
    parent.clear()
    parent.update(items)


def _insert(value: Any, edit: Insert, path: Path) -> Any:
    items = _at(value, path)
    if items is None and edit.index == 0 and path:
        return _set(value, path, [checked(edit.value, path)], ())
    if not isinstance(items, list):
        raise refused("there is no list here", path)
    if not 0 <= edit.index <= len(items):
        raise refused(f"there is no place {edit.index}: places are 0 to {len(items)}", path)
    items.insert(edit.index, merged(None, checked(edit.value, path)))
    return value


def _at(value: Any, path: Path) -> Any:
    """What a path leads to, None when it leads nowhere."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _is_index(step) and 0 <= int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
