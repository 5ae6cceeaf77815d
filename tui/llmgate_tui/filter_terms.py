"""The fields of the filter language and what their values mean (pure)."""

import difflib
import re
from collections.abc import Callable, Container
from fnmatch import translate
from typing import Final, Literal

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui.columns import tokens_per_second
from llmgate_tui.filter_time import DAYS, Local, moment_ms, utc

Predicate = Callable[[ExchangeSummary], bool]
Words = Callable[[ExchangeSummary], str]
Number = Callable[[ExchangeSummary], float | None]


class FilterProblem(Exception):
    """The text cannot be understood; ``at`` is the position of the trouble."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def _failed(row: ExchangeSummary) -> bool:
    return row.state in {"failed", "cut"} or (row.status or 0) >= 400


ALIASES: Final = {  # mitmproxy's spelling
    "~m": "method:",
    "~c": "status:",
    "~u": "path:",
    "~d": "provider:",
    "~e": "err",
    "~q": "state:waiting",
    "~s": "-state:waiting",
    "~marked": "marked",
    "~comment": "note:",
    "~replay": "replay",
    "~b": "body:",
    "~bq": "body:",
    "~bs": "body:",
    "~h": "h:",
    "~hq": "h:",
    "~hs": "h:",
}
_TEXTS: Final[dict[str, Words]] = {
    "model": lambda row: row.model,
    "served": lambda row: row.served,
    "provider": lambda row: row.provider,
    "route": lambda row: row.route,
    "key": lambda row: row.key,
    "client": lambda row: row.client,
    "path": lambda row: row.path,
    "method": lambda row: row.method,
    "err": lambda row: f"{row.error_type} {row.error} {row.status or ''}" if _failed(row) else "",
    "finish": lambda row: row.finish,
    "id": lambda row: row.id,
    "protocol": lambda row: row.protocol,
    "session": lambda row: row.session,
    "limit": lambda row: row.limited_by,
    "note": lambda row: row.note,
    "parent": lambda row: row.parent,
    "replay": lambda row: row.replay,
}
_COUNTS: Final[dict[str, Number]] = {
    "in": lambda row: row.input_tokens,
    "out": lambda row: row.output_tokens,
    "cached": lambda row: row.cache_read_tokens,
    "tool": lambda row: row.tool_calls,
    "retry": lambda row: max(0, row.attempts - 1),
    "repeat": lambda row: row.repeat,
    "tps": lambda row: tokens_per_second(row, row.started_ms),
}
_TIMES: Final[dict[str, Number]] = {
    "ttft": lambda row: row.ttfb_us,
    "total": lambda row: row.total_us,
    "queued": lambda row: row.queued_us,
}
FLAGS: Final[dict[str, Predicate]] = {
    "err": _failed,
    "tool": lambda row: row.tool_calls > 0,
    "retry": lambda row: row.attempts > 1,
    "note": lambda row: bool(row.note),
    "tag": lambda row: bool(row.tags),
    "parent": lambda row: bool(row.parent),
    "replay": lambda row: bool(row.replay),
}
_STATES: Final[dict[str, Predicate]] = {
    "live": lambda row: row.state in LIVE,
    "queued": lambda row: row.state == "queued",
    "waiting": lambda row: row.state == "waiting",
    "streaming": lambda row: row.state == "streaming",
    "finished": lambda row: row.state == "finished",
    "failed": lambda row: row.state == "failed",
    "cut": lambda row: row.state == "cut",
    "cancelled": lambda row: row.state == "cancelled",
    "ok": lambda row: row.state == "finished" and (row.status or 0) < 400,
    "error": _failed,
}
STATES: Final = list(_STATES)
_DEEP: Final[dict[str, Literal["body", "header", "text"]]] = {
    "body": "body",
    "h": "header",
    "text": "text",
}
_SPELLED: Final = {"comment": "note"}  # other names of fields
_OTHERS: Final = ("status", "state", "cost", "since", "until", "marked", "tag", *_DEEP)
FIELDS: Final = sorted([*_TEXTS, *_COUNTS, *_TIMES, *_OTHERS])

_UNITS: Final = {
    "us": 1.0,
    "ms": 1_000.0,
    "s": 1_000_000.0,
    "m": 60_000_000.0,
    "h": 3_600_000_000.0,
}
_LONGEST_DEEP: Final = 200
_OPERATORS: Final = (">=", "<=", ">", "<", "=", "~")
_SHAPE: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)", re.IGNORECASE)


class Deep(msgspec.Struct, frozen=True, eq=False):
    """A term that only the store can answer: ``found`` fills up with the ids it names."""

    kind: Literal["body", "header", "text"]
    text: str
    found: set[str]


class Terms:
    """Builds the predicate of one term; told the time, the marks and the calendar."""

    def __init__(self, now_ms: int, marked: Container[str], local: Local = utc) -> None:
        self._now_ms = now_ms
        self._marked = marked
        self._local = local
        self.deep: list[Deep] = []  # those met so far

    def word(self, text: str, at: int) -> Predicate:
        """A bare word, a flag or ``field:value``."""
        if text.startswith("-"):  # an alias that means "not"
            inner = self.word(text[1:], at)
            return lambda row: not inner(row)
        name, colon, value = text.partition(":")
        if colon:
            return self.field(name.lower(), value, at + len(name) + 1, name_at=at)
        if text.lower() == "marked":
            return self._is_marked
        return FLAGS.get(text.lower()) or self.anywhere(text)

    def anywhere(self, text: str) -> Predicate:
        """A part of any name the row shows."""
        wanted = text.lower()
        return lambda row: wanted in _haystack(row)

    def anywhere_regex(self, pattern: str, at: int) -> Predicate:
        """A regex on any name the row shows."""
        found = _regex(pattern, at)
        return lambda row: found(_haystack(row)) is not None

    def field(self, name: str, value: str, at: int, name_at: int | None = None) -> Predicate:
        """``name:value``, where a value in parentheses is a list of which one must hold."""
        name = _SPELLED.get(name, name)
        self._known(name, at if name_at is None else name_at, value)
        if not value:
            raise FilterProblem(f"{name}: needs a value", at)
        if name in _DEEP:
            return self._deep(name, value, at)
        if value.startswith("(") and value.endswith(")"):
            parts = _list(value, at)
            options = [self._one(name, part, place) for part, place in parts]
            return lambda row: any(option(row) for option in options)
        return self._one(name, value, at)

    def _deep(self, name: str, value: str, at: int) -> Predicate:
        """In the store's bodies or headers: true for what it has named so far."""
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        text = value[1:-1] if quoted and name != "text" else value  # there they mean: in a row
        if len(text) > _LONGEST_DEEP:
            raise FilterProblem(f"longer than {_LONGEST_DEEP} characters", at)
        if not text.strip(' "'):
            raise FilterProblem(f"{name}: needs a value", at)
        if name == "h" and "=" not in text:
            text = f"{text}="
        deep = Deep(_DEEP[name], text, set())
        self.deep.append(deep)
        return lambda row: row.id in deep.found

    def _known(self, name: str, at: int, value: str) -> None:
        if name not in FIELDS:
            near = [field for field in FIELDS if field.startswith(name)]
            near = near or difflib.get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {near[0]}:?" if near else f'quote it to search: "{name}:{value}"'
            raise FilterProblem(f"no field {name!r}; {hint}", at)

    def _one(self, name: str, value: str, at: int) -> Predicate:
        operator = next((sign for sign in _OPERATORS if value.startswith(sign)), "")
        rest = value[len(operator) :]
        at += len(operator)
        if name in {"status", "state", "since", "until", "marked"}:
            return self._special(name, operator, rest, at)
        if name in _COUNTS or name in _TIMES or name == "cost":
            return _figure(name, operator, rest, at)
        if value == "*" and name in {"tag", "note", "parent", "replay"}:
            return FLAGS[name]  # any, but not none
        if name == "tag":
            return _tag(operator, rest, at)
        return _text(_TEXTS[name], operator, rest, at)

    def _special(self, name: str, operator: str, value: str, at: int) -> Predicate:
        match name:
            case "status":
                return _status(operator, value, at)
            case "state":
                return _state(value, at)
            case "since":
                earliest = self._moment(value, at)
                return lambda row: row.started_ms >= earliest
            case "until":
                latest = self._moment(value, at)
                return lambda row: row.started_ms < latest
            case _:
                wanted = value.lower() not in {"no", "false", "0"}
                return lambda row: self._is_marked(row) == wanted

    def _is_marked(self, row: ExchangeSummary) -> bool:
        """Rows that only the store knows say it themselves."""
        return row.marked or row.id in self._marked

    def _moment(self, value: str, at: int) -> float:
        found = moment_ms(value.strip('"'), self._now_ms, self._local)
        if found is None:
            said = f"an age or a moment: 5m, 26h, 3d, {', '.join(DAYS)}, 2026-11-20, 14:30"
            raise FilterProblem(said, at)
        return found


