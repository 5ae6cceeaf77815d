"""The loop that moves an answer from provider to caller: byte for byte, chunk for chunk, at once.

The head waits for the provider's first byte, so that a failure before it keeps its true status.
After the first byte the provider never changes and nothing is retried. There are three endings, and
a cut is never dressed up as another: no invented ``[DONE]``, ``message_stop`` or ``stop`` (DESIGN,
section 7).
"""

from time import perf_counter_ns

import msgspec

from llmgate.config.credentials import kept_headers
from llmgate.errors import UpstreamCut, UpstreamFault, UpstreamInvalid, upstream_error_type
from llmgate.exchange import Headers
from llmgate.formats import catalog
from llmgate.relay.call import BODILESS, Call
from llmgate.relay.caller import RawHeaders
from llmgate.relay.meter import Meter
from llmgate.upstream.forward import towards_caller
from llmgate.upstream.reply import Outbound, Reply, Sender

_MAX_STATUS = 599


class Broken(Exception):
    """The answer cannot be ended properly: the server closes the connection under it."""


async def relay(call: Call, sender: Sender, outbound: Outbound) -> None:
    """Sends the request, passes the answer on. Raises ``CallError`` while no head was sent."""
    call.waiting_since_ns = perf_counter_ns()
    try:
        reply = await sender.send(outbound)
    except BaseException:
        stop_waiting(call)
        raise
    try:
        await _answer(call, reply)
    finally:
        call.active = (
            False  # its caller leaves now, as most do: that must not cut the closing short
        )
        stop_waiting(call)
        fault = call.reason if isinstance(call.reason, UpstreamFault) else None
        await reply.close(fault)


async def _answer(call: Call, reply: Reply) -> None:
    call.exchange.mark("head", call.now_us())
    _note_reply(call, reply)
    first = await reply.read()
    _first_byte(call)
    if call.opened_early:
        await _join_early(call, reply, first)
    else:
        await _open(call, reply, first)
    await _pass_on(call, reply)


async def _open(call: Call, reply: Reply, first: bytes | None) -> None:
    """Sends the head and the first chunk."""
    exchange = call.exchange
    exchange.status = reply.status if reply.status <= _MAX_STATUS else 502
    headers = towards_caller(reply.headers)
    if exchange.status in BODILESS:  # a length would be that of another answer
        headers = [(name, value) for name, value in headers if name != b"content-length"]
    ours = own_headers(call)
    headers += ours
    exchange.response_headers = [
        *(item for item in exchange.received_headers if item[0] != "transfer-encoding"),
        *((name.decode("latin-1"), value.decode("latin-1")) for name, value in ours),
    ]
    await call.caller.head(exchange.status, headers)
    if first is None:
        return
    exchange.chunk(first, call.now_us())
    if exchange.transport != "sse" and _header(reply, "content-length") == str(len(first)):
        await call.caller.end(first)  # the whole answer is here: no need to wait for its end
    else:
        await call.caller.chunk(first)


async def _join_early(call: Call, reply: Reply, first: bytes | None) -> None:
    """Goes on under a head that was sent early: an error can only be told inside the stream now."""
    exchange = call.exchange
    exchange.status = 200
    if first is not None:
        exchange.chunk(first, call.now_us())
    if reply.status >= 400:
        call.meter = None  # none of this body reaches the caller: an event may follow
        exchange.attempts[-1] = msgspec.structs.replace(exchange.attempts[-1], status=reply.status)
        while (chunk := await reply.read()) is not None:
            exchange.chunk(chunk, call.now_us())
        exchange.mark("last_byte", call.now_us())
        body = b"".join(exchange.chunks)
        message = catalog.upstream_message(body, _header(reply, "content-type"))
        exchange.fail(upstream_error_type(reply.status), message)
        await tell_error(call, reply.status, message)
    elif first is not None:
        await call.caller.chunk(first)


