"""Recordings on their way into the store: exchanges that were carried elsewhere, or long ago.

The id is made of what was said and when, so that the same recording is the same exchange however
often it is imported.
"""

import hashlib
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec

from llmgate.errors import ErrorType, upstream_error_type
from llmgate.exchange import Exchange
from llmgate.recording.derive import PROPER
from llmgate.recording.importing.building import epoch_ms
from llmgate.recording.recording import Recording
from llmgate.store.writer import Store
from llmgate.wire.blocks import Usage
from llmgate.wire.clients import session_id
from llmgate.wire.exchanges import State

IMPORT: Final = "import"
"""The replay that imported exchanges belong to: they cost nobody anything here."""

TAG: Final = "imported"

_ENDINGS: Final[dict[str, tuple[State, ErrorType | None]]] = {
    "eof": ("finished", None),
    "length": ("finished", None),
    "error_event": ("failed", "upstream_stream_error"),
    "reset": ("cut", "upstream_cut"),
    "timeout": ("cut", "upstream_timeout"),
    "client_cancel": ("cancelled", "caller_cancelled"),
}
_AT_ONCE: Final = 200


class _Attempt(msgspec.Struct):
    provider: str = ""
    model: str = ""


def import_id(recording: Recording) -> str:
    """11 digits of the day in milliseconds and 7 of the content, in hex, like every id; without a
    day all of them are of the content.
    """
    digest = hashlib.sha256()
    facts = (recording.dialect, recording.path, recording.status, recording.how, recording.us)
    for part in (msgspec.json.encode(facts), recording.body, *recording.chunks):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    content = digest.hexdigest()
    started_ms = epoch_ms(recording.t0)
    return content[:18] if started_ms is None else f"{started_ms:011x}{content[:7]}"


def exchange_of(recording: Recording, now_ms: int) -> Exchange:
    """The exchange that a recording tells of; one without a day was imported when it was."""
    started_ms = epoch_ms(recording.t0)
    path, _, query = recording.path.partition("?")
    one = Exchange(
        id=import_id(recording),
        started_ms=now_ms if started_ms is None else started_ms,
        started_ns=0,
        method=recording.method,
        path=path,
        query=query,
        protocol=recording.dialect,
    )
    one.replay = IMPORT
    one.stream = recording.stream
    one.model = recording.model
    one.request_headers = list(recording.request_headers)
    one.session = session_id(dict(recording.request_headers))
    one.request_body = recording.body
    attempt = _last_attempt(recording)
    one.provider, one.served = attempt.provider, attempt.model or recording.model
    one.route = recording.route.name if recording.route else ""
    _answer(one, recording)
    _ending(one, recording)
    return one


def _last_attempt(recording: Recording) -> _Attempt:
    attempts = recording.route.attempts if recording.route else []
    try:
        return msgspec.json.decode(attempts[-1], type=_Attempt) if attempts else _Attempt()
    except msgspec.MsgspecError:
        return _Attempt()


def _answer(one: Exchange, recording: Recording) -> None:
    one.response_headers = one.received_headers = list(recording.response_headers)
    content_type = dict(recording.response_headers).get("content-type", "")
    events = content_type.startswith("text/event-stream")
    one.transport = "sse" if events else "json" if "json" in content_type else ""
    for data, at_us in zip(recording.chunks, accumulate(recording.us), strict=True):
        one.chunk(data, at_us)
    if recording.chunks:
        one.ttfb_us = recording.us[0]
        one.mark("first_byte", recording.us[0])
    one.done_us = max(recording.total_us, sum(recording.us))
    one.mark("last_byte", one.done_us)
    one.upstream_us = one.done_us
    counts = recording.usage
    one.usage = Usage(
        input_tokens=counts.in_,
        output_tokens=counts.out,
        cache_read_tokens=counts.cached,
        cache_write_tokens=counts.written,
        reasoning_tokens=counts.reasoning,
    )
    known = counts.in_ is not None or counts.out is not None
    one.usage_basis = "reported" if known else "unknown"
    one.finish = recording.finish
    one.tool_calls = len(recording.tool_calls)


def _ending(one: Exchange, recording: Recording) -> None:
    state, error_type = _ENDINGS[recording.how]
    if not recording.answered and not recording.error:  # a request, and nothing ever broke
        one.state = "cut"
        one.error = "imported without an answer: replay it to get one"
        return
    one.status = recording.status or None
    if recording.status >= 400 and recording.how in PROPER:
        state, error_type = "failed", upstream_error_type(recording.status)
    if error_type is None:
        one.state = state
    else:
        one.fail(error_type, recording.error or f"the recording ends with {recording.how}", state)


async def known_ids(store: Store, ids: Sequence[str]) -> set[str]:
    """Which of these ids are kept already, or about to be. Raises ``StoreProblem``."""
    found = {one for one in ids if store.pending(one) is not None}
    for start in range(0, len(ids), _AT_ONCE):
        found |= await store.queries.existing(ids[start : start + _AT_ONCE])
    return found
