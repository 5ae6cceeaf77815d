"""What the config file says before anything is filled in: which fields are written, and how a form
changes them.
"""

import re
from collections.abc import Mapping
from typing import Any

from llmgate.config.nodes import Node, parse
from llmgate.config.problems import Problems
from llmgate.wire.editing import Edit, Path, Remove, Set

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)[^{}]*\}")


def written(text: str, path: Path) -> Node | None:
    """The node at a path of the file; None when it is not written."""
    node = parse(text, Problems(""))
    for step in path:
        if node is None:
            return None
        if isinstance(step, int):
            items = node.items or []
            node = items[step] if step < len(items) else None
        else:
            node = (node.fields or {}).get(step)
    return node


def key_variables(text: str) -> dict[str, str]:
    """The variable each key is in, by the key's name; keys in the file itself are not in it."""
    keys = written(text, ["keys"])
    found: dict[str, str] = {}
    for name, node in ((keys.fields if keys else None) or {}).items():
        key = (node.fields or {}).get("key")
        if key is not None and (variable := _VARIABLE.fullmatch(key.text or "")):
            found[name] = variable[1]
    return found


def merged(path: Path, patch: Mapping[str, Any], at: Node | None) -> list[Edit]:
    """The edits of a JSON merge patch (RFC 7396) on what is written at a path."""
    edits: list[Edit] = []
    for name, value in patch.items():
        here, inner = [*path, name], ((at.fields if at else None) or {}).get(name)
        if value is None:
            edits += [Remove(here)] if inner is not None else []
        elif isinstance(value, dict) and inner is not None and inner.fields is not None:
            edits += merged(here, value, inner)
        else:
            edits.append(Set(here, _without_nulls(value)))
    return edits


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
