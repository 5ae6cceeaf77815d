"""What has passed on its way from the source is written, however soon its caller leaves."""

import asyncio

import msgspec
import pytest

from llmgate.upstream.reply import Outbound
from llmgate.upstream.taping import Tape, TapedReply
from tests.flows.configs import chat_answer

ASKED = Outbound(
    method="POST",
    url="http://127.0.0.1/v1/chat/completions",
    headers=[],
    body=b"{}",
    protocol="openai.chat",
    path="/v1/chat/completions",
)


class Whole:
    """A reply of one chunk, read to its last byte but not to its end."""

    status = 200

    def __init__(self) -> None:
        self.headers = [("content-type", "application/json")]
        self.chunks = [msgspec.json.encode(chat_answer())]
        self.closing, self.go = asyncio.Event(), asyncio.Event()

    async def read(self) -> bytes | None:
        return self.chunks.pop() if self.chunks else None

    async def close(self) -> None:
        self.closing.set()
        await self.go.wait()


@pytest.mark.parametrize("while_writing", [False, True])
async def test_a_caller_that_leaves_with_its_whole_answer_does_not_stop_the_writing(
    while_writing: bool,
) -> None:
    whole, writing, go, written = Whole(), asyncio.Event(), asyncio.Event(), list[Tape | None]()

    async def write(tape: Tape | None) -> None:
        writing.set()
        await go.wait()
        written.append(tape)

    reply = TapedReply(whole, Tape.begin(ASKED, "source"), ("x-mark", "recorded"), write)
    assert await reply.read()
    if while_writing:
        whole.go.set()
    closing = asyncio.ensure_future(reply.close())
    await (writing if while_writing else whole.closing).wait()
    closing.cancel()
    await writing.wait()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await closing

    (tape,) = written
    assert tape is not None
    assert tape.ended_us > 0
