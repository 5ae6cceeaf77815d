"""Which headers a recording keeps: few, none of them a credential, none that changes every time."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus

from llmgate.config.credentials import CREDENTIAL_HEADERS, CREDENTIAL_PARAMETERS, keeps
from llmgate.recording.recording import Headers

VOLATILE: Final = "«volatile»"

_REQUEST: Final = frozenset(
    {"accept", "anthropic-beta", "anthropic-version", "content-type", "openai-beta"}
)
_ANSWER: Final = frozenset(
    {
        "anthropic-version",
        "content-length",
        "content-type",
        "openai-model",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "transfer-encoding",  # with the length: whether the end of the answer shows
        "x-should-retry",
    }
)
_ANSWER_PREFIXES: Final = ("anthropic-ratelimit-", "ratelimit", "x-ratelimit-")
_IDS: Final = frozenset(
    {
        "apim-request-id",
        "request-id",
        "x-correlation-id",
        "x-request-id",
    }
)


def request_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """What of a request's headers is kept."""
    return tuple((name, value) for name, value in headers if _may(name) and name in _REQUEST)


def answer_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """What of an answer's headers is kept; ids of this one request lose their value."""
    kept = []
    for name, value in headers:
        if name in _IDS:
            kept.append((name, VOLATILE))
        elif _may(name) and (name in _ANSWER or name.startswith(_ANSWER_PREFIXES)):
            kept.append((name, value))
    return tuple(kept)


def path_of(path: str, query: str) -> str:
    """The path with what of the query is no credential."""
    pairs = [pair for pair in query.split("&") if pair and not _secret(pair)]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def _may(name: str) -> bool:
    return name not in CREDENTIAL_HEADERS and keeps(name)


def _secret(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]).strip().lower() in CREDENTIAL_PARAMETERS
