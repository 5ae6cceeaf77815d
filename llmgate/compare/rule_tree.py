"""A rule as a tree, and what it says of a result: yes, no, or that it cannot be known."""

from collections.abc import Callable, Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Final, Literal

import msgspec

from llmgate.compare.rule_figures import FIGURES, Scope, spelled

Sign = Literal["<", "<=", ">", ">=", "=", "!="]
Truth = bool | None
Value = tuple[float | None, float | None]
"""A figure of a result and of the original."""

Look = Callable[["Comparison"], Value]

_SIGNS: Final[Mapping[Sign, Callable[[float, float], bool]]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "=": eq,
    "!=": ne,
}


class Comparison(msgspec.Struct, frozen=True):
    """``cost>2x``: a figure against a number, or against so many times the original's."""

    name: str
    sign: Sign
    number: float
    times: bool = False
    scope: Scope = "cell"

    @property
    def label(self) -> str:
        """The figure as it is written."""
        return self.name if self.scope == "cell" else f"{self.scope}.{self.name}"

    def truth(self, value: Value) -> Truth:
        """Whether it holds; None when a figure that it needs is unknown."""
        ours, base = value
        if ours is None or (self.times and base is None):
            return None
        return _SIGNS[self.sign](ours, self.number * (base or 0.0) if self.times else self.number)

    def told(self, value: Value) -> str:
        """The figures: ``cost $0.03 (the rule: >2x of $0.01)``."""
        if self.scope == "cell" and self.name in {"failed", "ok"}:
            bad = value[0] == (self.name == "failed")
            return "it failed" if bad else "it ended well"
        unit = FIGURES[self.name].unit
        if self.times:
            limit = f"{self.sign}{self.number:g}x of {spelled(value[1], unit)}"
        else:
            limit = f"{self.sign}{spelled(self.number, unit)}"
        return f"{self.label} is {spelled(value[0], unit)} (the rule: {limit})"


class Unknown(msgspec.Struct, frozen=True):
    """``unknown``: some figure that the rule names is not known."""


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    of: "Node"


class Both(msgspec.Struct, frozen=True):
    """``and``."""

    left: "Node"
    right: "Node"


class Either(msgspec.Struct, frozen=True):
    """``or``."""

    left: "Node"
    right: "Node"


Node = Comparison | Unknown | Not | Both | Either


def truth(node: Node, look: Look, *, unknown: bool) -> Truth:
    """What a rule says of a result; ``unknown``: some figure of it is not known."""
    match node:
        case Comparison():
            return node.truth(look(node))
        case Unknown():
            return unknown
        case Not():
            inner = truth(node.of, look, unknown=unknown)
            return None if inner is None else not inner
        case Both() | Either():
            sides = (
                truth(node.left, look, unknown=unknown),
                truth(node.right, look, unknown=unknown),
            )
            deciding = isinstance(node, Either)
            if deciding in sides:
                return deciding
            return None if None in sides else not deciding


def comparisons(node: Node) -> Iterator[Comparison]:
    """The comparisons of a rule, in order."""
    match node:
        case Comparison():
            yield node
        case Not():
            yield from comparisons(node.of)
        case Both() | Either():
            yield from comparisons(node.left)
            yield from comparisons(node.right)
        case Unknown():
            pass


def reasons(node: Node, look: Look, *, wanted: bool = True) -> Iterator[Comparison]:
    """The comparisons that make a rule hold (or, not ``wanted``, fail)."""
    match node:
        case Comparison():
            if node.truth(look(node)) is wanted:
                yield node
        case Not():
            yield from reasons(node.of, look, wanted=not wanted)
        case Both() | Either():
            yield from reasons(node.left, look, wanted=wanted)
            yield from reasons(node.right, look, wanted=wanted)
        case Unknown():
            pass
