"""Reads the rule of ``--fail-if``.

rule       = all ("or" all)*
all        = part ("and" part)*
part       = "not" part | "(" rule ")" | comparison | "failed" | "ok" | "unknown"
comparison = ["mean." | "sum."] figure ("<" | "<=" | ">" | ">=" | "=" | "!=") number
"""

import re
from typing import Final, get_args

from llmgate.compare.rule_figures import ABSOLUTE, FIGURES, Figure, Scope, Unit
from llmgate.compare.rule_tree import Both, Comparison, Either, Node, Not, Sign, Unknown
from llmgate.errors import LlmgateError

LONGEST: Final = 1_000
_DEEPEST: Final = 50
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\$?(?:\d+(?:\.\d*)?|\.\d+))"
    r"(?P<unit>\s*%|\$|(?!(?:and|or)\b)[a-zA-Z]+)?"
    r"|(?P<word>[a-zA-Z_]+(?:\.[a-zA-Z_]+)?)|(?P<sign><=|>=|==|!=|<|>|=)|(?P<bracket>[()]))"
)
_ALIASES: Final = {"ttfb": "ttft", "alike": "similarity", "input": "in", "output": "out"}
_UNITS: Final[dict[Unit, dict[str, float]]] = {
    "share": {"": 1, "%": 0.01},
    "usd": {"": 1, "$": 1, "usd": 1},
    "us": {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "min": 60_000_000},
    "tokens": {"": 1, "k": 1_000, "m": 1_000_000},
    "number": {"": 1},
}
_EXAMPLES: Final[dict[Unit, str]] = {
    "share": "0.8 or 80%",
    "usd": "0.05 or $0.05",
    "us": "800ms or 2s",
    "tokens": "500 or 4k",
    "number": "400",
}


class BadRule(LlmgateError):
    """A rule that cannot be read; ``column`` counts from 1. Its text shows the place."""

    def __init__(self, message: str, text: str, column: int) -> None:
        begin = max(0, column - 60)
        shown = re.sub(r"[^ -~]", "?", text[begin : column + 60])
        super().__init__(f"--fail-if: {message}\n  {shown}\n  {' ' * (column - 1 - begin)}^")
        self.message = message
        self.column = column


def parse_rule(text: str) -> Node:
    """Understands a rule; raises BadRule."""
    if len(text) > LONGEST:
        raise BadRule(f"a rule has at most {LONGEST:,} characters", text, LONGEST + 1)
    parser = _Parser(text)
    node = parser.either(0)
    if parser.at < len(parser.tokens):
        raise parser.wrong("expected `and`, `or` or the end")
    return node


class _Parser:
    """Goes through the tokens from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[re.Match[str]] = []
        self.at = 0
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                column = place + len(text[place:]) - len(text[place:].lstrip())
                raise BadRule("this is no part of a rule", text, column + 1)
            self.tokens.append(match)
            place = match.end()

    def wrong(self, message: str, *, before: bool = False) -> BadRule:
        """What is wrong at the next token, or at the one before."""
        at = self.at - before
        if at >= len(self.tokens):
            return BadRule(message, self.text, len(self.text.rstrip()) + 1)
        token = self.tokens[at]
        blanks = len(token[0]) - len(token[0].lstrip())
        return BadRule(message, self.text, token.start() + blanks + 1)

    def either(self, depth: int) -> Node:
        """``or`` binds the least."""
        node = self.both(depth)
        while self._takes("or"):
            node = Either(node, self.both(depth))
        return node

    def both(self, depth: int) -> Node:
        """``and`` binds more than ``or``."""
        node = self.part(depth)
        while self._takes("and"):
            node = Both(node, self.part(depth))
        return node

    def part(self, depth: int) -> Node:
        """What ``and`` and ``or`` join."""
        if depth > _DEEPEST:
            raise self.wrong("too many brackets within brackets")
        if self._takes("not"):
            return Not(self.part(depth + 1))
        if self._takes("("):
            node = self.either(depth + 1)
            if not self._takes(")"):
                raise self.wrong("expected `)`")
            return node
        if self._takes("unknown"):
            return Unknown()
        return self._comparison()

    def _comparison(self) -> Node:
        figure, scope = self._figure()
        token = self._next()
        if token is None or not token["sign"]:
            if figure.name in {"failed", "ok"} and scope == "cell":
                return Comparison(figure.name, ">", 0.0)
            raise self.wrong(f"expected a comparison after `{figure.name}`, like `<` or `>=`")
        self.at += 1
        sign = "=" if token["sign"] == "==" else token["sign"]
        number, times = self._number(figure)
        return Comparison(figure.name, _sign(sign), number, times, scope)

    def _figure(self) -> tuple[Figure, Scope]:
        token = self._next()
        word = token["word"].lower() if token and token["word"] else ""
        scope, dot, name = word.rpartition(".")
        figure = FIGURES.get(_ALIASES.get(name, name))
        if figure is None or (dot and scope not in {"mean", "sum"}):
            raise self.wrong(f"expected a figure: {', '.join(FIGURES)}, or mean.cost, sum.cost")
        self.at += 1
        return figure, "mean" if scope == "mean" else "sum" if scope == "sum" else "cell"

    def _number(self, figure: Figure) -> tuple[float, bool]:
        token = self._next()
        if token is None or not token["number"]:
            raise self.wrong(f"expected a number, like {_EXAMPLES[figure.unit]}")
        self.at += 1
        digits, unit = token["number"], (token["unit"] or "").strip().lower()
        if unit == "x" and not digits.startswith("$"):
            if figure.name in ABSOLUTE:
                raise self.wrong(f"`{figure.name}` is no multiple of the original's", before=True)
            return float(digits), True
        if digits.startswith("$"):
            digits, unit = digits[1:], unit or "$"
        factor = _UNITS[figure.unit].get(unit)
        if factor is None:
            example = f"{_EXAMPLES[figure.unit]}"
            example += "" if figure.name in ABSOLUTE else ", or 2x: twice the original's"
            raise self.wrong(f"`{figure.name}` is written like {example}", before=True)
        return float(digits) * factor, False

    def _next(self) -> re.Match[str] | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _takes(self, word: str) -> bool:
        token = self._next()
        found = token is not None and (token["word"] or token["bracket"] or "").lower() == word
        self.at += found
        return found


def _sign(text: str) -> Sign:
    return next(sign for sign in get_args(Sign) if sign == text)
