"""The filter language of the traffic list: text in, a predicate over a row out (pure).

Terms stand side by side (and), with ``or``, ``( )`` and ``-`` or ``!`` for not. A term is a word, a
``"quoted text"``, a ``/regex/`` or ``field:value``; values compare with ``= > >= < <= ~`` and may
be a list: ``status:(4xx, >=500)``. ``model:claude*`` is a glob, ``model:=gpt-4o`` exact,
``model:gpt`` a part.
"""

from collections.abc import Callable, Container
from typing import Final, Literal, NamedTuple, NoReturn

import msgspec

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.filter_store import Hints, hints_of
from llmgate_tui.filter_terms import ALIASES, FLAGS, Deep, FilterProblem, Terms
from llmgate_tui.filter_time import Local, utc

Predicate = Callable[[ExchangeSummary], bool]
Kind = Literal["(", ")", "or", "and", "not", "word", "quoted", "regex"]

_LONGEST: Final = 2_000
_DEEPEST: Final = 40


class Token(msgspec.Struct, frozen=True):
    """A piece of the text and where it stands."""

    kind: Kind
    text: str
    at: int


class _Node(NamedTuple):
    """A part of a filter; what is known of every row that it lets through."""

    accept: Predicate
    hints: Hints
    needs: tuple[Deep, ...] = ()


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter that was understood.

    ``query`` are parameters that every row it lets through satisfies, so that the store can be
    asked for no more than is needed. ``deep`` are the terms only the store can answer; without the
    ``needed`` ones nothing gets through.
    """

    accept: Predicate
    query: Hints
    deep: tuple[Deep, ...] = ()
    needed: tuple[Deep, ...] = ()


def compile_filter(text: str, *, now_ms: int, marked: Container[str] = ()) -> Predicate | None:
    """The predicate of a text, None when it accepts everything; raises ``FilterProblem``.

    ``now_ms`` is what ``since:5m`` counts from.
    """
    found = parse_filter(text, now_ms=now_ms, marked=marked)
    return None if found is None else found.accept


def parse_filter(
    text: str, *, now_ms: int, marked: Container[str] = (), local: Local = utc
) -> Filter | None:
    """All that a text says, None when it says nothing; raises ``FilterProblem``.

    ``local`` is the calendar that ``since:yesterday`` is of.
    """
    if len(text) > _LONGEST:
        raise FilterProblem(f"longer than {_LONGEST} characters", _LONGEST)
    tokens = _tokens(text)
    if not tokens:
        return None
    terms = Terms(now_ms, marked, local)
    parser = _Parser(
        tokens, len(text), terms, lambda name, value: hints_of(name, value, now_ms, local)
    )
    node = parser.whole()
    return Filter(accept=node.accept, query=node.hints, deep=tuple(terms.deep), needed=node.needs)


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token, at = _token(text, at)
        tokens.append(token)
    return tokens


def _token(text: str, at: int) -> tuple[Token, int]:
    char = text[at]
    if char == "(":
        return Token("(", char, at), at + 1
    if char == ")":
        return Token(")", char, at), at + 1
    if char == "|":
        return Token("or", char, at), at + 1
    if char == "&":
        return Token("and", char, at), at + 1
    if char in "-!":
        return Token("not", char, at), at + 1
    return _term(text, at)


def _term(text: str, at: int) -> tuple[Token, int]:
    if text[at] == '"':
        end = _closing(text, at, '"', "this quote is not closed")
        return Token("quoted", text[at + 1 : end - 1], at), end
    if text[at] == "/":
        try:
            end = _closing(text, at, "/", "this /regex/ is not closed")
        except FilterProblem:
            end = _word_end(text, at)  # a path, such as /v1/chat
        ended = end == len(text) or text[end].isspace() or text[end] in ")|&"
        if ended and text[end - 1] == "/" and end - at > 2:
            return Token("regex", text[at + 1 : end - 1], at), end
        end = _word_end(text, at)
        return Token("word", text[at:end], at), end
    end = _word_end(text, at)
    word = text[at:end]
    kinds: dict[str, Kind] = {"or": "or", "and": "and", "not": "not"}
    return Token(kinds.get(word.lower(), "word"), word, at), end


def _word_end(text: str, at: int) -> int:
    """Where a word ends: quotes, regexes and lists after a colon belong to it."""
    end = at
    while end < len(text) and not text[end].isspace() and text[end] not in ")|&":
        if text[end] == '"':
            end = _closing(text, end, '"', "this quote is not closed")
        elif text[end] == "(" and text[end - 1] in ":=~":
            end = _closing(text, end, ")", "this list is not closed")
        elif text[end] == "/" and end > at and text[end - 1] in ":~":
            end = _regex_end(text, end)
        else:
            end += 1
    return end


def _regex_end(text: str, at: int) -> int:
    """A value that starts with / is a regex when a closing / ends the word, else a path."""
    end = text.find("/", at + 1)
    while end > 0 and end + 1 < len(text) and not text[end + 1].isspace() and text[end + 1] != ")":
        end = text.find("/", end + 1)
    return end + 1 if end > at else at + 1


def _closing(text: str, at: int, char: str, problem: str) -> int:
    end = at + 1
    while end < len(text) and text[end] != char:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise FilterProblem(problem, at)
    return end + 1


class _Parser:
    """Recursive descent over: either = both ("or" both)*; both = item+; item = not* term."""

    def __init__(
        self, tokens: list[Token], length: int, terms: Terms, hints: Callable[[str, str], Hints]
    ) -> None:
        self._tokens = tokens
        self._length = length
        self._terms = terms
        self._hints = hints
        self._next = 0
        self._depth = 0

    def whole(self) -> _Node:
        node = self._either()
        if token := self._peek():
            raise FilterProblem(f"{token.text!r} does not belong here", token.at)
        return node

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, kind: Kind) -> bool:
        token = self._peek()
        if token is None or token.kind != kind:
            return False
        self._next += 1
        return True

    def _either(self) -> _Node:
        options = [self._both()]
        while self._take("or"):
            options.append(self._both())
        return options[0] if len(options) == 1 else _any(options)

    def _both(self) -> _Node:
        parts = [self._item()]
        while (token := self._peek()) and token.kind not in {")", "or"}:
            self._take("and")
            parts.append(self._item())
        return parts[0] if len(parts) == 1 else _all(parts)

    def _item(self) -> _Node:
        negated = False
        while self._take("not"):
            negated = not negated
        node = self._group() if self._take("(") else self._term()
        return _negation(node) if negated else node

    def _group(self) -> _Node:
        opened = self._tokens[self._next - 1].at
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterProblem("too many parentheses inside each other", opened)
        node = self._either()
        if not self._take(")"):
            raise FilterProblem("this parenthesis is not closed", opened)
        self._depth -= 1
        return node

    def _term(self) -> _Node:
        token = self._peek()
        if token is None or token.kind not in {"word", "quoted", "regex"}:
            self._missing(token)
        self._next += 1
        if token.kind == "quoted":
            return _Node(self._terms.anywhere(token.text), {})
        if token.kind == "regex":
            return _Node(self._terms.anywhere_regex(token.text, token.at), {})
        if token.text.startswith("~"):
            return self._alias(token)
        return self._word(token.text, token.at)

    def _word(self, text: str, at: int) -> _Node:
        before = len(self._terms.deep)
        accept = self._terms.word(text, at)
        name, colon, value = text.partition(":")
        known = colon or name.lower() in {"marked", *FLAGS}
        hints = self._hints(name.lower(), value) if known else {}
        return _Node(accept, hints, tuple(self._terms.deep[before:]))

    def _alias(self, token: Token) -> _Node:
        alias = ALIASES.get(token.text)
        if alias is None:
            raise FilterProblem(f"{token.text!r} is not known here; ? lists the fields", token.at)
        if not alias.endswith(":"):
            return self._word(alias, token.at)
        value = self._peek()
        if value is None or value.kind not in {"word", "quoted"}:
            raise FilterProblem(f"{token.text} needs a value", token.at)
        self._next += 1
        before = len(self._terms.deep)
        accept = self._terms.field(alias[:-1], value.text, value.at)
        hints = self._hints(alias[:-1], value.text)
        return _Node(accept, hints, tuple(self._terms.deep[before:]))

    def _missing(self, token: Token | None) -> NoReturn:
        at = token.at if token else self._length
        raise FilterProblem("something is missing here", at)


def _any(options: list[_Node]) -> _Node:
    """What is known of one option is not known of the others."""
    tests = [option.accept for option in options]
    return _Node(lambda row: any(test(row) for test in tests), {})


def _all(parts: list[_Node]) -> _Node:
    tests = [part.accept for part in parts]
    hints: Hints = {}
    for part in parts:
        hints = {**part.hints, **hints}  # one of two is enough: it lets through more, never less
    needs = tuple(need for part in parts for need in part.needs)
    return _Node(lambda row: all(test(row) for test in tests), hints, needs)


def _negation(node: _Node) -> _Node:
    accept = node.accept
    return _Node(lambda row: not accept(row), {})
