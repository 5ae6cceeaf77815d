"""A coding agent's session as it goes over the wire: every request repeats all that came before.

Deterministic, and made to compress as source code does: names and numbers are drawn anew in every
line, nothing is copied from another line, so that what a store saves it saves by sharing.
"""

import json
import random
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Shape = Literal["messages", "responses", "chat"]

_SYLLABLES = (  # noqa: SIM905 - forty lines otherwise
    "ab ac ad al an ar as at ba be bi bo bu ca ce ci co cu da de di do du el em en er es fa fe fi"
    " fo ga ge gi go ha he hi ho in ir is la le li lo lu ma me mi mo mu na ne ni no nu on op or pa"
    " pe pi po pu ra re ri ro ru sa se si so su ta te ti to tu ul un ur us va ve vi vo we wi zo"
).split()
_WORDS = (  # noqa: SIM905
    "the function returns a value that is then checked before anything else happens in this file"
    " because tests expect another order of calls and one of the paths was never taken so we should"
    " look at how it is used first and change only what is needed here without touching others"
).split()


class Turn(NamedTuple):
    """One request and the chunks of its answer."""

    request: bytes
    chunks: list[bytes]


def session(shape: Shape, turns: int = 200, size: int = 500_000, seed: int = 4) -> Iterator[Turn]:
    """A session whose last request has about ``size`` bytes."""
    return _Session(shape, random.Random(seed), turns, size).turns()


