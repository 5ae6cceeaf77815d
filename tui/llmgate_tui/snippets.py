"""Text to copy: the same request as curl or Python, sent to the gateway; how to begin (pure)."""

import re
import shlex
from collections.abc import Iterable
from typing import Final

import msgspec

from llmgate.wire.exchanges import ExchangeDetail, ExchangeSummary

_KEY: Final = "$LLMGATE_KEY"
_SKIPPED: Final = re.compile(
    r"authorization|x-api-key|api-key|x-goog-api-key|host|content-length|connection|"
    r"accept-encoding|transfer-encoding|cookie|.*\*\*.*",
    re.IGNORECASE,
)
_KEPT: Final = re.compile(r"content-type|accept|anthropic-.*|openai-.*", re.IGNORECASE)


def first_request(address: str, model: str, *, keyed: bool, key: str = "") -> str:
    """Three lines for a shell that get the first answer; ``key`` itself, else a variable."""
    shown = shlex.quote(key) if key else f'"{_KEY}"'
    header = f" -H 'authorization: Bearer '{shown}" if keyed else ""
    named = msgspec.json.encode(model).decode()
    says = '"stream": true, "messages": [{"role": "user", "content": "Hello"}]'
    asked = f'{{"model": {named}, {says}}}'
    return (
        f"curl -N http://{address}/v1/chat/completions{header} \\\n"
        "  -H 'content-type: application/json' \\\n"
        f"  -d {shlex.quote(asked)}"
    )


def pointing(address: str, *, keyed: bool) -> list[str]:
    """One line per tool that is often pointed here."""
    key = _KEY if keyed else "none"
    return [
        f"Claude Code   ANTHROPIC_BASE_URL=http://{address} ANTHROPIC_AUTH_TOKEN={key} claude",
        f"openai SDK    OPENAI_BASE_URL=http://{address}/v1 OPENAI_API_KEY={key}",
        f"anthropic SDK ANTHROPIC_BASE_URL=http://{address} ANTHROPIC_API_KEY={key}",
    ]


def curl(address: str, detail: ExchangeDetail, body: bytes) -> str:
    """The request as a shell command; the key is a variable, never a value."""
    row = detail.summary
    parts = [f"curl -X {shlex.quote(row.method)} {shlex.quote(_url(address, detail))}"]
    if row.stream:
        parts[0] = parts[0].replace("curl ", "curl -N ", 1)
    for name, value in _headers(detail.request_headers):
        parts.append(f"-H {shlex.quote(f'{name}: {value}')}")
    if row.key:
        parts.append(f'-H "{_key_header(row)}{_KEY}"')
    if body:
        parts.append(f"--data-binary {shlex.quote(body.decode('utf-8', 'replace'))}")
    return " \\\n  ".join(parts)


def python(address: str, detail: ExchangeDetail, body: bytes) -> str:
    """The request as a script for httpx."""
    row = detail.summary
    headers = [f"    {name!r}: {value!r}," for name, value in _headers(detail.request_headers)]
    lines = ["import os", "", "import httpx", ""] if row.key else ["import httpx", ""]
    if row.key:
        name, _, prefix = _key_header(row).partition(": ")
        value = "os.environ['LLMGATE_KEY']"
        headers.append(f"    {name!r}: {f'{prefix!r} + ' if prefix else ''}{value},")
    sent = f"content={_python_body(body)}, " if body else ""
    call = f"{row.method!r}, {_url(address, detail)!r}, headers=headers, {sent}timeout=600"
    lines += ["headers = {", *headers, "}", ""]
    if row.stream:
        lines += [
            f"with httpx.stream({call}) as answer:",
            "    for text in answer.iter_text():",
            '        print(text, end="", flush=True)',
        ]
    else:
        lines += [f"answer = httpx.request({call})", "print(answer.status_code, answer.text)"]
    return "\n".join(lines) + "\n"


def headers(detail: ExchangeDetail) -> str:
    """The headers of both sides, as text."""
    sides = (
        ("caller to gateway", detail.request_headers),
        ("gateway to provider", detail.sent_headers),
        ("provider to gateway", detail.received_headers),
        ("gateway to caller", detail.response_headers),
    )
    blocks = [
        "\n".join([f"# {title}", *(f"{name}: {value}" for name, value in pairs)])
        for title, pairs in sides
        if pairs
    ]
    return "\n\n".join(blocks)


def _python_body(body: bytes) -> str:
    """JSON as a readable literal when that gives the same bytes, else the bytes."""
    try:
        text = body.decode()
        msgspec.json.decode(body)
    except (UnicodeDecodeError, msgspec.DecodeError):
        return repr(body)
    return f"{text!r}.encode()"


def _headers(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in pairs
        if _KEPT.fullmatch(name) and not _SKIPPED.fullmatch(name)
    ]


def _key_header(row: ExchangeSummary) -> str:
    return "x-api-key: " if row.protocol.startswith("anthropic") else "authorization: Bearer "


def _url(address: str, detail: ExchangeDetail) -> str:
    query = f"?{detail.query}" if detail.query else ""
    return f"http://{address}{detail.summary.path}{query}"
