"""What can be asked of the list, and the SQL it stands for."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from llmgate.store.problems import BadFilter
from llmgate.store.sql import (
    FAILED,
    IS_ANNOTATED,
    IS_LIVE,
    IS_REPLAY,
    IS_SENT_AGAIN,
    WAS_LIMITED,
    WITH_SESSION,
)

_LONGEST = 200
_GLOB = re.compile(r"[*?\[]")
_STATUS = re.compile(r"(>=|<=|!=|=|>|<)?\s*(\d{1,3})")
_CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
_NAMES = ("model", "served", "provider", "route", "key", "client", "session", "path", "protocol")
_SEARCHED = ("model", "served", "provider", "path", "error")


class Filter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything given must match; names may be globs, and several with commas between them."""

    model: str = ""  # as asked or as sent
    served: str = ""
    provider: str = ""
    route: str = ""
    key: str = ""
    client: str = ""
    session: str = ""
    path: str = ""
    protocol: str = ""
    status: str = ""  # 429, 4xx, >=400, !=200
    state: str = ""  # live, queued, waiting, streaming, finished, failed, cut, cancelled
    error_type: str = ""  # "*" is any
    since_ms: int | None = None
    until_ms: int | None = None
    search: str = ""  # in model, provider, path, error
    min_cost: float | None = None
    limited: str = ""  # by which limit of ours: a word or a glob; "*" is any
    body: str = ""  # text in the request or the answer
    header: str = ""  # name=value: a kept header of this name (a glob) whose value holds this
    text: str = ""  # words of the request or the answer, looked up in the index
    parent: str = ""  # replays of this exchange
    replay: str = ""  # of this replay; "*" is any
    marked: bool = False
    tag: str = ""
    note: str = ""  # part of it; "*" is any

    @property
    def deep(self) -> bool:
        """Whether what is packed has to be read."""
        return bool(self.body or self.header)


Condition = tuple[str, list[Any]]


def conditions(given: Filter) -> tuple[str, list[Any]]:
    """The WHERE clause (without the word) and its values; raises BadFilter."""
    parts = list(_parts(given))
    clause = " AND ".join(f"({sql})" for sql, _ in parts)
    return clause, [value for _, values in parts for value in values]


def _parts(given: Filter) -> Iterator[Condition]:
    for name in _NAMES:
        if text := getattr(given, name):
            yield _model(text) if name == "model" else _name(name, text)
            if name == "session":
                yield WITH_SESSION, []
    if given.error_type:
        sql, values = _name("error_type", given.error_type)
        yield f"{FAILED} AND ({sql})", values
    if given.state:
        yield _state(given.state)
    if given.status:
        yield _status(given.status)
    yield from _figures(given)
    yield from _texts(given)
    yield from _annotations(given)


def _annotations(given: Filter) -> Iterator[Condition]:
    if given.marked:
        yield f"{IS_ANNOTATED} AND marked", []
    if given.tag:
        yield _tag(given.tag)
    if given.note:
        found = "note <> ''" if given.note == "*" else "instr(lower(note), ?)"
        values = [] if given.note == "*" else [bounded_text(given.note).lower()]
        yield f"{IS_ANNOTATED} AND {found}", values
    if given.replay:
        sql, values = _name("replay", given.replay)
        yield f"{IS_REPLAY} AND ({sql})", values
    if given.parent:
        yield f"{IS_SENT_AGAIN} AND parent = ?", [bounded_text(given.parent)]


def _tag(text: str) -> Condition:
    names = [name.lower() for name in _words("tag", text)]
    sql = " OR ".join(
        "',' || lower(tags) || ',' GLOB '*,' || ? || ',*'" if name != "*" else "tags <> ''"
        for name in names
    )
    return f"{IS_ANNOTATED} AND ({sql})", [name for name in names if name != "*"]


def _texts(given: Filter) -> Iterator[Condition]:
    if given.limited:
        yield _limited(given.limited)
    if given.search:
        text = bounded_text(given.search)
        yield (
            " OR ".join(f"instr(lower({name}), ?)" for name in _SEARCHED),
            [text.lower()] * len(_SEARCHED),
        )


def _figures(given: Filter) -> Iterator[Condition]:
    if given.since_ms is not None:
        yield "started_ms >= ?", [given.since_ms]
    if given.until_ms is not None:
        yield "started_ms < ?", [given.until_ms]
    if given.min_cost is not None:
        yield "cost_usd >= ?", [given.min_cost]


def _model(text: str) -> Condition:
    asked, values = _name("model", text)
    sent, more = _name("served", text)
    return f"{asked} OR {sent}", values + more


def _limited(text: str) -> Condition:
    names = _words("limited", text)
    sql = " OR ".join(
        "limited_by GLOB ?" if _GLOB.search(name) else "instr(limited_by, ?)" for name in names
    )
    return f"{WAS_LIMITED} AND ({sql})", list(names)


def _words(column: str, text: str) -> list[str]:
    names = [name.strip() for name in bounded_text(text).split(",") if name.strip()]
    if not names:
        raise BadFilter(f"{column}: {text!r} names nothing")
    return names


def _name(column: str, text: str) -> Condition:
    names = _words(column, text)
    sql = " OR ".join(f"{column} {'GLOB' if _GLOB.search(name) else '='} ?" for name in names)
    return sql, list(names)


def names_of(text: str) -> list[str]:
    """The names and globs between commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def status_names(text: str) -> list[str]:
    """The statuses that are asked for by name, as globs; none for a comparison."""
    text = text.strip()
    if found := _CLASS.fullmatch(text):
        return [f"{found[1]}??"]
    return [text] if text.isdecimal() else []


def _state(text: str) -> Condition:
    sql, values = _name("state", text)
    if values == ["live"]:
        return IS_LIVE, []
    if "live" in values:
        return f"{sql} OR {IS_LIVE}", values
    return sql, values


def _status(text: str) -> Condition:
    text = text.strip()
    if found := _CLASS.fullmatch(text):
        low = int(found[1]) * 100
        return _failed(f"status >= {low} AND status < {low + 100}", low >= 400), []
    if found := _STATUS.fullmatch(text):
        sign, number = found[1] or "=", int(found[2])
        return _failed(f"status {sign} {number}", number >= 400 and sign in {"=", ">", ">="}), []
    raise BadFilter(f"status {_shown(text)!r} is none of: 429, 4xx, >=400, !=200")


def _failed(sql: str, only_failed: bool) -> str:
    return f"{FAILED} AND {sql}" if only_failed else sql


def bounded_text(text: str) -> str:
    """The text without what UTF-8 cannot carry; raises BadFilter when it is too long."""
    if len(text) > _LONGEST:
        raise BadFilter(f"{_shown(text)!r} is longer than {_LONGEST} characters")
    return text.encode("utf-8", "replace").decode()


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
