"""A provider's settings as a form, and the form's values as edits of the file (no Textual)."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from llmgate.wire.editing import Edit, Path, Remove, Set
from llmgate_tui.text import clean

Values = dict[str, str]

TIMEOUTS: Final = ("connect_s", "first_byte_s", "idle_s")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-.*)?\}")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST: Final = 2_000_000


class Timeout(msgspec.Struct, frozen=True):
    """Seconds; None where the file says nothing."""

    connect_s: float | str | None = None
    first_byte_s: float | str | None = None
    idle_s: float | str | None = None


class Settings(msgspec.Struct, frozen=True):
    """What the file itself says of a provider, as far as the form edits it."""

    base_url: str | None = None
    api_key: str | int | None = None
    api_keys: list[str | int] | None = None
    timeout: Timeout | None = None
    models: dict[str, str] | list[str] | None = None


class _File(msgspec.Struct, frozen=True):
    providers: dict[str, object] = {}


def settings(text: str, name: str) -> Settings | None:
    """A provider's settings in the file's text; None when they are not there or cannot be read."""
    if len(text) > _LARGEST:
        return None
    try:
        file = msgspec.yaml.decode(text.encode("utf-8", "replace"), type=_File)
        return msgspec.convert(file.providers.get(name), type=Settings)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def values(known: Settings) -> Values:
    """What the fields hold at first; a field that could not be written back is left out."""
    timeout = known.timeout or Timeout()
    found = {"base_url": known.base_url or ""}
    if known.api_keys is None:
        found["variable"] = variable(known.api_key)
    found |= {name: _spelled(getattr(timeout, name)) for name in TIMEOUTS}
    renames = known.models or {}
    if isinstance(renames, dict) and not any(re.search("[=,]", part) for part in _words(renames)):
        found["models"] = ", ".join(f"{asked}={sent}" for asked, sent in renames.items())
    return found


def variable(key: str | int | None) -> str:
    """The variable a key is in; empty when it is in none."""
    match = _VARIABLE.fullmatch(str(key)) if key is not None else None
    return match[1] if match else ""


def check(typed: Mapping[str, str]) -> str:
    """What is wrong with the values; empty when nothing is."""
    url = typed.get("base_url", "")
    if url and not re.match(r"https?://[^/\s]", url):
        return "base URL: begins with http:// or https:// and a host"
    named = typed.get("variable", "")
    if named and not _NAME.fullmatch(named):
        return "key variable: a name such as OPENAI_API_KEY, not the key itself"
    for name in TIMEOUTS:
        if (text := typed.get(name, "")) and not text.startswith("${") and not _seconds(text):
            return f"{name}: {text!r} is not a number of seconds above 0"
    return _pairs(typed.get("models", ""))[1]


def edits(provider: str, before: Values, after: Values) -> list[tuple[Edit, str]]:
    """What changes in the file, each with a note; nothing for what stays as it was."""
    found: list[tuple[Edit, str]] = []
    for field, text in after.items():
        if field in before and text != before[field]:
            found += _edits_of(provider, field, before[field], text)
    return [(edit, clean(note)) for edit, note in found]


def _edits_of(provider: str, field: str, old: str, new: str) -> list[tuple[Edit, str]]:
    at: Path = ["providers", provider]
    match field:
        case "models":
            return _renames(provider, dict(_pairs(old)[0]), dict(_pairs(new)[0]))
        case "variable":
            path, value = [*at, "api_key"], f"${{{new}}}"
        case "base_url":
            path, value = [*at, "base_url"], new
        case _:
            path = [*at, "timeout", field]
            value = new
    edit: Edit = Set(path, _number(value) if field in TIMEOUTS else value) if new else Remove(path)
    label = {"variable": "key variable", "base_url": "base URL"}.get(field, field)
    return [(edit, f"{provider}: {label} {old or '-'} to {new or '-'}")]


def _renames(
    provider: str, before: dict[str, str], after: dict[str, str]
) -> list[tuple[Edit, str]]:
    at: Path = ["providers", provider, "models"]
    if before and not after:
        return [(Remove(at), f"{provider}: no model names are changed any more")]
    found: list[tuple[Edit, str]] = [
        (Remove([*at, asked]), f"{provider}: {asked} goes as it is")
        for asked in before
        if asked not in after
    ]
    for asked, sent in after.items():
        if before.get(asked) != sent:
            found.append((Set([*at, asked], sent), f"{provider}: {asked} is sent as {sent}"))
    return found


def _pairs(text: str) -> tuple[list[tuple[str, str]], str]:
    """``asked=sent, asked=sent``, or what is wrong with it."""
    found: list[tuple[str, str]] = []
    for part in text.split(","):
        asked, equals, sent = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not (asked and equals and sent) or "=" in sent:
            return [], f"models: {part.strip()!r} is not asked=sent, such as fast=gpt-4o-mini"
        found.append((asked, sent))
    return found, ""


def _words(renames: dict[str, str]) -> list[str]:
    return [*renames, *renames.values()]


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None


def _number(text: str) -> float | int | str:
    number = _seconds(text)
    if number is None:
        return text  # ${A_VARIABLE}
    return int(number) if number == int(number) else number


def _spelled(value: float | str | None) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


LABELS: Final[dict[str, tuple[str, str]]] = {
    "base_url": ("base URL", "the catalog's own"),
    "variable": ("variable that holds the key", "OPENAI_API_KEY"),
    "connect_s": ("seconds to connect", "5"),
    "first_byte_s": ("seconds to the first byte", "120"),
    "idle_s": ("seconds of silence in an answer", "60"),
    "models": ("models: asked=sent, asked=sent", "fast=gpt-4o-mini, claude-*=gpt-4o"),
}
"""Label and hint of each field."""
