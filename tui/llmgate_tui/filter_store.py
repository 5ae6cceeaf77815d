"""What of a filter the gateway's store can be asked for: never less than what it lets through.

Names in a filter know no case and may be parts; the store's names are globs that do, so ``fast``
becomes ``*[fF][aA][sS][tT]*``.
"""

import re
from typing import Final

from llmgate_tui.filter_time import Local, moment_ms

Hints = dict[str, str]

_NAMES: Final = frozenset(
    {"model", "served", "provider", "route", "key", "client", "session", "path", "protocol"}
)
_PARAMETERS: Final = {name: name for name in _NAMES} | {"limit": "limited"}
_STATES: Final = {
    "ok": {"state": "finished"},
    "error": {"error_type": "*"},
    **{
        name: {"state": name}
        for name in ("live", "queued", "waiting", "streaming", "finished", "failed", "cut")
    },
    "cancelled": {"state": "cancelled"},
}
_LONGEST: Final = 200
_PLAIN: Final = re.compile(r"[A-Za-z0-9_ .:-]+")
_STATUS: Final = re.compile(r"(>=|<=|=|>|<)?(\d{1,3})", re.ASCII)
_COST: Final = re.compile(r"(>=|>|=)?\$?(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})", re.ASCII)


def hints_of(name: str, value: str, now_ms: int, local: Local) -> Hints:
    """The query parameters that every row of ``name:value`` satisfies; empty when none is known."""
    found: Hints = {}
    if name in _PARAMETERS and (glob := _globs(value)):
        found = {_PARAMETERS[name]: glob}
    elif name == "err":
        found = {"error_type": "*"}
    elif name == "state":
        found = dict(_STATES.get(value.lower(), {}))
    elif name == "status":
        found = _status(value)
    elif name == "cost" and (cost := _COST.fullmatch(value)):
        found = {"min_cost": cost[2]}
    elif name in {"marked", "tag", "note", "comment", "parent", "replay"}:
        found = _said(name, value)
    elif name in {"since", "until"}:
        at_ms = moment_ms(value.lstrip("<>=~").strip('"'), now_ms, local)
        found = {} if at_ms is None else {f"{name}_ms": str(max(0, int(at_ms)))}
    return found


def _said(name: str, value: str) -> Hints:
    """What people said of exchanges, and replays: the store has an index of each."""
    parameter = "note" if name == "comment" else name
    plain = value.strip('"')
    match parameter:
        case "marked":
            return {} if value.lower() in {"no", "false", "0"} else {"marked": "true"}
        case "parent":
            return {}  # a part of an id is enough here, not there
        case "replay":
            glob = _globs(value) if value else "*"
            return {"replay": glob} if glob else {}
        case _:  # one that has any, where the words cannot be told
            sure = _PLAIN.fullmatch(plain) is not None and len(plain) <= _LONGEST
            return {parameter: plain if sure else "*"}


def _status(value: str) -> Hints:
    low = value.lower()
    if re.fullmatch("[1-5]xx", low):
        return {"status": low}
    found = _STATUS.fullmatch(value)
    return {"status": f"{found[1] or ''}{found[2]}"} if found else {}


def _globs(value: str) -> str:
    """One glob, or several with commas between them; empty when that cannot be said."""
    parts = value[1:-1].split(",") if value[:1] == "(" and value[-1:] == ")" else [value]
    globs = [_glob(part.strip()) for part in parts if part.strip()]
    text = ",".join(globs)
    return text if globs and all(globs) and len(text) <= _LONGEST else ""


def _glob(value: str) -> str:
    exact = value.startswith("=")
    value = value.removeprefix("=")
    if value[:1] in {"~", "/", "<", ">"} and not (exact and value[:1] != "/"):
        return ""  # a regex, or what may be one
    if len(value) > 1 and value[0] == value[-1] == '"':
        return f"*{_cases(value[1:-1])}*"
    if exact:
        return _cases(value)
    made = "".join(char if char in "*?" else _any_case(char) for char in value)
    return made if "*" in value or "?" in value else f"*{made}*"


def _cases(text: str) -> str:
    return "".join(_any_case(char) for char in text)


def _any_case(char: str) -> str:
    if char in '*?[],"':
        return "?"  # means something to the store: any one character
    if not char.isascii():
        return "*"  # other alphabets change their length with their case
    if char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    return char