def _haystack(row: ExchangeSummary) -> str:
    return "\n".join(
        (row.model, row.served, row.provider, row.path, row.route, row.key, row.client, row.error)
    ).lower()


def _list(value: str, at: int) -> list[tuple[str, int]]:
    parts, place = [], at + 1
    for part in value[1:-1].split(","):
        if stripped := part.strip():
            parts.append((stripped, place + len(part) - len(part.lstrip())))
        place += len(part) + 1
    if not parts:
        raise FilterProblem("the list is empty", at)
    return parts


def _regex(pattern: str, at: int) -> Callable[[str], re.Match[str] | None]:
    try:
        return re.compile(pattern, re.IGNORECASE).search
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterProblem(f"this regex does not compile: {error}", at) from error


def _text(words: Words, operator: str, value: str, at: int) -> Predicate:
    holds = _text_test(operator, value, at)
    return lambda row: holds(words(row))


def _text_test(operator: str, value: str, at: int) -> Callable[[str], bool]:
    if operator in {">", ">=", "<", "<="}:
        raise FilterProblem("only numbers and times compare with < and >", at)
    if len(value) > 1 and value[0] == value[-1] == '"':
        quoted = value[1:-1].lower()
        return lambda text: quoted in text.lower()
    if operator == "~" or (len(value) > 2 and value[0] == value[-1] == "/"):
        found = _regex(value[1:-1] if value[0] == value[-1] == "/" else value, at)
        return lambda text: found(text) is not None
    wanted = value.lower()
    if operator == "=":
        return lambda text: text.lower() == wanted
    if any(char in value for char in "*?"):
        matches = re.compile(translate(wanted)).match
        return lambda text: matches(text.lower()) is not None
    return lambda text: wanted in text.lower()


