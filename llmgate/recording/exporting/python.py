"""A Python program that sends the requests again with httpx; their bodies can be edited there."""

import json
import math
from collections.abc import Sequence
from pprint import pformat
from typing import Final

from llmgate.recording.exporting.target import (
    ADDRESS,
    ADDRESS_VARIABLE,
    caption,
    credential,
    sent_headers,
)
from llmgate.recording.recording import Recording

_HEAD: Final = f'''"""Sends what llmgate recorded to ${ADDRESS_VARIABLE}, else to the gateway here.

Needs httpx: pip install httpx
"""

import os

import httpx

URL = os.environ.get({ADDRESS_VARIABLE!r}, {ADDRESS!r})


def send(method, path, headers, **body):
    """Sends a request and prints the answer as it comes."""
    with httpx.stream(method, URL + path, headers=headers, timeout=600, **body) as answer:
        print(answer.status_code, answer.headers.get("content-type", ""))
        for text in answer.iter_text():
            print(text, end="", flush=True)
        print()
'''
_LONGEST: Final = 200_000
_DEEPEST: Final = 60


def as_python(recordings: Sequence[Recording]) -> bytes:
    """The requests as one program."""
    text = "\n\n".join([_HEAD, *map(_call, recordings)])
    return text.encode("utf-8", "backslashreplace")


def _call(it: Recording) -> str:
    name, before, variable = credential(it)
    headers = "".join(f"        {n!r}: {v!r},\n" for n, v in sent_headers(it))
    key = f"{before!r} + os.environ.get({variable!r}, 'none')"
    return (
        f"# {caption(it)}\n"
        "send(\n"
        f"    {it.method!r},\n"
        f"    {it.path!r},\n"
        "    {\n"
        f"        {name!r}: {key},\n{headers}"
        "    },\n"
        f"{_body(it.body)}"
        ")\n"
    )


def _body(data: bytes) -> str:
    """The body as a value to be edited where it means the same, else its bytes."""
    if not data:
        return ""
    value = _plain(data)
    if value is None:
        return f"    content={data!r},\n"
    return f"    json={_indented(pformat(value, width=96, sort_dicts=False))},\n"


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ") if '"""' not in text else text


def _plain(data: bytes) -> object:
    """A JSON object that a Python literal can stand for; None for any other body."""
    if len(data) > _LONGEST:
        return None
    try:
        value = json.loads(data, object_pairs_hook=_once, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _fits(value, _DEEPEST) else None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _refuse(word: str) -> object:
    raise ValueError(word)


def _fits(value: object, depth: int) -> bool:
    """Whether it is not too deep for a program, and no number too large for a float."""
    if depth == 0 or (isinstance(value, float) and not math.isfinite(value)):
        return False
    if isinstance(value, dict):
        return all(_fits(item, depth - 1) for item in value.values())
    return not isinstance(value, list) or all(_fits(item, depth - 1) for item in value)
