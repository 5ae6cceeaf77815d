"""Whether a recording could be one: files come from anybody, and what they say is served, sent
again and written down.
"""

import re
from typing import Final

from llmgate.recording.recording import UNANSWERED, Headers, Recording

LONGEST_US: Final = 7 * 86_400 * 1_000_000
"""No answer takes longer than a week."""

MOST_TOKENS: Final = 2**53
_METHOD: Final = re.compile(r"[A-Za-z]{1,20}")
_PATH: Final = re.compile(r"/[^\x00-\x1f\x7f]*")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_BREAKING: Final = re.compile(r"[\x00\r\n]")


def flaw(it: Recording) -> str:
    """What is wrong with it, empty for nothing."""
    if _METHOD.fullmatch(it.method) is None:
        return f"the method is {it.method[:40]!r}"
    if _PATH.fullmatch(it.path) is None:
        return f"the path {it.path[:40]!r} does not begin with / or holds control characters"
    if it.status != UNANSWERED and not 200 <= it.status <= 999:
        return f"the status of an answer is from 200 to 999, not {str(it.status)[:40]}"
    return _moments(it) or _counts(it) or _headers(it.request_headers + it.response_headers)


def _moments(it: Recording) -> str:
    if any(us < 0 for us in it.us):
        return "a negative moment in `time.us`"
    if sum(it.us) > LONGEST_US:
        return f"the moments in `time.us` are over the limit of {LONGEST_US} together"
    for name in ("connect_us", "ttft_us", "total_us"):
        if not 0 <= getattr(it, name) <= LONGEST_US:
            return f"`time.{name}` is not from 0 to {LONGEST_US}"
    return ""


def _counts(it: Recording) -> str:
    usage = it.usage
    for count in (usage.in_, usage.out, usage.cached, usage.written, usage.reasoning):
        if count is not None and not 0 <= count <= MOST_TOKENS:
            return f"a count in `usage` is not from 0 to {MOST_TOKENS}"
    return ""


def _headers(headers: Headers) -> str:
    """Nothing in a header may end its line: it would be sent."""
    for name, value in headers:
        if _NAME.fullmatch(name) is None:
            return f"{name[:40]!r} is no name of a header"
        if _BREAKING.search(value) is not None:
            return f"the header {name[:40]} holds characters that end a line"
        if any(letter > "\xff" for letter in value):
            return f"the header {name[:40]} holds characters that no header can carry"
    return ""
