"""Active probes: asks each provider for its models list, bounded in time and size."""

import asyncio
from collections.abc import Iterable

import msgspec

from llmgate.errors import ErrorType, UpstreamFault, UpstreamTimeout, upstream_error_type
from llmgate.upstream.providers import Provider
from llmgate.upstream.reply import Reply
from llmgate.wire.gateway import LastError, Probe

TIMEOUT_S = 10.0
_MAX_BYTES = 8_000_000
_MAX_MODELS = 2_000


class _Model(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    models: list[msgspec.Raw] | None = None


_page = msgspec.json.Decoder(_Page | list[msgspec.Raw])
_model = msgspec.json.Decoder(_Model | str)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


async def probe(
    provider: Provider, *, now_ms: int, now_s: float, timeout_s: float = TIMEOUT_S
) -> Probe:
    """Asks once; keeps the result and the models on the provider. Never raises for the provider's
    sake.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    error_type: ErrorType | None = None
    try:
        async with asyncio.timeout(timeout_s):
            reply = await provider.sender.send(provider.probe_request())
            try:
                body = await _body(reply)
            finally:
                await reply.close()
        result = _judge(provider, reply.status, body, now_ms, (loop.time() - started) * 1000)
    except TimeoutError:
        error_type = UpstreamTimeout.error_type
        result = Probe(at_ms=now_ms, ok=False, error=f"no answer within {timeout_s:g} s")
    except UpstreamFault as fault:
        error_type = fault.error_type
        result = Probe(at_ms=now_ms, ok=False, error=fault.message)
    _keep(provider, result, error_type, now_ms, now_s)
    return result


async def _body(reply: Reply) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= _MAX_BYTES and (chunk := await reply.read()) is not None:
        parts.append(chunk)
        size += len(chunk)
    return b"".join(parts)


def _judge(provider: Provider, status: int, body: bytes, now_ms: int, latency_ms: float) -> Probe:
    if status >= 500 or status in {401, 403}:
        error = f"models list answered {status}"
        return Probe(at_ms=now_ms, ok=False, status=status, latency_ms=latency_ms, error=error)
    if status != 200:  # reachable, but it keeps no list: that is no illness
        return Probe(at_ms=now_ms, ok=True, status=status, latency_ms=latency_ms)
    names = list(_names(body))
    if names:
        provider.models = tuple(names)
    return Probe(at_ms=now_ms, ok=True, status=status, latency_ms=latency_ms, models=len(names))


def _names(body: bytes) -> Iterable[str]:
    """The models of a list, however it is wrapped; an odd entry does not hide the others."""
    try:
        page = _page.decode(body)
    except _UNREADABLE:
        return
    models = page if isinstance(page, list) else page.data or page.models or []
    for raw in models[:_MAX_MODELS]:
        try:
            model = _model.decode(raw)
        except _UNREADABLE:
            continue
        name = model if isinstance(model, str) else model.id or model.name
        if name := name.removeprefix("models/")[:200]:
            yield name


def _keep(
    provider: Provider, result: Probe, error_type: ErrorType | None, now_ms: int, now_s: float
) -> None:
    provider.probe = result
    if result.ok:
        provider.health.last_ok_ms = now_ms
        provider.health.failures_in_a_row = 0
        return
    kind = error_type or upstream_error_type(result.status or 502)
    message = f"probe: {result.error}"
    error = LastError(at_ms=now_ms, error_type=kind, message=message, status=result.status)
    provider.health.note_error(now_s, error)
