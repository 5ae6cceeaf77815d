"""What the gateway must know of a request body before it is sent on, without decoding all of it.

The body travels byte for byte: ``glance`` reads top-level fields and checks that the rest is JSON,
``rename_model`` replaces the value of ``model`` and nothing else.
"""

import re
from typing import Final

import msgspec

from llmgate.errors import BadRequest
from llmgate.formats.surrogates import mend

MAX_DEPTH: Final = 256

_SMALL: Final = 16_384
_LONGEST_BOUND: Final = 9  # digits
_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_STRINGS: Final = re.compile(_STRING, re.DOTALL)
_KEY: Final = re.compile(rb"[ \t\r\n]*(" + _STRING + rb")[ \t\r\n]*:[ \t\r\n]*", re.DOTALL)
_NEXT: Final = re.compile(rb"[ \t\r\n]*([,}])")
_TOKEN: Final = re.compile(_STRING + rb"|[\[\]{}]", re.DOTALL)
_SCALAR: Final = re.compile(_STRING + rb"|[^\s,\[\]{}]+", re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NO_RAW: Final = msgspec.Raw(b"")


class Glance(msgspec.Struct, frozen=True, gc=False):
    """Top-level fields of a request; None where absent, null or of another type."""

    model: str | None = None
    stream: bool | None = None
    has_tools: bool = False
    most_output: int | None = None  # tokens, the least of the bounds that are given


class _Typed(msgspec.Struct, gc=False):
    model: str | None = None
    stream: bool | None = None
    tools: msgspec.Raw = _NO_RAW
    max_tokens: msgspec.Raw = _NO_RAW
    max_completion_tokens: msgspec.Raw = _NO_RAW
    max_output_tokens: msgspec.Raw = _NO_RAW


class _Untyped(msgspec.Struct, gc=False):
    model: msgspec.Raw = _NO_RAW
    stream: msgspec.Raw = _NO_RAW
    tools: msgspec.Raw = _NO_RAW
    max_tokens: msgspec.Raw = _NO_RAW
    max_completion_tokens: msgspec.Raw = _NO_RAW
    max_output_tokens: msgspec.Raw = _NO_RAW


_typed: Final = msgspec.json.Decoder(_Typed)
_untyped: Final = msgspec.json.Decoder(_Untyped)
_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text: Final = msgspec.json.Decoder(str)


def glance(body: bytes) -> Glance:
    """Reads the top level. Raises ``BadRequest`` for what is not a JSON object in UTF-8.

    Nesting is bounded: exactly at ``MAX_DEPTH`` in a small body, in a large one where the decoder
    itself gives up (some hundred levels on).
    """
    _check_text(body)
    try:
        return _read(body)
    except msgspec.DecodeError as error:
        mended = mend(body)
        if mended is None:
            raise _malformed(body, error) from None
        return glance(mended)
    except RecursionError:
        raise _too_deep() from None


def rename_model(body: bytes, model: str) -> bytes:
    """Replaces the value of the top-level ``model``; without one the body is returned unchanged.

    Should the key occur twice, both values are replaced: the provider reads what was decided.
    """
    spans = _model_spans(body)
    if not spans:
        return body
    value = msgspec.json.encode(model)
    pieces: list[bytes] = []
    done = 0
    for start, end in spans:
        pieces += (body[done:start], value)
        done = end
    return b"".join((*pieces, body[done:]))


def _check_text(body: bytes) -> None:
    if not body:
        raise BadRequest("the request has no body: a JSON object is expected")
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            place = f"at byte {error.start}"
            raise BadRequest(f"the request body is not UTF-8: invalid bytes {place}") from None
    if len(body) <= _SMALL and body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check_depth(body)


def _check_depth(body: bytes) -> None:
    """Peels innermost pairs off the bracket skeleton; what then is left is too deep."""
    skeleton = _STRINGS.sub(b"", body).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        shorter = skeleton.replace(b"[]", b"")
        if len(shorter) == len(skeleton):
            return
        skeleton = shorter
    if skeleton:
        raise _too_deep()


def _too_deep() -> BadRequest:
    return BadRequest(f"the request body is nested too deeply: more than {MAX_DEPTH} levels")


def _malformed(body: bytes, error: msgspec.DecodeError) -> BadRequest:
    reason = str(error).removeprefix("JSON is malformed: ")
    if reason == "Input data was truncated":
        reason = f"it ends in the middle of a value (byte {len(body)})"
    return BadRequest(f"the request body is not valid JSON: {reason}")


def _read(body: bytes) -> Glance:
    try:
        top = _typed.decode(body)
    except msgspec.ValidationError:
        return _read_untyped(body)
    return Glance(top.model, top.stream, _is_filled(top.tools), _most_output(top))


def _read_untyped(body: bytes) -> Glance:
    """Reads a body in which a field has a type that nobody expects."""
    try:
        top = _untyped.decode(body)
    except msgspec.ValidationError as error:
        raise BadRequest(f"the request body is not a JSON object: {error}") from None
    model = bytes(top.model)
    stream = {b"true": True, b"false": False}.get(bytes(top.stream))
    name = _text.decode(model) if model.startswith(b'"') else None
    return Glance(name, stream, _is_filled(top.tools), _most_output(top))


def _most_output(top: "_Typed | _Untyped") -> int | None:
    if top.max_tokens is top.max_completion_tokens is top.max_output_tokens:
        return None  # none of them is there
    given = (bytes(top.max_tokens), bytes(top.max_completion_tokens), bytes(top.max_output_tokens))
    bounds = [int(raw) for raw in given if raw.isdigit() and len(raw) <= _LONGEST_BOUND]
    return min(bounds, default=None)


def _is_filled(raw: msgspec.Raw) -> bool:
    view = memoryview(raw)
    return view.nbytes > 2 and view[0] == 0x5B and bytes(view[1:64]).lstrip()[:1] != b"]"


def _model_spans(body: bytes) -> list[tuple[int, int]]:
    try:
        fields = _fields.decode(body)
    except msgspec.DecodeError:
        mended = mend(body)  # as long as the body: its places are the body's
        return [] if mended is None else _model_spans(mended)
    except RecursionError:
        return []
    if "model" not in fields:
        return []
    spans = _spans_by_lengths(body, fields)
    return _spans_by_tokens(body) if spans is None else spans


def _spans_by_lengths(body: bytes, fields: dict[str, msgspec.Raw]) -> list[tuple[int, int]] | None:
    """Walks the top level by the decoded values' lengths; None when a key occurs twice."""
    spans: list[tuple[int, int]] = []
    at = body.index(b"{") + 1
    for name, raw in fields.items():
        key = _KEY.match(body, at)
        if key is None or _text.decode(key[1]) != name:
            return None
        start, value = key.end(), bytes(raw)
        if not body.startswith(value, start):
            return None
        at = start + len(value)
        if name == "model":
            spans.append((start, at))
        after = _NEXT.match(body, at)
        if after is None:
            return None
        at = after.end()
    return spans if body[at - 1] == 0x7D else None


def _spans_by_tokens(body: bytes) -> list[tuple[int, int]]:
    """Looks at every bracket and string: slower, and right whatever keys are repeated."""
    spans: list[tuple[int, int]] = []
    depth = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
        elif depth == 1 and (span := _model_value(body, token)):
            spans.append(span)
    return spans


def _model_value(body: bytes, token: re.Match[bytes]) -> tuple[int, int] | None:
    key = _KEY.match(body, token.start())
    if key is None or _text.decode(mend(key[1]) or key[1]) != "model":
        return None
    value = _SCALAR.match(body, key.end())
    return None if value is None else value.span()
