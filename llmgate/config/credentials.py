"""The one registry of credentials: which headers carry them, what may be kept, what is blanked.

Authentication reads a caller's key from these headers; recording keeps headers by allowlist, and
nothing that is a credential is ever on it. ``Scrubber`` blanks the configured secrets wherever else
they turn up.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, unquote_plus

from llmgate.errors import ConfigProblem

CALLER_KEY_HEADERS: Final = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
"""Where a caller may put its key, on every path, in the order they are looked at."""

CALLER_KEY_PARAMETER: Final = "key"

CREDENTIAL_HEADERS: Final = frozenset(
    {
        *CALLER_KEY_HEADERS,
        "proxy-authorization",
        "proxy-authenticate",
        "www-authenticate",
        "authentication-info",
        "cookie",
        "set-cookie",
        "x-auth-token",
        "x-access-token",
        "x-amz-security-token",
        "x-goog-iam-authorization-token",
        "x-goog-authenticated-user-jwt",
        "x-csrf-token",
        "x-portkey-api-key",
        "x-litellm-api-key",
        "helicone-auth",
        "ocp-apim-subscription-key",
        "cf-access-client-id",
        "cf-access-client-secret",
    }
)

CREDENTIAL_PARAMETERS: Final = frozenset(
    {
        CALLER_KEY_PARAMETER,
        "api_key",
        "api-key",
        "apikey",
        "access_token",
        "token",
        "auth",
        "authorization",
        "password",
        "secret",
        "sig",
        "signature",
        "subscription-key",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
    }
)

_KEPT: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-dangerous-direct-browser-access",
        "anthropic-version",
        "apim-request-id",
        "cache-control",
        "cf-cache-status",
        "cf-ray",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "openai-beta",
        "openai-model",
        "openai-organization",
        "openai-processing-ms",
        "openai-project",
        "openai-version",
        "origin",
        "originator",
        "request-id",
        "retry-after",
        "retry-after-ms",
        "server",
        "server-timing",
        "session-id",
        "session_id",
        "conversation_id",
        "thread-id",
        "transfer-encoding",
        "user-agent",
        "via",
        "x-app",
        "x-client-request-id",
        "x-correlation-id",
        "x-envoy-upstream-service-time",
        "x-initiator",
        "x-request-id",
        "x-should-retry",
        "x-title",
    }
)
_KEPT_PREFIXES: Final = (
    "anthropic-ratelimit-",
    "ratelimit",
    "retry-after",
    "x-claude-code-",
    "x-codex-",
    "x-goog-",
    "x-interaction-",
    "x-llmgate-",
    "x-ms-",
    "x-openai-",
    "x-ratelimit-",
    "x-session-",
    "x-stainless-",
)
_SUSPECT: Final = re.compile(
    r"auth|token|secret|passw|cookie|credential|signature|jwt|api-?key|-key$|^key$|bearer"
)
_RATE_LIMITS: Final = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit")

MAX_HEADERS: Final = 64
MAX_VALUE: Final = 1024
_MAX_CACHED: Final = 4096
_decisions: dict[bytes | str, str] = {}


def keeps(name: str) -> bool:
    """Whether a header (lower case) may be recorded."""
    if name in CREDENTIAL_HEADERS:
        return False
    if name in _KEPT:
        return True
    if not name.startswith(_KEPT_PREFIXES):
        return False
    return name.startswith(_RATE_LIMITS) or _SUSPECT.search(name) is None


def kept_headers(
    headers: Iterable[tuple[bytes | str, bytes | str]],
) -> list[tuple[str, str]]:
    """The headers that may be recorded, names in lower case, bounded in count and length."""
    kept: list[tuple[str, str]] = []
    decisions = _decisions
    for name, value in headers:
        known = decisions.get(name)
        if known is None:
            known = _decide(name)
        if known:
            text = value if isinstance(value, str) else value.decode("latin-1")
            kept.append((known, text if len(text) <= MAX_VALUE else text[:MAX_VALUE]))
            if len(kept) >= MAX_HEADERS:
                break
    return kept


def _decide(name: bytes | str) -> str:
    """The name to record it under, empty for a header that is left out."""
    text = (name if isinstance(name, str) else name.decode("latin-1")).lower()
    decision = text if len(text) <= 100 and keeps(text) else ""
    if len(_decisions) < _MAX_CACHED and len(text) <= 100:
        _decisions[name] = decision
    return decision


def kept_query(query: str) -> str:
    """A query string without the values of its credential parameters."""
    if "=" not in query:
        return query
    return "&".join(_kept_parameter(pair) for pair in query.split("&"))


def _kept_parameter(pair: str) -> str:
    name, separator, _ = pair.partition("=")
    if separator and unquote_plus(name).strip().lower() in CREDENTIAL_PARAMETERS:
        return f"{name}=***"
    return pair


def kept_url(url: str) -> str:
    """A URL without user info and without the values of its credential parameters."""
    base, mark, query = url.partition("?")
    scheme, separator, rest = base.partition("://")
    if separator and "@" in rest.partition("/")[0]:
        base = f"{scheme}://{rest.partition('@')[2]}"
    return f"{base}?{kept_query(query)}" if mark else base


class Scrubber:
    """Blanks secrets in recorded bytes with filler of the same length, so that offsets stay.

    Each secret is looked for as it is, URL-quoted, JSON-escaped and inside base64 (at any of its
    three alignments). A plain search costs mostly its call, so many small texts are best asked
    about together: ``surely_clean``.
    """

    _WINDOW = 1 << 18  # a search holds the interpreter lock: never for longer than this many bytes

    def __init__(self, secrets: Iterable[tuple[str, str]], patterns: Iterable[str] = ()) -> None:
        forms: dict[bytes, bytes] = {}
        names: dict[bytes, str] = {}
        for name, secret in secrets:
            if len(secret) >= 6:
                for form in _forms(secret):
                    forms.setdefault(form, _filler(name, len(form)))
                    names.setdefault(form, name)
        self._names = names
        self._forms = sorted(forms.items(), key=lambda item: -len(item[0]))
        self._patterns = [_compile(pattern) for pattern in patterns]
        self._idle = not self._forms and not self._patterns

    def surely_clean(self, data: bytes) -> bool:
        """Whether nothing joined in ``data`` needs scrubbing; False also when it cannot be told."""
        if self._idle:
            return True
        return not self._patterns and not any(form in data for form, _ in self._forms)

    def scrub(self, data: bytes) -> bytes:
        """``data`` without secrets; the same object when it holds none."""
        if self._idle:
            return data
        if len(data) > self._WINDOW:
            out = self._literals_in_windows(data)
        else:
            out = data
            for form, filler in self._forms:
                if form in out:
                    out = out.replace(form, filler)
        for pattern in self._patterns:
            out = pattern.sub(_stars, out)
        return out

    @property
    def rules(self) -> int:
        """How many things it looks for: secrets and patterns."""
        return len(set(self._names.values())) + len(self._patterns)

    def places(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """Where secrets stand, from and to, and the name of each; empty for a pattern."""
        for form, name in self._names.items():
            at = data.find(form)
            while at >= 0:
                yield at, at + len(form), name
                at = data.find(form, at + len(form))
        for pattern in self._patterns:
            yield from ((*found.span(), "") for found in pattern.finditer(data) if found.group())

    def scrub_text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._idle or not text:
            return text
        data = text.encode("utf-8", "surrogatepass")
        found = self.scrub(data)
        return text if found is data else found.decode("utf-8", "replace")

    def _literals_in_windows(self, data: bytes) -> bytes:
        out: bytearray | None = None
        for start in range(0, len(data), self._WINDOW):
            for form, filler in self._forms:
                end = min(len(data), start + self._WINDOW + len(form) - 1)
                at = (out or data).find(form, start, end)
                while at >= 0:
                    out = out or bytearray(data)
                    out[at : at + len(form)] = filler
                    at = out.find(form, at + len(form), end)
        return data if out is None else bytes(out)


def _stars(match: re.Match[bytes]) -> bytes:
    return b"*" * len(match.group())


def _compile(pattern: str) -> re.Pattern[bytes]:
    try:
        return re.compile(pattern.encode())
    except re.error as error:
        raise ConfigProblem(
            f"redact pattern {pattern!r} is not a regular expression: {error}",
            path="recording.redact",
        ) from error


def _filler(name: str, size: int) -> bytes:
    """``{{secret:NAME}}``, cut or padded to ``size``; plain ASCII that JSON carries unescaped."""
    safe = re.sub(r"[^A-Za-z0-9_.:-]", "_", name)
    return f"{{{{secret:{safe}}}}}".encode()[:size].ljust(size, b"*")


def _forms(secret: str) -> set[bytes]:
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = quote(raw, safe="")
    escaped = _escaped(secret)
    forms = {
        raw,
        quoted.encode(),
        re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), quoted).encode(),
        quote(raw, safe="/").encode(),
        escaped.encode("utf-8", "surrogatepass"),
        escaped.replace("/", "\\/").encode("utf-8", "surrogatepass"),
        _escaped(escaped).encode("utf-8", "surrogatepass"),  # a tool's arguments: JSON in JSON
    }
    for shift in range(3):
        inner = _base64_inside(raw, shift)
        if len(inner) >= 8:
            forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _base64_inside(raw: bytes, shift: int) -> bytes:
    """The base64 characters that ``raw`` alone decides when ``shift`` bytes stand before it."""
    encoded = base64.b64encode(b"\0" * shift + raw)
    first = (0, 2, 3)[shift]
    sure_bits = (shift + len(raw)) * 8
    return encoded[first : sure_bits // 6]
