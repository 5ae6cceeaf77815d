"""From nodes to frozen Structs, field by field, so that all problems are found at once.

Structs say what is allowed; msgspec converts the leaves. What is wrong is told at its line.
"""

import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

from llmgate.config.model import (
    HealthConfig,
    RouteConfig,
)
from llmgate.config.nodes import MOST_EVENTS, Node, scalar
from llmgate.config.problems import Path, Problems, dotted, nearest, shown
from llmgate.config.variables import Malformed, Missing, expand

LATER: Final[Mapping[str, frozenset[str]]] = {
    "Config": frozenset({"processors", "retry"}),
    RouteConfig.__name__: frozenset({"fallback", "processors", "on_loss"}),
    HealthConfig.__name__: frozenset({"eject_after", "cooldown_s"}),
}
_LATER_VALUES: Final = {("strategy", "latency"), ("strategy", "cost")}
_SECRET_FIELDS: Final = frozenset({"api_key", "api_keys"})
_UNSET: Final[Any] = object()
_LARGEST: Final = 100_000  # characters of one value after its variables were filled in


class Reading:
    """Reads one file's tree; gathers problems, warnings and the providers that lack their key."""

    def __init__(self, problems: Problems, environ: Mapping[str, str]) -> None:
        self.problems = problems
        self.warnings: list[str] = []
        self.missing_keys: dict[str, str] = {}
        self._environ = environ
        self._left = MOST_EVENTS  # aliases may repeat what was counted once

    def read(self, node: Node, wanted: Any, path: Path) -> Any:
        """The value of a node as the wanted type; ``_UNSET`` when there is a problem in it."""
        self._left -= 1
        if self._left < 0:
            if self._left == -1:
                self.problems.add("too much is repeated with aliases: write it out", path)
            return _UNSET
        if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            return self._struct(node, wanted, path)
        origin = get_origin(wanted)
        if origin is dict:
            return self._dict(node, get_args(wanted)[1], path)
        if origin is list:
            return self._list(node, get_args(wanted)[0], path)
        if node.items is not None and (inner := _list_in(wanted)):
            return self._list(node, inner, path)
        return self._leaf(node, wanted, path)

    def _struct(self, node: Node, wanted: type[msgspec.Struct], path: Path) -> Any:
        if not self._is_mapping(node, path):
            return _UNSET
        fields = {field.name: field for field in msgspec.structs.fields(wanted)}
        values: dict[str, Any] = {}
        whole = True
        for name, child in (node.fields or {}).items():
            if name in fields:
                values[name] = self.read(child, fields[name].type, (*path, name))
                whole = whole and values[name] is not _UNSET
            else:
                self._unknown(name, node, wanted, path)
        for name, field in fields.items():
            if field.required and name not in values:
                self.problems.add(f"`{name}` is missing in {dotted(path) or 'the file'}", path)
                whole = False
        return wanted(**values) if whole else _UNSET

    def _dict(self, node: Node, inner: Any, path: Path) -> Any:
        if not self._is_mapping(node, path):
            return _UNSET
        return self._whole(
            {name: self.read(n, inner, (*path, name)) for name, n in (node.fields or {}).items()}
        )

    def _list(self, node: Node, inner: Any, path: Path) -> Any:
        if node.empty:
            return []
        if node.items is None:
            self.problems.add(f"{dotted(path)} must be a list, like [a, b]", path)
            return _UNSET
        read = [self.read(item, inner, (*path, index)) for index, item in enumerate(node.items)]
        if _field(path) in _SECRET_FIELDS:
            return [value for value in read if value not in (None, _UNSET)]
        return _UNSET if any(value is _UNSET for value in read) else read

    def _leaf(self, node: Node, wanted: Any, path: Path) -> Any:
        if node.text is None:
            found = "a list" if node.items is not None else "a mapping"
            self.problems.add(f"{dotted(path)} must be {_named(wanted)}, not {found}", path)
            return _UNSET
        text = self._expanded(node.text, path)
        if text is None or text is _UNSET:
            return text
        value = _value(node, text, wanted)
        if (_field(path), value) in _LATER_VALUES:
            self.problems.add(f"{dotted(path)}: `{value}` is not in this version yet", path)
            return _UNSET
        try:
            return msgspec.convert(value, wanted)
        except msgspec.ValidationError:
            self._refuse(node, value, wanted, path)
            return _UNSET

    def _expanded(self, text: str, path: Path) -> Any:
        """The text with its variables; None for a provider key that is missing."""
        try:
            expanded = expand(text, self._environ)
        except Missing as missing:
            if path[:1] == ("providers",) and _field(path) in _SECRET_FIELDS:
                self.missing_keys[str(path[1])] = missing.name
                return None
            self.problems.add(
                f"{dotted(path)}: the variable {missing.name} is not set;"
                f" set it, put it into .env, or write ${{{missing.name}:-default}}",
                path,
            )
            return _UNSET
        except Malformed:
            self.problems.add(
                f"{dotted(path)}: `${{...}}` must hold a variable's name;"
                " write $${ for a literal ${",
                path,
            )
            return _UNSET
        if len(expanded) > _LARGEST:
            self.problems.add(f"{dotted(path)} is longer than {_LARGEST} characters", path)
            return _UNSET
        return expanded

    def _refuse(self, node: Node, value: Any, wanted: Any, path: Path) -> None:
        if node.text and "${" in node.text:
            value = node.text  # as written: what a variable holds may be a secret
        choices = _choices(wanted)
        if choices:
            allowed = ", ".join(choices)
            close = nearest(str(value), choices)
            self.problems.add(
                f"{dotted(path)}: `{shown(str(value))}` is none of {allowed}{close}", path
            )
            return
        found = "nothing" if value is None else f"`{shown(str(value))}`"
        self.problems.add(f"{dotted(path)} must be {_named(wanted)}, not {found}", path)

    def _unknown(self, name: str, node: Node, wanted: type[msgspec.Struct], path: Path) -> None:
        known = [field.name for field in msgspec.structs.fields(wanted)]
        within = dotted(path) or "the file"
        if name in LATER.get(wanted.__name__, ()):
            message = f"`{name}` in {within} is not in this version yet: remove it"
        else:
            close = nearest(name, known) or f"; known are {', '.join(known)}"
            message = f"unknown field `{shown(name)}` in {within}{close}"
        self.problems.add(message, (*path, name), node.keys[name])

    def _is_mapping(self, node: Node, path: Path) -> bool:
        if node.fields is not None or node.empty:
            return True
        if not path:
            message = "the file must hold `name: value` lines, like `providers:`"
        else:
            message = f"{dotted(path)} must hold `name: value` pairs"
        self.problems.add(message, path)
        return False

    def _whole(self, values: dict[str, Any]) -> Any:
        return _UNSET if any(value is _UNSET for value in values.values()) else values


