"""Which of the caller's headers reach a provider, and which of a provider's reach the caller.

Towards a provider by allowlist (reference: Anthropic's gateway contract asks for ``anthropic-*`` as
an open list; agents carry protocol switches in their own headers). Towards the caller everything
but what belongs to one connection.
"""

from collections.abc import Iterable, Sequence

from llmgate.config.credentials import CALLER_KEY_HEADERS, CREDENTIAL_HEADERS

_NAMES = frozenset(
    {
        "accept",
        "content-encoding",
        "content-type",
        "http-referer",
        "idempotency-key",
        "originator",
        "session-id",
        "session_id",
        "thread-id",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-client-request-id",
        "x-initiator",
        "x-title",
        "version",
    }
)
_PREFIXES = (
    "anthropic-",
    "openai-",
    "x-claude-code-",
    "x-codex-",
    "x-goog-",
    "x-hf-",
    "x-interaction-",
    "x-openai-",
    "x-session-",
)
_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_decided: dict[bytes, str] = {}


def _decide(name: bytes) -> str:
    """Gives the name to forward under, empty to drop; asked once per distinct header name."""
    text = name.decode("latin-1").lower()
    keep = text in _NAMES or (text.startswith(_PREFIXES) and text not in CREDENTIAL_HEADERS)
    if len(_decided) < 2048:
        _decided[name] = text if keep else ""
    return text if keep else ""


def towards_provider(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """The caller's headers that go on, without credentials; bytes stay bytes by asking for
    identity.
    """
    kept = [("accept-encoding", "identity")]
    for name, value in headers:
        text = _decided.get(name)
        if text is None:
            text = _decide(name)
        if text:
            kept.append((text, value.decode("latin-1")))
    return kept


def own_credential(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """The caller's own credential, for a provider without a key on a gateway without keys."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.decode("latin-1").lower() in CALLER_KEY_HEADERS
    ]


def towards_caller(headers: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """A provider's headers that go on, as ASGI wants them."""
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers
        if name not in _CONNECTION
    ]
