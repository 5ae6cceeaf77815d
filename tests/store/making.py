"""Exchanges for the store's tests."""

from llmgate.errors import ErrorType
from llmgate.exchange import Exchange
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import Attempt

NOW_MS = 1_800_000_000_000


def begin(
    number: int, request: bytes = b'{"model":"m"}', started_ms: int | None = None
) -> Exchange:
    """An exchange that has begun."""
    one = Exchange(
        id=f"x{number:06d}",
        started_ms=NOW_MS + number if started_ms is None else started_ms,
        started_ns=0,
        method="POST",
        path="/v1/chat/completions",
        query="",
        protocol="openai.chat",
    )
    one.model, one.served, one.provider, one.client = "gpt-4o", "gpt-4o-mini", "openai", "curl"
    one.request_body = request
    one.request_headers = [("content-type", "application/json")]
    return one


def finish(one: Exchange, *chunks: bytes) -> Exchange:
    """It ends well, with these chunks."""
    for number, data in enumerate(chunks or (b'{"ok":true}',)):
        one.chunk(data, 1000 + 10 * number)
    one.attempts.append(Attempt(provider="openai", url="https://x.test/v1?key=hidden&a=b"))
    one.mark("done", 2000)
    one.usage, one.usage_basis = Usage(input_tokens=10, output_tokens=4), "reported"
    one.cost_usd, one.cost_basis = 0.25, "reported"
    one.status, one.ttfb_us, one.done_us, one.state = 200, 1000, 2000, "finished"
    return one


def fail(one: Exchange, status: int, error_type: ErrorType, message: str = "no") -> Exchange:
    """It ends badly."""
    one.status, one.done_us = status, 2000
    one.fail(error_type, message)
    return one