def is_unset(value: object) -> bool:
    """True for the result of a reading that found a problem."""
    return value is _UNSET


def _field(path: Path) -> str:
    """The name a value belongs to: a list's items belong to the list's name."""
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _value(node: Node, text: str, wanted: Any) -> Any:
    """What a scalar stands for where ``wanted`` is: names may look like numbers.

    Where variables were filled in, quotes only keep YAML from tripping over the braces.
    """
    filled = node.text is not None and "${" in node.text
    value = scalar(text, node.plain or (filled and not _is_text(wanted)))
    if _is_text(wanted) and (filled or (value is not None and not isinstance(value, str))):
        return text
    return value


def _parts(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)


def _list_in(wanted: Any) -> Any:
    return next((get_args(part)[0] for part in _parts(wanted) if get_origin(part) is list), None)


def _is_text(wanted: Any) -> bool:
    return str in _parts(wanted)


def _choices(wanted: Any) -> list[str]:
    return [
        str(c) for part in _parts(wanted) if get_origin(part) is Literal for c in get_args(part)
    ]


_NAMES: Final[Mapping[Any, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _named(wanted: Any) -> str:
    names = [_NAMES.get(part, "a list") for part in _parts(wanted)]
    return re.sub(r"^(.*), ([^,]+)$", r"\1 or \2", ", ".join(names))