def _tag(operator: str, value: str, at: int) -> Predicate:
    """One whole tag, or a glob or a regex of one; ``tag:*`` is any."""
    plain = value.strip('"')
    whole = not operator and not set(plain) & set("*?/")
    holds = _text_test("=" if whole else operator, plain if whole else value, at)
    return lambda row: bool(row.tags) and any(map(holds, row.tags.split(",")))


def _figure(name: str, operator: str, value: str, at: int) -> Predicate:
    if name in _TIMES:
        return _compare(_TIMES[name], operator, _duration_us(value, at), at)
    if name == "cost":
        number = _number(value.lstrip("$"), at)
        return _compare(lambda row: row.cost_usd, operator, number, at)
    return _compare(_COUNTS[name], operator, _number(value, at), at)


def _compare(number: Number, operator: str, limit: float, at: int) -> Predicate:
    match operator:
        case "" | "=":
            return lambda row: number(row) == limit
        case ">":
            return lambda row: (value := number(row)) is not None and value > limit
        case ">=":
            return lambda row: (value := number(row)) is not None and value >= limit
        case "<":
            return lambda row: (value := number(row)) is not None and value < limit
        case "<=":
            return lambda row: (value := number(row)) is not None and value <= limit
        case _:
            raise FilterProblem("a number has no regex", at)


def _status(operator: str, value: str, at: int) -> Predicate:
    if re.fullmatch(r"[1-5]xx", value.lower()):
        hundreds = int(value[0])
        return lambda row: row.status is not None and row.status // 100 == hundreds
    return _compare(lambda row: row.status, operator, _number(value, at), at)


def _state(value: str, at: int) -> Predicate:
    predicate = _STATES.get(value.lower())
    if predicate is None:
        raise FilterProblem(f"a state is one of {', '.join(_STATES)}", at)
    return predicate


def _shape(text: str, at: int, wanted: str) -> tuple[float, str]:
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise FilterProblem(f"{text!r} is not {wanted}", at)
    return float(match[1]), match[2].lower()


def _number(text: str, at: int) -> float:
    number, unit = _shape(text.replace(",", ""), at, "a number such as 200, 48k or 1.5m")
    factor = {"": 1, "k": 1_000, "m": 1_000_000}.get(unit)
    if factor is None:
        raise FilterProblem(f"{unit!r} is no unit of a number: k or m", at)
    return number * factor


def _duration_us(text: str, at: int) -> float:
    number, unit = _shape(text, at, "a time such as 500ms or 2s")
    if unit not in _UNITS:
        raise FilterProblem(f"say the unit: {text}ms or {text}s", at)
    return number * _UNITS[unit]
