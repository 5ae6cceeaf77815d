"""`.env` files: ``NAME=value`` lines; what the real environment says wins."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from llmgate.config.load import decode
from llmgate.errors import ConfigProblem

LARGEST_BYTES: Final = 1_000_000

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[ \t]*(.*)")
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT = re.compile(r"\s+#.*")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(text: str, file: str = ".env") -> dict[str, str]:
    """The variables of a text: quotes, ``export`` and comments are understood, nothing is expanded.

    Raises ``ConfigProblem`` with the line that is no variable; its value is not shown.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = _value(match.group(2)) if match else None
        if match is None or value is None:
            message = "write NAME=value" if match is None else "a quote is not closed"
            raise ConfigProblem(message, file=file, line=number, column=1)
        found[match.group(1)] = value
    return found


def with_variable(text: str, name: str, value: str) -> str:
    """The text with one more line, ``NAME=value``, ended as the text's own lines are.

    The value must need no quotes. Raises ``ValueError`` when it would not read back the same.
    """
    newline = "\r\n" if text.endswith("\r\n") else "\n"
    gap = newline if text and not text.endswith(("\n", "\r")) else ""
    longer = f"{text}{gap}{name}={value}{newline}"
    if read_dotenv(longer) != {**read_dotenv(text), name: value}:
        raise ValueError(f"{name} cannot be written as a line of .env")
    return longer


def environment(files: Iterable[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the files that exist (a later file wins), under those of the process."""
    found: dict[str, str] = {}
    for file in files:
        found |= _read(file)
    return {**found, **environ}


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "bad path"
        raise ConfigProblem(f"cannot be read: {reason}", file=str(path)) from error
    return read_dotenv(decode(data, str(path)), str(path))


def _value(text: str) -> str | None:
    """A value without its quotes; None when they are not closed."""
    text = text.strip()
    if text.startswith("'"):
        single = _SINGLE.fullmatch(text)
        return single.group(1) if single else None
    if text.startswith('"'):
        double = _DOUBLE.fullmatch(text)
        return _unescaped(double.group(1)) if double else None
    return "" if text.startswith("#") else _COMMENT.sub("", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text)
