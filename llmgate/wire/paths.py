"""Which protocol a path speaks: the table of what the data plane carries (DESIGN, section 6)."""

import re
from urllib.parse import unquote

import msgspec

from llmgate.wire.exchanges import Protocol

_EXACT: dict[str, Protocol] = {
    "/v1/chat/completions": "openai.chat",
    "/v1/completions": "openai.completions",
    "/v1/responses": "openai.responses",
    "/v1/embeddings": "openai.embeddings",
    "/v1/models": "openai.models",
    "/v1/messages": "anthropic.messages",
    "/v1/messages/count_tokens": "anthropic.count_tokens",
}

_ALIASES = {
    "/chat/completions": "/v1/chat/completions",
    "/completions": "/v1/completions",
    "/responses": "/v1/responses",
    "/embeddings": "/v1/embeddings",
    "/models": "/v1/models",
    "/messages": "/v1/messages",
    "/v1/text/completions": "/v1/completions",
}

_UNREAD = frozenset({None, "gemini", "ollama"})  # carried as they are where a provider is named
_SLASHES = re.compile("//+")
_DOUBLED = re.compile(r"^/v1(?:/v1)+(?=/)")


class Place(msgspec.Struct, frozen=True):
    """A path as the gateway understands it: canonical, its protocol, and what was odd about it.

    ``provider`` is set for ``/p/{provider}/...``. ``protocol`` is None where nothing is served.
    """

    path: str
    protocol: Protocol | None
    provider: str = ""
    hint: str = ""


def place(path: str) -> Place:  # noqa: PLR0911 - one line for each form of a path
    """Reads a raw (still encoded) path."""
    protocol = _EXACT.get(path)
    if protocol is not None:
        return Place(path, protocol)
    if ("." in path or "%" in path) and _climbs(path):
        return Place(path, None)
    if "//" in path and (known := _without_doubled_slashes(path)) is not None:
        return known
    if path.startswith("/v1/v1/"):
        inner = place(_DOUBLED.sub("/v1", path, count=1))
        hint = f"the base URL ends in /v1 twice: {path[:120]}; set it without the second /v1"
        return Place(inner.path, inner.protocol, inner.provider, hint)
    if path.startswith("/p/"):
        return _straight(path)
    if path in _ALIASES:
        return place(_ALIASES[path])
    if path.endswith("/") and len(path) > 1:
        return place(path.rstrip("/") or "/")
    return Place(path, _by_prefix(path))


def _straight(path: str) -> Place:
    """``/p/{provider}/...``: the rest as if it were asked for without it."""
    provider, _, rest = path.removeprefix("/p/").partition("/")
    if not provider:
        return Place(path, None)
    if rest.startswith("p/"):  # only the first one names a provider
        return Place(f"/{rest}", "raw", provider)
    inner = place(f"/{rest}")
    protocol = "raw" if inner.protocol in _UNREAD else inner.protocol
    return Place(inner.path, protocol, provider, inner.hint)


def _climbs(path: str) -> bool:
    """Has ``.`` or ``..`` as a segment: it would leave the provider's base URL, or hide a path."""
    segments = unquote(path).replace("\\", "/").split("/")
    return ".." in segments or "." in segments


def _without_doubled_slashes(path: str) -> Place | None:
    """A base URL that ends in a slash doubles it; only for paths whose meaning is known."""
    single = _SLASHES.sub("/", path)
    if single not in _EXACT and single not in _ALIASES:
        return None
    hint = f"the base URL ends in a slash: {path[:120]}; set it without"
    return msgspec.structs.replace(place(single), hint=hint)


def _by_prefix(path: str) -> Protocol | None:
    if path.startswith("/v1beta/") or (path.startswith("/v1/models/") and ":" in path):
        return "gemini"
    if path.startswith("/v1/models/"):
        return "openai.models"
    if path.startswith("/v1/messages/"):
        return "raw"
    if path.startswith("/v1/"):
        return "openai.raw"
    if path.startswith("/api/") and path != "/api/hello":
        return "ollama"
    return None
