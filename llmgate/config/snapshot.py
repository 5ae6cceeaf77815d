"""One accepted version of the configuration: what a request reads once and keeps to its end."""

from typing import Literal

import msgspec

from llmgate.config.model import Config
from llmgate.wire.editing import Who

Kind = Literal["first", "edit", "undo", "redo", "rollback"]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a version, and how; without a ``summary`` it is told from what changed.

    ``of`` is the revision that an undo, a redo or a rollback went to.
    """

    who: Who = "file"
    kind: Kind = "edit"
    of: int | None = None
    summary: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen, validated config. ``version`` is the number of its revision: it counts up with
    every accepted change, over restarts too.
    """

    version: int
    config: Config
    file: str = ""  # empty: built from the environment
    text: str = ""  # the file as written, before ${VAR}s were filled in
    etag: str = ""
    loaded_ms: int = 0
    warnings: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()  # (name shown instead, secret): for the scrubber
    bom: bool = False  # the file begins with a byte order mark, which ``text`` leaves out
    origin: Origin = Origin()

    @property
    def raw(self) -> str:
        """The text as the file has it, byte order mark included."""
        return f"\ufeff{self.text}" if self.bom else self.text
