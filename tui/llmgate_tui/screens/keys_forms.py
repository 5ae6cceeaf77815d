"""The fields of limits and of a new key: what may be typed, and the edits it stands for."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from llmgate.wire.editing import Edit, NewKey, Path, Remove, Set
from llmgate.wire.limits import Scope
from llmgate_tui.screens.form import Field, Values
from llmgate_tui.screens.keys_file import Tree, place
from llmgate_tui.text import clean

Edits = list[tuple[Edit, str]]

WORDS: Final[dict[str, str]] = {
    "requests_per_second": "requests per second",
    "burst": "burst of requests",
    "requests_per_minute": "requests per minute",
    "requests_per_hour": "requests per hour",
    "requests_per_day": "requests per day",
    "tokens_per_minute": "tokens per minute",
    "tokens_per_day": "tokens per day",
    "concurrency": "requests at once",
    "queue": "may wait for their turn",
    "queue_wait_s": "seconds they may wait",
    "budget_usd_per_day": "budget per day, $",
    "budget_usd_per_month": "budget per month, $",
    "on_budget": "when a budget is spent",
    "warn_at": "warn at this share of it",
    "max_request_bytes": "largest request, bytes",
}
_HINTS: Final = {
    "burst": "as many as per second",
    "queue": "16",
    "queue_wait_s": "30",
    "on_budget": "stop, or warn",
    "warn_at": "0.8",
}
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "requests_per_second": (0.001, 1e6),
    "queue": (0, 1e4),
    "queue_wait_s": (0, 3600),
    "budget_usd_per_day": (0, 1e9),
    "budget_usd_per_month": (0, 1e9),
    "warn_at": (0.01, 1),
    "concurrency": (1, 1e5),
    "burst": (1, 1e6),
}
_FRACTIONS: Final = frozenset(
    {
        "requests_per_second",
        "queue_wait_s",
        "budget_usd_per_day",
        "budget_usd_per_month",
        "warn_at",
    }
)
_FACTORS: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_FIGURE: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([km]?)b?", re.IGNORECASE | re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REFERENCE: Final = re.compile(r"\$\{[^{}]{1,200}\}")
DEFAULT_MODELS: Final = ["*"]


def limit_fields(known: Tree) -> list[Field]:
    """A field for every limit there can be; empty is none."""
    return [
        Field(name, label, _spelled(known.get(name)), _HINTS.get(name, "none"))
        for name, label in WORDS.items()
    ]


def check_limits(typed: Mapping[str, str]) -> str:
    """What is wrong with the values as they are typed; empty when nothing is."""
    for name in WORDS:
        text = typed.get(name, "")
        if text and (problem := _problem(name, text)):
            return f"{WORDS[name]}: {problem}"
    if typed.get("burst") and not typed.get("requests_per_second"):
        return "burst of requests: needs requests per second beside it"
    return ""


def limit_edits(scope: Scope, name: str, known: Tree, typed: Mapping[str, str]) -> Edits:
    """What changes in the file; the mapping goes when nothing is left in it."""
    at = place(scope, name)
    wanted = {field: text for field in WORDS if (text := typed.get(field, "").strip())}
    if known and not wanted and not known.keys() - WORDS.keys():
        return [(Remove(at), f"{clean(name)}: no limits")]
    found: Edits = []
    for field, label in WORDS.items():
        before, text = _spelled(known.get(field)), wanted.get(field, "")
        if text == before:
            continue
        edit: Edit = Set([*at, field], value_of(field, text)) if text else Remove([*at, field])
        found.append((edit, f"{clean(name)}: {label} {before or 'none'} to {text or 'none'}"))
    return found


def value_of(field: str, text: str) -> float | int | str:
    """The value the file gets."""
    if field == "on_budget" or _REFERENCE.fullmatch(text):
        return text
    number = _figure(field, text)
    if number is None:
        return text
    return int(number) if number == int(number) else number


def _problem(field: str, text: str) -> str:
    if _REFERENCE.fullmatch(text):
        return ""
    if field == "on_budget":
        return "" if text in {"stop", "warn"} else "stop refuses requests, warn only says so"
    number = _figure(field, text)
    if number is None:
        return f"{text!r} is not a number, such as 60 or 200k"
    if field not in _FRACTIONS and number != int(number):
        return "a whole number"
    least, most = _RANGES.get(field, (1, 1e12 if "token" in field or "bytes" in field else 1e9))
    return "" if least <= number <= most else f"from {least:g} to {most:,.12g}"


def _figure(field: str, text: str) -> float | None:
    text = text.strip().lstrip("$").replace(",", "").replace("_", "")
    if field == "warn_at" and text.endswith("%"):
        share = _FIGURE.fullmatch(text[:-1])
        return round(float(share[1]) / 100, 6) if share and not share[2] else None
    match = _FIGURE.fullmatch(text)
    return round(float(match[1]) * _FACTORS[match[2].lower()], 9) if match else None


def _spelled(value: Any) -> str:
    if value is None or isinstance(value, dict | list | bool):
        return ""
    return f"{value:.12g}" if isinstance(value, float) else str(value)


# -- keys --------------------------------------------------------------------


def variable_for(name: str) -> str:
    """The variable a new key is kept in unless another is given."""
    return f"LLMGATE_{re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_').upper()}_KEY" if name else ""


_NEW_KEY: Final = [
    Field("name", "name of the key", hint="such as ide"),
    Field("models", "models it may use", "*", "*, gpt-*, claude-sonnet-4-5"),
    Field("requests_per_minute", "requests per minute", hint="none"),
    Field("budget_usd_per_day", "budget per day, $", hint="none"),
    Field("variable", "variable it is kept in (.env)", hint="empty: in config.yaml itself"),
]


def new_key_fields(typed: Values | None = None) -> list[Field]:
    """The fields of a new key; ``typed`` before, when the gateway refused that."""
    if typed is None:
        return _NEW_KEY
    return [msgspec.structs.replace(field, value=typed[field.name]) for field in _NEW_KEY]


def check_key(typed: Values, taken: Mapping[str, object]) -> str:
    """What is wrong with a new key; empty when nothing is."""
    name = typed.get("name", "")
    if not name:
        return "name of the key: it needs one, such as ide"
    if not _NAME.fullmatch(name):
        return "name of the key: letters, digits, . _ and -, a letter or a digit first"
    if name in taken:
        return f"name of the key: {name} is there already"
    if (variable := typed.get("variable", "")) and not _VARIABLE.fullmatch(variable):
        return "variable: a name such as LLMGATE_IDE_KEY"
    return check_limits(typed)


def new_key(typed: Values) -> NewKey:
    """What the gateway is asked to make."""
    settings: dict[str, Any] = {"models": names(typed.get("models", "")) or DEFAULT_MODELS}
    limits = {
        field: value_of(field, text)
        for field in ("requests_per_minute", "budget_usd_per_day")
        if (text := typed.get(field, ""))
    }
    if limits:
        settings["limits"] = limits
    return NewKey(name=typed["name"], settings=settings, variable=typed.get("variable", ""))


def names(text: str) -> list[str]:
    """Names with commas between them."""
    return [name for part in text.split(",") if (name := part.strip())]


def models_edit(key: str, before: list[str] | None, text: str) -> Edits:
    """Other models for a key; none named is every model."""
    after = names(text) or None
    if after == before:
        return []
    at: Path = ["keys", key, "models"]
    note = f"{clean(key)}: models {', '.join(after or DEFAULT_MODELS)}"
    return [(Set(at, after) if after else Remove(at), note)]
