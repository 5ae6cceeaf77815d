"""Captured traffic as answers: protocol, status, the body as bytes and as payloads."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(os.environ.get("LLMGATE_CAPTURES", ""))
needs_captures = pytest.mark.skipif(
    not os.environ.get("LLMGATE_CAPTURES"),
    reason="LLMGATE_CAPTURES names no folder of captured traffic",
)
PROTOCOLS = {
    "openai-chat": "openai.chat",
    "openai-chat(mistral)": "openai.chat",
    "openai-completions": "openai.completions",
    "openai-responses": "openai.responses",
    "openai-responses(lmstudio)": "openai.responses",
    "anthropic-messages": "anthropic.messages",
}


class Capture(msgspec.Struct, frozen=True):
    """One captured answer; ``payloads`` are the decoded events, or the one body."""

    file: str
    protocol: str
    provider: str
    status: int
    stream: bool
    body: bytes
    payloads: list[Any]
    request: Any = None


def captures() -> Iterator[Capture]:
    """Reads every capture of a protocol that is carried."""
    if not os.environ.get("LLMGATE_CAPTURES"):
        return
    for row in json.loads((ROOT / "INDEX.json").read_text()):
        protocol = PROTOCOLS.get(row["protocol"] or "")
        if protocol:
            yield _capture(row, protocol)


def _capture(row: dict[str, Any], protocol: str) -> Capture:
    path = ROOT / row["file"]
    data, status, request = path.read_bytes(), 200, None
    if path.name.endswith(".chunks.txt"):
        data = _framed(data, protocol)
    elif path.suffix == ".json":
        value = json.loads(data)
        if isinstance(value, list):  # a conversation of several exchanges: its first
            answer = value[0]["response"]
            status, request = int(answer["status_code"]), value[0]["request"]["body"]
            data = json.dumps(answer["body"]).encode()
        elif "response" in value and "request" in value:
            status, request = value["response"]["status"], value["request"].get("body")
            data = (value["response"].get("body_text") or "").encode()
    else:
        data = data.rstrip() + b"\n\n"  # the recorder took the last blank line away
    stream = not data.lstrip().startswith((b"{", b"["))
    payloads = list(_payloads(data)) if stream else [json.loads(data)]
    return Capture(
        row["file"], protocol, row.get("provider") or "", status, stream, data, payloads, request
    )


def _framed(data: bytes, protocol: str) -> bytes:
    events = []
    for line in data.splitlines():
        if line.strip() and line.strip() != b"[DONE]":
            name = _name(line) if protocol in {"anthropic.messages", "openai.responses"} else b""
            events.append(name + b"data: " + line + b"\n\n")
    if protocol in {"openai.chat", "openai.completions"}:
        events.append(b"data: [DONE]\n\n")
    return b"".join(events)


def _name(line: bytes) -> bytes:
    try:
        return f"event: {json.loads(line)['type']}\n".encode()
    except (ValueError, KeyError, TypeError):
        return b""


def _payloads(data: bytes) -> Iterator[Any]:
    for line in data.splitlines():
        text = line.removeprefix(b"data:").strip()
        if line.startswith(b"data:") and text != b"[DONE]":
            try:
                yield json.loads(text)
            except ValueError:
                continue
