"""Active probes: asks each provider for its models list, bounded in time and size."""

import asyncio
from collections.abc import Iterable

import msgspec

from llmgate.errors import UpstreamFault, upstream_error_type
from llmgate.upstream.providers import Provider
from llmgate.upstream.reply import Reply
from llmgate.wire.gateway import LastError, Probe

_TIMEOUT_S = 10.0
_MAX_BYTES = 8_000_000
_MAX_MODELS = 2_000


class _Model(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Page(msgspec.Struct):
    data: list[_Model] = []
    models: list[_Model] = []


_page = msgspec.json.Decoder(_Page | list[_Model], strict=False)


async def probe(provider: Provider, *, now_ms: int, now_s: float) -> Probe:
    """Asks once; keeps the result and the models on the provider. Never raises for the provider's
    sake.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reply = await provider.sender.send(provider.probe_request())
            try:
                body = await _body(reply)
            finally:
                await reply.close()
        result = _judge(provider, reply.status, body, now_ms, (loop.time() - started) * 1000)
    except TimeoutError:
        result = Probe(at_ms=now_ms, ok=False, error=f"no answer within {_TIMEOUT_S:g} s")
    except UpstreamFault as fault:
        result = Probe(at_ms=now_ms, ok=False, error=fault.message)
    _keep(provider, result, now_ms, now_s)
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
    try:
        page = _page.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    models = page if isinstance(page, list) else page.data or page.models
    for model in models[:_MAX_MODELS]:
        name = (model.id or model.name).removeprefix("models/")[:200]
        if name:
            yield name


def _keep(provider: Provider, result: Probe, now_ms: int, now_s: float) -> None:
    provider.probe = result
    if result.ok:
        provider.health.last_ok_ms = now_ms
        provider.health.failures_in_a_row = 0
        return
    kind = upstream_error_type(result.status) if result.status else "upstream_unreachable"
    message = f"probe: {result.error}"
    error = LastError(at_ms=now_ms, error_type=kind, message=message, status=result.status)
    provider.health.note_error(now_s, error)