async def _pass_on(call: Call, reply: Reply) -> None:
    """Moves the rest; the few lines every streamed chunk goes through."""
    exchange, caller = call.exchange, call.caller
    chunks, times = exchange.chunks, exchange.chunk_us
    started_ns = exchange.started_ns
    try:
        while True:
            call.waiting_since_ns = before = perf_counter_ns()
            chunk = await reply.read()
            now = perf_counter_ns()
            call.waiting_since_ns = 0
            exchange.upstream_us += (now - before) // 1000
            if chunk is None:
                break
            chunks.append(chunk)
            times.append((now - started_ns) // 1000)
            exchange.response_bytes += len(chunk)
            await caller.chunk(chunk)
    except UpstreamFault as fault:
        exchange.fail(fault.error_type, fault.message, "cut")
        await tell_error(call, fault.status, fault.message)
    await _end(call)


async def _end(call: Call) -> None:
    """Judges the ending before it is sent: a cut must not look like an end."""
    exchange, meter = call.exchange, call.meter
    exchange.mark("last_byte", call.now_us())
    assert meter is not None
    ending = meter.close()
    if exchange.status is not None and exchange.status >= 300:  # redirects are not followed
        return await _end_error_status(call)
    match ending.state:
        case "cut" if exchange.transport != "sse" and _framed(exchange.received_headers):
            message = ending.message or "the provider's answer is not complete JSON"
            exchange.fail(UpstreamInvalid.error_type, message)  # HTTP ended well: so does ours
        case "cut":
            message = ending.message or "the provider ended the stream before the answer ended"
            exchange.fail(UpstreamCut.error_type, message, "cut")
            if meter.between_events:
                await tell_error(call, 502, message)
            raise Broken
        case "failed":
            failure = meter.failure
            exchange.fail("upstream_stream_error", failure.message if failure else ending.message)
        case "finished":
            exchange.state = "finished"
    await call.caller.end()
    return None


def _framed(headers: Headers) -> bool:
    """The answer said how long it is, so its end is known to be its end."""
    return any(name in {"content-length", "transfer-encoding"} for name, _ in headers)


async def _end_error_status(call: Call) -> None:
    exchange = call.exchange
    content_type = next((v for n, v in exchange.received_headers if n == "content-type"), "")
    message = catalog.upstream_message(b"".join(exchange.chunks), content_type)
    if (exchange.status or 502) < 400:
        message = f"the provider answered {exchange.status}, which the gateway does not follow"
    exchange.fail(upstream_error_type(exchange.status or 502), message)
    await call.caller.end()


async def tell_error(call: Call, status: int, message: str) -> None:
    """Says in mid-stream, in the caller's protocol, that the answer failed; then the connection
    breaks.

    Where the protocol has no such words, or an event is half sent, breaking is all that can be
    said.
    """
    exchange, meter = call.exchange, call.meter
    stop_waiting(call)
    if meter is not None:
        meter.catch_up()
        clean = meter.between_events
    else:
        clean = True
    events = call.opened_early or exchange.transport == "sse"
    if exchange.stream and clean and events and call.may_add:
        event = catalog.error_event(exchange.protocol, status, message)
        if event is not None:
            await call.caller.chunk(event)
            exchange.hints.append("the caller was told of the failure inside the stream")
    raise Broken


def own_headers(call: Call) -> RawHeaders:
    """What the gateway adds to every answer."""
    exchange = call.exchange
    spent_us = call.now_us() - exchange.upstream_us - (exchange.queued_us or 0)
    identifier = exchange.id.encode()
    headers: RawHeaders = [
        (b"x-llmgate-id", identifier),
        (b"x-llmgate-provider", _ascii(exchange.provider)),
        (b"x-llmgate-upstream-model", _ascii(exchange.served)),
        (b"x-llmgate-attempts", str(len(exchange.attempts)).encode()),
        (b"server-timing", b"gateway;dur=%.3f" % (spent_us / 1000)),
        *_request_ids(exchange.received_headers, identifier),
    ]
    if exchange.stream:
        headers.append((b"x-accel-buffering", b"no"))
    return headers


def _request_ids(received: Headers, identifier: bytes) -> RawHeaders:
    """OpenAI's SDKs read one name, Anthropic's the other: both say the provider's id, or ours."""
    theirs = {name: value for name, value in received if name in {"x-request-id", "request-id"}}
    value = next(iter(theirs.values()), "").encode("latin-1", "replace") or identifier
    names = ("x-request-id", "request-id")
    return [(name.encode(), value) for name in names if name not in theirs]


def _note_reply(call: Call, reply: Reply) -> None:
    exchange = call.exchange
    exchange.received_headers = kept_headers(reply.headers)
    content_type = _header(reply, "content-type")
    encoding = _header(reply, "content-encoding").lower()
    exchange.transport = _transport(content_type)
    reader = catalog.reader_for(exchange.protocol, content_type)
    call.meter = Meter(exchange, reader, encoding)


def _first_byte(call: Call) -> None:
    exchange = call.exchange
    now = call.now_us()
    exchange.upstream_us += (perf_counter_ns() - call.waiting_since_ns) // 1000
    call.waiting_since_ns = 0
    exchange.ttfb_us = now
    exchange.mark("first_byte", now)
    exchange.state = "streaming"


def stop_waiting(call: Call) -> None:
    """Books the time spent waiting for the provider so far."""
    if call.waiting_since_ns:
        call.exchange.upstream_us += (perf_counter_ns() - call.waiting_since_ns) // 1000
        call.waiting_since_ns = 0


def _transport(content_type: str) -> str:
    if content_type.startswith("text/event-stream"):
        return "sse"
    if "json" in content_type:
        return "ndjson" if "ndjson" in content_type else "json"
    return "raw"


def _header(reply: Reply, name: str) -> str:
    return next((value for n, value in reply.headers if n == name), "")


def _ascii(text: str) -> bytes:
    return "".join(c if " " <= c <= "~" else "?" for c in text[:200]).encode("ascii")
