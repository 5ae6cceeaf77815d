"""What has passed on its way from the source is told once, however soon its caller leaves."""

import asyncio

import msgspec
import pytest

from llmgate.errors import UpstreamCut, UpstreamFault, UpstreamInvalid, UpstreamTimeout
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
WHOLE = msgspec.json.encode(chat_answer())


class Given:
    """A reply of these chunks, then of its end or its fault; it takes for ever to close."""

    status = 200

    def __init__(self, *chunks: bytes, fault: UpstreamFault | None = None) -> None:
        self.headers = [("content-type", "application/json")]
        self.chunks = list(chunks)
        self.fault = fault

    async def read(self) -> bytes | None:
        if self.chunks:
            return self.chunks.pop(0)
        if self.fault is not None:
            raise self.fault
        return None

    async def close(self, fault: UpstreamFault | None = None) -> None:
        await asyncio.Event().wait()


def taped(given: Given, told: list[Tape]) -> TapedReply:
    return TapedReply(given, Tape.begin(ASKED, "source"), ("x-mark", "recorded"), told.append)


async def closed(reply: TapedReply, fault: UpstreamFault | None = None) -> None:
    """Its caller leaves while it is being closed."""
    closing = asyncio.ensure_future(reply.close(fault))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def test_a_whole_answer_is_told_at_its_end_and_once() -> None:
    told: list[Tape] = []
    reply = taped(Given(WHOLE), told)
    assert await reply.read() == WHOLE
    assert not told
    assert await reply.read() is None

    (tape,) = told
    await closed(reply)
    assert told == [tape]
    assert tape.worth_keeping()
    assert tape.ended_us > 0


@pytest.mark.parametrize(("sent", "kept"), [(WHOLE, True), (WHOLE[:-9], False)])
async def test_of_answers_that_were_not_read_to_their_end_those_are_kept_that_are_whole(
    sent: bytes, kept: bool
) -> None:
    told: list[Tape] = []
    reply = taped(Given(sent), told)
    assert await reply.read()
    await closed(reply)

    (tape,) = told
    assert tape.worth_keeping() is kept


async def test_media_show_no_end_of_their_own() -> None:
    told: list[Tape] = []
    given = Given(b"RIFF")
    given.headers = [("content-type", "audio/wav")]
    reply = taped(given, told)
    assert await reply.read()
    await closed(reply)

    assert not told[0].worth_keeping()


@pytest.mark.parametrize("fault", [UpstreamCut("gone"), UpstreamInvalid("no HTTP")])
async def test_whatever_broke_it_is_told(fault: UpstreamFault) -> None:
    told: list[Tape] = []
    reply = taped(Given(WHOLE[:9], fault=fault), told)
    assert await reply.read()
    with pytest.raises(type(fault)):
        await reply.read()

    assert told[0].worth_keeping()
    assert told[0].kept().detail.summary.error_type == fault.error_type


async def test_a_source_that_fell_silent_is_kept_as_that() -> None:
    told: list[Tape] = []
    reply = taped(Given(WHOLE[:9]), told)
    assert await reply.read()
    await closed(reply, UpstreamTimeout("mute", phase="idle"))

    assert told[0].worth_keeping()
    assert told[0].kept().detail.summary.error_type == "upstream_timeout"
