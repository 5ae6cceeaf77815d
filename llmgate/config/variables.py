"""``${VAR}`` and ``${VAR:-default}`` in values; ``$${`` is a literal ``${``."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$(\$\{)|\$\{([^{}]*)\}")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::?-(.*))?", re.DOTALL)


class Missing(Exception):
    """A variable without a value and without a default."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Malformed(Exception):
    """``${`` that is no reference."""


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Fills in the variables once (a value is not looked through again).

    A variable that is empty counts as missing. Raises ``Missing`` and ``Malformed``.
    """
    if "${" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        return "${" if found.group(1) else _value(found.group(2), environ)

    return _VARIABLE.sub(value, text)


def _value(reference: str, environ: Mapping[str, str]) -> str:
    name = _NAME.fullmatch(reference)
    if name is None:
        raise Malformed(reference)
    value = environ.get(name.group(1)) or name.group(2)
    if value is None:
        raise Missing(name.group(1))
    return value
