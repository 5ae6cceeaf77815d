"""Exchanges on their way out of the store and into it: exports, imports, what was left out."""

from typing import Literal

import msgspec

ExportFormat = Literal["recording", "har", "curl", "python", "jsonl"]
"""``jsonl``: one line an exchange, in the shape that fine-tuning and evals read (messages with the
answer as the last one, and the tools).
"""

ImportKind = Literal["auto", "recording", "har", "mitmproxy", "jsonl", "claude-code", "codex"]

EXTENSIONS: dict[ExportFormat, str] = {
    "recording": ".llmrec.jsonl",
    "har": ".har",
    "curl": ".sh",
    "python": ".py",
    "jsonl": ".jsonl",
}


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /recordings/export``: these exchanges as one document (of ``recording``: exactly one).

    ``GET /exchanges/{id}/export?format=`` is the same for one. An exchange of which a recording was
    made counts as exported and is kept. The answer's ``content-disposition`` names a file;
    ``x-llmgate-skipped`` counts what could not be exported.
    """

    ids: list[str]
    format: ExportFormat = "recording"
    dates: bool = True  # False leaves out when it happened
    title: str = ""
    tags: list[str] = []


class Skipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What could not be taken in or given out: which, and why.

    ``foreign`` is what was meant for no model, as most of what a browser has sent: nothing is
    missing without it.
    """

    what: str
    why: str
    foreign: bool = False


class ImportAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``POST /recordings/import?name=FILE&kind=auto`` (the file is the body): the new exchanges.

    They carry ``replay: import`` and the tag ``imported``; importing the same again gives the same
    ids and changes nothing (they are in ``already``, which ``known`` counts).
    """

    ids: list[str] = []
    known: int = 0
    already: list[str] = []  # those of the file that were there before
    skipped: list[Skipped] = []
    notes: list[str] = []
