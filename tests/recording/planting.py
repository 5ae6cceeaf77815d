"""Where a secret can be planted, in which form, and how to see whether it is still there."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.recording.exchanging import answer, pieces
from tests.support.answers import EVENTS, JSON, Answer, respond, stream

CONFIGURED = 'cfg-Key/with+odd"chars&42'
SHAPED = "sk-ant-api03-" + "Qm7xR2vT9kLpW4sZ" + "8nB3"
LETTERS = "é — "  # before it in texts, so that a letter of several bytes stands beside it

FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "base64-url": lambda secret: base64.urlsafe_b64encode(f"id:{secret}".encode()).decode(),
    "quoted": lambda secret: quote(secret, safe=""),
}


@dataclass
class Plant:
    """A request and its answer with a secret somewhere."""

    name: str
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    answer: Answer = field(default_factory=list)
    raw_body: bytes = b""
    pieces: list[str] = field(default_factory=list)  # what of it stood in one event each

    @property
    def request(self) -> bytes:
        """The body to send; it names the plant for the provider."""
        if self.raw_body:
            return self.raw_body
        asked = {"model": "m", "messages": [{"role": "user", "content": f"plant {self.name}."}]}
        return json.dumps({**asked, **self.body}).encode()


def completion(text: str = "fine", **more: object) -> Answer:
    """A whole answer."""
    message = {"role": "assistant", "content": text, **more}
    return respond({"id": "c", "choices": [{"index": 0, "message": message}]})


def deltas(*parts: object, done: bool = True) -> list[bytes]:
    """Events of a stream, one delta each."""
    events = [{"id": "chatcmpl-1", "choices": [{"index": 0, "delta": part}]} for part in parts] + [
        {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    ]
    lines = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    return [*lines, b"data: [DONE]\n\n"] if done else lines


def _arguments(piece: str, *, first: bool) -> dict[str, Any]:
    call: dict[str, Any] = {"index": 0, "function": {"arguments": piece}}
    if first:
        call |= {"id": "call_1", "type": "function"}
        call["function"]["name"] = "run"
    return {"tool_calls": [call]}


def plants(kind: str, form: str, planted: str) -> Iterator[Plant]:
    """Every place for one secret in one form."""
    name = f"{kind}-{form}-"
    text = LETTERS + planted
    yield from _in_requests(name, planted, text)
    yield from _in_answers(name, planted, text)


def _in_requests(name: str, planted: str, text: str) -> Iterator[Plant]:
    ok = completion()
    message = {"role": "user", "content": [{"type": "text", "text": f"plant {name}nested. {text}"}]}
    call = {"id": "c1", "type": "function"}
    call_it = {**call, "function": {"name": "run", "arguments": json.dumps({"env": text})}}
    yield Plant(f"{name}nested", {"messages": [message]}, answer=ok)
    yield Plant(f"{name}name", {"metadata": {text: "x"}}, answer=ok)
    yield Plant(f"{name}model", {"model": f"m-{planted}"}, answer=ok)
    yield Plant(
        f"{name}arguments",
        {
            "messages": [
                {"role": "user", "content": f"plant {name}arguments."},
                {"role": "assistant", "content": None, "tool_calls": [call_it]},
                {"role": "tool", "tool_call_id": "c1", "content": text},
            ]
        },
        answer=ok,
    )
    yield Plant(f"{name}user", {"user": planted}, answer=ok)
    safe = quote(planted, safe="")
    yield Plant(f"{name}query", query=f"?api_key={safe}&token={safe}&note={safe}", answer=ok)
    for header in ("session-id", "user-agent", "x-custom-thing", "anthropic-beta", "x-title"):
        yield Plant(f"{name}{header}", headers={header: planted}, answer=ok)
    yield Plant(
        f"{name}url",
        {"messages": [{"role": "user", "content": f"plant {name}url. https://x.test/?key={safe}"}]},
        answer=ok,
    )


def _in_answers(name: str, planted: str, text: str) -> Iterator[Plant]:
    half = len(planted) // 2
    three = [planted[:5], planted[5:half], planted[half:]]
    streamed = {"stream": True}
    yield Plant(f"{name}answer", answer=completion(text))
    whole = b"".join(deltas({"content": text}))
    yield Plant(f"{name}chunks", streamed, answer=answer(pieces(whole, [11, 3]), events=True))
    split = deltas(*({"content": part} for part in [LETTERS, *three, " and on"]))
    yield Plant(f"{name}events", streamed, answer=answer(split, events=True), pieces=three)
    letters = deltas(*({"content": letter} for letter in text))
    yield Plant(f"{name}letters", streamed, answer=answer(letters, events=True), pieces=[planted])
    inner = json.dumps({"env": text})
    cut = [inner[at : at + 7] for at in range(0, len(inner), 7)]
    calls = deltas(*(_arguments(part, first=n == 0) for n, part in enumerate(cut)))
    yield Plant(f"{name}calls", streamed, answer=answer(calls, events=True), pieces=[planted])
    error = {"error": {"message": f"Incorrect API key provided: {text}", "type": "x", "code": None}}
    yield Plant(f"{name}error", answer=respond(error, status=401))
    yield Plant(f"{name}text", answer=respond(f"no JSON: {text}".encode(), status=500))
    html = f"<html><body>key {text}</body></html>".encode()
    page = (("content-type", "text/html; charset=utf-8"),)
    yield Plant(f"{name}html", answer=respond(html, status=502, headers=page))
    event = [
        *deltas({"content": "so"}, done=False),
        b"data: " + json.dumps(error).encode() + b"\n\n",
    ]
    yield Plant(f"{name}event", streamed, answer=answer(event, events=True))
    comment = [f": kept alive by {planted}\n\n".encode(), *deltas({"content": "x"})]
    yield Plant(f"{name}comment", streamed, answer=answer(comment, events=True))
    head = (*JSON, ("x-request-id", planted), ("x-ratelimit-limit-requests", planted))
    yield Plant(f"{name}headers", answer=respond({"choices": []}, headers=head))
    cut_off = stream(deltas({"content": text}, done=False)[:1], headers=EVENTS, framing="close")
    yield Plant(f"{name}cut", streamed, answer=cut_off)


def traces(secret: str) -> list[bytes]:
    """The forms in which it would show."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    found.add(json.dumps(json.dumps(secret))[3:-3].encode())
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        inner = encoded[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found)