class _Session:
    def __init__(self, shape: Shape, draw: random.Random, turns: int, size: int) -> None:
        self.shape = shape
        self.draw = draw
        self.count = turns
        self.growth = size / turns
        self.history: list[dict[str, Any]] = []
        self.system = self.prose(900)
        self.tools = [self.tool() for _ in range(18)]
        self.id = self.token(32)

    # Words.

    def name(self, parts: int = 0) -> str:
        count = parts or self.draw.randint(2, 5)
        return "".join(self.draw.choice(_SYLLABLES) for _ in range(count))

    def token(self, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self.draw.choices(letters, k=length))

    def prose(self, words: int) -> str:
        some = [
            self.name() if self.draw.random() < 0.3 else self.draw.choice(_WORDS)
            for _ in range(words)
        ]
        return " ".join(some)

    def code(self, size: int) -> str:
        lines: list[str] = []
        length = 0
        while length < size:
            line = self.line(len(lines) + 1)
            lines.append(line)
            length += len(line) + 1
        return "\n".join(lines)

    def line(self, number: int) -> str:
        indent = "    " * self.draw.randint(0, 3)
        one, two, three = self.name(), f"{self.name()}_{self.name()}", self.name()
        value = self.draw.randint(0, 99_999)
        body = self.draw.choice(
            (
                f"def {two}(self, {one}: {three.title()}) -> {self.name().title()}:",
                f'{one} = self.{two}({three}, "{self.name()}/{self.name()}", {value})',
                f"if {one}.{two} != {value} and not {three}:",
                f"return [{one}({two}) for {two} in {three}.{self.name()}]",
                f"# {self.prose(8)}",
                f'raise {three.title()}Error(f"{self.prose(5)}: {{{one}!r}}")',
            )
        )
        return f"{number:6}\t{indent}{body}"

    def tool(self) -> dict[str, Any]:
        names = [self.name(4) for _ in range(self.draw.randint(2, 6))]
        schema = {
            "type": "object",
            "properties": {
                name: {"type": "string", "description": self.prose(18)} for name in names
            },
            "required": names[:2],
            "additionalProperties": False,
        }
        about = {"name": self.name(3).title(), "description": self.prose(90)}
        if self.shape == "messages":
            return {**about, "input_schema": schema}
        if self.shape == "responses":
            return {"type": "function", **about, "parameters": schema, "strict": False}
        return {"type": "function", "function": {**about, "parameters": schema}}

    # Turns.

    def turns(self) -> Iterator[Turn]:
        self.history.append(self.question(self.prose(60)))
        overhead = len(self.request())
        for number in range(self.count):
            request = self.request()
            call, text = f"toolu_{self.token(24)}", self.prose(self.draw.randint(5, 40))
            arguments = {"file_path": f"/{self.name()}/{self.name()}.py", "limit": number}
            yield Turn(request, list(self.answer(call, text, arguments)))
            self.history += self.said(call, text, arguments)
            left = (self.growth * (number + 2)) - (len(request) - overhead) - overhead
            self.history += self.result(call, self.code(max(60, int(left * self.spread()))))

    def spread(self) -> float:
        """Most results are short, some are whole files."""
        return self.draw.choice((0.2, 0.4, 0.6, 0.9, 1.0, 1.8))

    def question(self, text: str) -> dict[str, Any]:
        if self.shape == "messages":
            return {"role": "user", "content": [{"type": "text", "text": text}]}
        if self.shape == "responses":
            return {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_text", "text": text}],
            }
        return {"role": "user", "content": text}

    def said(self, call: str, text: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        name = self.tools[0].get("name") or self.tools[0]["function"]["name"]
        if self.shape == "messages":
            use = {"type": "tool_use", "id": call, "name": name, "input": arguments}
            return [{"role": "assistant", "content": [{"type": "text", "text": text}, use]}]
        if self.shape == "responses":
            return [
                {
                    "type": "reasoning",
                    "id": f"rs_{self.token(40)}",
                    "summary": [],
                    "encrypted_content": self.token(300),
                },
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": text}],
                },
                {
                    "type": "function_call",
                    "call_id": call,
                    "name": name,
                    "arguments": json.dumps(arguments),
                },
            ]
        function = {"name": name, "arguments": json.dumps(arguments)}
        tool_call = {"id": call, "type": "function", "function": function}
        return [{"role": "assistant", "content": text, "tool_calls": [tool_call]}]

    def result(self, call: str, text: str) -> list[dict[str, Any]]:
        if self.shape == "messages":
            block = {"tool_use_id": call, "type": "tool_result", "content": text}
            return [{"role": "user", "content": [block]}]
        if self.shape == "responses":
            return [{"type": "function_call_output", "call_id": call, "output": text}]
        return [{"role": "tool", "tool_call_id": call, "content": text}]

    # The wire.

    def request(self) -> bytes:
        if self.shape == "messages":
            body = self.messages_request()
        elif self.shape == "responses":
            body = {
                "model": "gpt-5-codex",
                "instructions": self.system,
                "input": self.history,
                "tools": self.tools,
                "tool_choice": "auto",
                "stream": True,
                "prompt_cache_key": self.id,
            }
        else:
            system = {"role": "system", "content": self.system}
            body = {"model": "gpt-5", "messages": [system, *self.history], "tools": self.tools}
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def messages_request(self) -> dict[str, Any]:
        """The last block of the last two of the user's messages carries ``cache_control``."""
        mark = {"cache_control": {"type": "ephemeral"}}
        users = [n for n, one in enumerate(self.history) if one["role"] == "user"][-2:]
        messages = [
            one
            if n not in users
            else {**one, "content": [*one["content"][:-1], {**one["content"][-1], **mark}]}
            for n, one in enumerate(self.history)
        ]
        return {
            "model": "claude-opus-4-5",
            "messages": messages,
            "system": [
                {"type": "text", "text": "You are a coding agent."},
                {"type": "text", "text": self.system, **mark},
            ],
            "tools": self.tools,
            "metadata": {"user_id": f"user_{self.id}"},
            "max_tokens": 32_000,
            "stream": True,
        }

    def answer(self, call: str, text: str, arguments: dict[str, Any]) -> Iterator[bytes]:
        """As many small events as a model makes, in the words of the protocol."""
        words = [f" {word}" for word in text.split()]
        written = json.dumps(arguments)
        parts = [written[n : n + 6] for n in range(0, len(written), 6)]
        if self.shape == "chat":
            for word in [*words, *parts]:
                delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
                yield _event("", {"id": f"chatcmpl-{call}", "created": 1, "choices": [delta]})
            yield b"data: [DONE]\n\n"
            return
        item = f"msg_{self.token(40)}"
        for n, word in enumerate([*words, *parts]):
            if self.shape == "responses":
                kind = "response.output_text.delta"
                noise = {"item_id": item, "output_index": 0, "obfuscation": self.token(14)}
                event = {"type": kind, "sequence_number": n, **noise, "delta": word}
                yield _event(kind, event)
            else:
                delta = {"type": "text_delta", "text": word}
                yield _event(
                    "content_block_delta",
                    {"type": "content_block_delta", "index": n >= len(words), "delta": delta},
                )
        yield _event("message_stop", {"type": "message_stop", "id": item})


def _event(name: str, data: dict[str, Any]) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
