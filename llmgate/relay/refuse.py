"""How a call ends that is not answered by a provider: refused, failed, or left."""

import asyncio
from typing import Final

from llmgate.errors import CallError, Cancelled, LimitReached, RequestTooLarge
from llmgate.formats import catalog
from llmgate.relay.call import Call
from llmgate.relay.caller import CallerGone, RawHeaders
from llmgate.relay.stream import Broken, own_headers, tell_error

_TELL_S: Final = 2.0
_LONG_S: Final = 60.0  # SDKs obey a longer wait too, and hang


async def fail(call: Call, error: CallError) -> None:
    """Answers in the shape of the caller's protocol, or says it inside the stream."""
    exchange = call.exchange
    call.active = False
    if not exchange.live:  # it had ended: there is nothing to add
        return
    exchange.fail(
        error.error_type, error.message, "cancelled" if isinstance(error, Cancelled) else "failed"
    )
    if isinstance(error, (LimitReached, RequestTooLarge)):
        exchange.limited_by = error.limit
    if call.caller.head_sent:
        try:
            async with asyncio.timeout(_TELL_S):  # a caller that does not read is not waited for
                await tell_error(call, error.status, error.message)
        except (Broken, TimeoutError):
            return
    status, headers, body = refusal(call, error)
    exchange.status = status
    exchange.response_headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in headers]
    exchange.transport = "json"
    exchange.chunk(body, call.now_us())
    await call.caller.answer(status, headers, body)


def leave(call: Call) -> None:
    """The caller has left: what arrived is kept.

    Some SDKs close at the last event without waiting for the end of the body; an answer that is
    complete by its own protocol was not cancelled by that. What had ended before stays as it ended.
    """
    meter = call.meter
    if not call.exchange.live:
        return
    if meter is not None and meter.close().state == "finished" and meter.understood:
        call.exchange.state = "finished"
        call.exchange.mark("last_byte", call.now_us())
        return
    call.exchange.fail("caller_cancelled", "the caller closed the connection", "cancelled")


async def interrupted(call: Call) -> bool:
    """After a cancellation: ends the call if it was ours; False when the gateway itself stops."""
    match call.take_interruption():
        case CallError() as error:
            await fail(call, error)
        case CallerGone():
            leave(call)
        case _:
            call.exchange.fail("gateway_internal", "the gateway was stopped", "cut")
            return False
    return True


def refusal(call: Call, error: CallError) -> tuple[int, RawHeaders, bytes]:
    """An answer of the gateway's own."""
    body = catalog.error_body(call.exchange.protocol, error.status, error.message)
    headers = [(b"content-type", b"application/json"), *own_headers(call)]
    if error.retry_after_s is not None:
        wait_s = max(1, -int(-error.retry_after_s // 1))
        headers.append((b"retry-after", str(wait_s).encode()))
    headers += _limit_headers(error)
    return error.status, headers, body


def _limit_headers(error: CallError) -> RawHeaders:
    """Which limit of ours it was, what is left of it, whether an SDK should try again by itself."""
    headers: RawHeaders = []
    if isinstance(error, LimitReached):
        headers += [(name.encode(), value.encode()) for name, value in error.headers]
    if isinstance(error, (LimitReached, RequestTooLarge)):
        limit = "".join(c if " " <= c <= "~" else "?" for c in error.limit)
        headers.append((b"x-llmgate-limit", limit.encode("ascii")))
    if isinstance(error, (LimitReached, RequestTooLarge, Cancelled)) and (
        error.retry_after_s is None or error.retry_after_s > _LONG_S
    ):
        headers.append((b"x-should-retry", b"false"))
    return headers
