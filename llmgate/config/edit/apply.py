"""Edits of config.yaml's text that keep every byte they are not about.

An edit replaces, inserts or removes the characters of the nodes it names (``tree`` knows where
they are); the rest of the text is not written anew, so it cannot change. The result is read again
and compared with what was meant (``meaning``); a text that means anything else is never returned.
"""

from collections.abc import Sequence
from typing import Any, Final

from llmgate.config.edit.change import Change
from llmgate.config.edit.lines import Patch, patched
from llmgate.config.edit.meaning import after, same, same_scalar
from llmgate.config.edit.problem import BY_HAND, EditProblem, refused
from llmgate.config.edit.tree import LARGEST, Document, Node, plain, value_of
from llmgate.config.problems import Path, dotted
from llmgate.wire.editing import Edit, Insert, Move, Remove, Rename, Set

__all__ = ["EditProblem", "apply", "plain"]

MOST_EDITS: Final = 500
_MOST_STEPS: Final = 1_000


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text after all edits, in order. Raises ``EditProblem``: then none is made."""
    if len(edits) > MOST_EDITS:
        raise EditProblem(f"more than {MOST_EDITS} edits at once")
    document = Document(text)
    for edit in edits:
        document = _applied(document, edit)
    return document.text


def _applied(document: Document, edit: Edit) -> Document:
    path = tuple(edit.path)
    before = value_of(document.root)
    meant = after(value_of(document.root), edit)
    if same(before, meant):
        return document
    _refuse_aliases(document, edit)
    try:
        changed = _changed(document, edit, meant)
    except EditProblem as problem:
        if problem.path:
            raise
        raise _explained(document, path) from problem
    if len(changed.text) > LARGEST:
        raise refused("the file would be larger than 1 MB", path)
    if not means(changed.root, meant):
        raise _explained(document, path)
    return changed


def _changed(document: Document, edit: Edit, meant: Any) -> Document:
    path = tuple(edit.path)
    match edit:
        case Set():
            return _settled(document, path, meant)
        case Insert():
            node, place = _nearest(document, path)
            if place < len(path) or not node or node.kind != "list" or not node.entries:
                return _settled(document, path, meant)
            item = _at(meant, path)[edit.index]
            return _made(document, Change(document).insert_item(path, edit.index, item))
        case Remove():
            return _made(document, Change(document).remove(path))
        case Rename():
            return _made(document, Change(document).rename(path, edit.to))
        case Move():
            return _made(document, Change(document).move(path, edit.to))


def _made(document: Document, patches: list[Patch]) -> Document:
    return Document(patched(document.text, patches))


def _settled(document: Document, path: Path, meant: Any) -> Document:
    """Makes what is under a path equal to what is meant, a few places at a time."""
    filled = set[Path]()
    for _ in range(_MOST_STEPS):
        _, place = _nearest(document, path)
        here = path[:place]
        change = Change(document)
        patches = change.towards(here, _at(meant, here))
        if not patches:
            return document
        if not filled.isdisjoint(change.filled):
            break  # a value that does not read as it was written: never write over it again
        filled.update(change.filled)
        document = _made(document, patches)
    raise refused(BY_HAND, path)


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _nearest(document: Document, path: Path) -> tuple[Node | None, int]:
    """The node furthest along a path that is written there itself, and how far that is."""
    node = document.root
    for place, step in enumerate(path):
        following = child(node, step)
        if following is None:
            return node, place
        node = following
    return node, len(path)


def child(node: Node | None, step: str | int) -> Node | None:
    """The field or item written in a node itself."""
    if node is None:
        return None
    if node.kind == "mapping" and isinstance(step, str):
        entry = node.own().get(step)
        return entry.value if entry else None
    if node.kind == "list" and isinstance(step, int) and step < len(node.entries):
        return node.entries[step].value
    return None


def _refuse_aliases(document: Document, edit: Edit) -> None:
    """Refuses what is written elsewhere: below an alias, or in what `<<` merges.

    What `<<` merges can still be set: beside it, where it wins.
    """
    path = tuple(edit.path)
    node, place = _nearest(document, path)
    if node is None or (place == len(path) and not isinstance(edit, Insert)):
        return
    here = path[:place]
    if node.kind == "alias":
        target = f"`&{node.anchor}` in line {node.resolved.line}"
        raise refused(f"this stands for {target}: edit the file by hand, there", here, node.line)
    if place == len(path) or isinstance(edit, Set) or node.kind != "mapping":
        return
    if path[place] in node.fields():
        there = node.fields()[str(path[place])]
        raise refused(
            f"this comes from line {there.line} through `<<`: edit the file by hand, there",
            path[: place + 1],
            there.line,
        )


def _explained(document: Document, path: Path) -> EditProblem:
    """Why a change cannot be made: most often because of an anchor, an alias or a `<<`."""
    used = {alias.anchor: alias.line for alias in reversed(document.aliases)}
    node, above = document.root, list[Node]()
    for step in path:
        following = child(node, step)
        if node is None or following is None:
            break
        above.append(node)
        node = following
    inside = _below(node) if node else []
    for one in [*above, *inside]:
        if one.kind != "alias" and one.anchor in used:
            message = f"`&{one.anchor}` is used in line {used[one.anchor]} too"
            return refused(f"{message}: edit the file by hand", path, one.line)
    for one in [*reversed(above), *inside]:
        if one.kind == "alias" or any(entry.merge for entry in one.entries):
            message = "what it has by an alias (`*` or `<<`) would not stay as meant"
            return refused(f"{message}: edit the file by hand", path, one.line)
    return EditProblem(BY_HAND, dotted(path), node.line if node else 0)


def _below(node: Node) -> list[Node]:
    found = [node]
    for entry in node.entries:
        found += _below(entry.value)
    return found


def means(node: Node | None, value: Any) -> bool:
    """True when a text says just this; where `<<` is used, the order of own fields counts."""
    if node is None:
        return value is None
    node = node.resolved
    if node.kind == "mapping":
        fields = node.fields()
        if not isinstance(value, dict) or fields.keys() != value.keys():
            return False
        own = node.own()
        in_order = list(own) == [name for name in value if name in own]
        return in_order and all(means(one, value[name]) for name, one in fields.items())
    if node.kind == "list":
        if not isinstance(value, list) or len(value) != len(node.entries):
            return False
        return all(means(e.value, v) for e, v in zip(node.entries, value, strict=True))
    return same_scalar(value_of(node), value)
