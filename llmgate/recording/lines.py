"""The lines of a recording file, ``llmgate-recording/1``: JSON objects told apart by ``k``.

The structs refuse unknown keys so that the usual line is decoded once; a line with keys of a later
version is decoded a second time by ``format.read``, which keeps what it does not know.
"""

from typing import Literal

import msgspec

from llmgate.wire.exchanges import Protocol

How = Literal["eof", "reset", "timeout", "client_cancel", "error_event", "length"]
"""How the bytes ended; ``error_event`` and ``length`` are proper ends of the connection."""

HeaderMap = dict[str, str] | list[tuple[str, str]]
"""An object, or pairs when a name occurs twice."""


Scrub = dict[str, msgspec.Raw]


class Line(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="k",
):
    """What the lines share: strict, compact, keys in the order of the fields."""


class Head(Line, frozen=True, tag="head"):
    """What this is. ``made_up`` recordings were written by hand and show nobody's traffic.

    ``scrub`` says what was blanked; null: nothing was looked for, the file may hold secrets.
    """

    v: int
    id: str
    title: str
    dialect: Protocol
    stream: bool
    tags: tuple[str, ...] = ()
    by: str = ""
    made_up: bool = False
    note: str = ""
    scrub: Scrub | msgspec.UnsetType | None = msgspec.UNSET


class Req(Line, frozen=True, tag="req"):
    """The request line and its headers."""

    method: str
    path: str
    headers: HeaderMap = {}
    model: str = ""


class Body(Line, frozen=True, tag="body"):
    """The request body: ``json`` as it was written, ``text``, or ``b64`` when it is neither."""

    json: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    text: str = ""
    b64: bytes = b""


class Route(Line, frozen=True, tag="route"):
    """How the gateway sent it; nothing is read from it."""

    name: str = ""
    attempts: list[msgspec.Raw] = []


class Resp(Line, frozen=True, tag="resp"):
    """The head of the answer."""

    status: int
    headers: HeaderMap = {}


class Chunk(Line, frozen=True, tag="c"):
    """One wire chunk: ``d`` when it is UTF-8, ``b64`` when it was cut inside a character."""

    d: str = ""
    b64: bytes = b""


class ToolCall(msgspec.Struct, frozen=True):
    """A tool call of the answer, its arguments as JSON text."""

    id: str
    name: str
    arguments: str


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Token counts; ``in_`` is the total and includes ``cached`` and ``written``."""

    in_: int | None = msgspec.field(default=None, name="in")
    out: int | None = None
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None


class End(Line, frozen=True, tag="end"):
    """How it ended, and what was said: derived, stored so that a diff and a grep need no parser."""

    how: How
    finish: str = ""
    usage: Counts = Counts()
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    error: str | None = None


class Time(Line, frozen=True, tag="time"):
    """``us``: microseconds from the chunk before (the first: from the request) to each chunk."""

    us: tuple[int, ...]
    t0: str = ""
    connect_us: int = 0
    ttft_us: int = 0
    total_us: int = 0


Known = Head | Req | Body | Route | Resp | Chunk | End | Time

KINDS: dict[str, type[Known]] = {
    "head": Head,
    "req": Req,
    "body": Body,
    "route": Route,
    "resp": Resp,
    "c": Chunk,
    "end": End,
    "time": Time,
}
