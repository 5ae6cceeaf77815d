"""What the config file, with the draft on top of it, says of keys and limits (no Textual)."""

import copy
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from llmgate.wire.editing import Edit, Insert, Move, Path, Remove, Rename, Set
from llmgate.wire.limits import Scope
from llmgate_tui.sealed import readable

Tree = dict[str, Any]

_LARGEST: Final = 2_000_000
_SECTIONS: Final[dict[Scope, str]] = {"key": "keys", "provider": "providers", "model": "limits"}


def parsed(text: str) -> Tree:
    """The file as plain values; empty when it cannot be read."""
    if len(text) > _LARGEST:
        return {}
    data = readable(text).encode("utf-8", "replace")
    try:
        return msgspec.yaml.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {}


def drafted(tree: Tree, edits: Iterable[Edit]) -> Tree:
    """The tree with the edits made on its mappings; what is in lists is left alone."""
    made: Tree = copy.deepcopy(tree)
    for edit in edits:
        if isinstance(edit, Insert | Move) or not edit.path:
            continue
        _apply(made, edit)
    return made


def _apply(tree: Tree, edit: Set | Remove | Rename) -> None:
    at = _walk(tree, edit.path[:-1], making=isinstance(edit, Set))
    if at is None:
        return
    name = edit.path[-1]
    match edit:
        case Set():
            at[name] = copy.deepcopy(edit.value)
        case Remove():
            at.pop(name, None)
        case Rename():
            if name in at:
                at[edit.to] = at.pop(name)


def _walk(tree: Tree, path: Path, *, making: bool) -> Any:
    """The mapping at a path, made on the way if wanted; None when there is none."""
    at: Any = tree
    for name in path:
        if not isinstance(at, dict):
            return None
        if making and at.get(name) is None:
            at[name] = {}
        at = at.get(name)
    return at if isinstance(at, dict) else None


def place(scope: Scope, name: str) -> Path:
    """Where the limits of a holder stand in the file."""
    found: Path = [_SECTIONS[scope], name]
    return found if scope == "model" else [*found, "limits"]


def section(tree: Tree, name: str) -> Tree:
    """A mapping at the top of the file."""
    return _mapping(tree.get(name))


def limits_of(tree: Tree, scope: Scope, name: str) -> Tree:
    """The limits of a holder, by field."""
    at: Any = tree
    for part in place(scope, name):
        at = _mapping(at).get(str(part))
    return _mapping(at)


def enabled(tree: Tree, key: str) -> bool:
    """A key is enabled unless the file says that it is not."""
    return _mapping(section(tree, "keys").get(key)).get("enabled", True) is not False


def models_of(tree: Tree, key: str) -> list[str] | None:
    """The models of a key as the file names them; None where it names none."""
    models = _mapping(section(tree, "keys").get(key)).get("models")
    return [str(model) for model in models] if isinstance(models, list) else None


def _mapping(value: Any) -> Tree:
    return value if isinstance(value, dict) else {}
