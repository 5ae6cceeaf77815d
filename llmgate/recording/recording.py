"""The recording itself: one request, and its answer as wire chunks with their moments."""

from typing import Final

import msgspec

from llmgate.errors import LlmgateError
from llmgate.recording.lines import Counts, How, Route, Scrub, ToolCall
from llmgate.wire.exchanges import Protocol

Headers = tuple[tuple[str, str], ...]

UNANSWERED: Final = 0
"""The status of a recording that is a request only: it can be sent again and is never served."""


class RecordingProblem(LlmgateError):
    """A recording that cannot be used; ``line`` counts from 1, 0: the whole file."""

    def __init__(self, message: str, *, file: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{self.message} ({place})"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange: a request, and the chunks and moments of its answer.

    ``us`` are microseconds from one chunk to the next, the first from the request; ``text``,
    ``tool_calls``, ``finish`` and ``usage`` are what the chunks say, for people and for lookups.
    """

    title: str
    dialect: Protocol
    stream: bool
    method: str
    path: str
    body: bytes
    status: int
    chunks: list[bytes]
    us: list[int]
    id: str = ""  # empty: the hash of the request
    name: str = ""  # of the file it was read from
    tags: tuple[str, ...] = ()
    by: str = ""
    made_up: bool = False
    note: str = ""
    model: str = ""
    request_headers: Headers = ()
    response_headers: Headers = ()
    how: How = "eof"
    finish: str = ""
    usage: Counts = Counts()
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    error: str | None = None
    t0: str = ""
    connect_us: int = 0
    ttft_us: int = 0
    total_us: int = 0
    route: Route | None = None
    scrub: Scrub | msgspec.UnsetType | None = msgspec.UNSET  # None: nothing was looked for
    unknown_lines: dict[int, bytes] = {}  # where they stood in the file, from 0
    unknown_keys: dict[int, dict[str, msgspec.Raw]] = {}

    @property
    def answered(self) -> bool:
        """Whether there is an answer to serve."""
        return self.status != UNANSWERED
