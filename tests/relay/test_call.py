"""What a call may add to an answer that is not its own."""

import pytest

from llmgate.exchange import Headers
from tests.relay.making import Line, call, exchange


@pytest.mark.parametrize(("headers", "written"), [((), b"\n"), ((("content-length", "500"),), b"")])
async def test_a_keep_alive_never_spoils_a_promised_length(
    headers: Headers, written: bytes
) -> None:
    line = Line()
    one = exchange()
    one.transport, one.status, one.response_headers = "sse", 200, headers
    live = call(one, line)
    live.active, live.waiting_since_ns = True, 1

    await live.keep_alive()

    assert line.body == written
