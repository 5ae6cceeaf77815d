"""The few signs beyond ASCII that the screen uses, each with an ASCII twin."""

import os
from collections.abc import Mapping

import msgspec


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """One set of signs; every one is a single cell wide."""

    dot: str
    ring: str
    mark: str
    note: str
    tag: str
    streaming: str
    waiting: str
    queued: str
    open: str
    closed: str
    failed: str
    cancelled: str
    down: str
    up: str
    arrow: str
    ok: str
    bad: str
    ellipsis: str
    middot: str
    caret: str
    cursor: str
    rule: str
    warning: str


UNICODE = Glyphs(
    dot="●",
    ring="○",
    mark="●",
    note="≡",
    tag="#",
    streaming="▸",
    waiting="…",
    queued="◌",
    open="▾",
    closed="▸",
    failed="✗",
    cancelled="⊘",
    down="↓",
    up="↑",
    arrow="→",
    ok="✓",
    bad="✗",
    ellipsis="…",
    middot="·",
    caret="^",
    cursor="▌",
    rule="─",
    warning="▲",
)
ASCII = Glyphs(
    dot="*",
    ring="o",
    mark="*",
    note="=",
    tag="#",
    streaming=">",
    waiting=".",
    queued=":",
    open="-",
    closed="+",
    failed="x",
    cancelled="/",
    down="v",
    up="^",
    arrow=">",
    ok="ok",
    bad="x",
    ellipsis="~",
    middot="-",
    caret="^",
    cursor=">",
    rule="-",
    warning="!",
)


def choose(environ: Mapping[str, str] = os.environ) -> Glyphs:
    """ASCII when asked for, or when the locale cannot show anything else."""
    if environ.get("LLMGATE_ASCII", "") not in {"", "0"}:
        return ASCII
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    utf8 = locale.lower().replace("-", "").endswith("utf8") or "utf8" in locale.lower().replace(
        "-", ""
    )
    return UNICODE if utf8 or not locale else ASCII
