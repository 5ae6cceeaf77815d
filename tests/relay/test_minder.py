"""The one clock over all calls, ticked by hand; and once over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from llmgate.errors import UpstreamCut, UpstreamFault, UpstreamTimeout
from llmgate.formats import catalog
from llmgate.relay.call import Call
from llmgate.relay.caller import CallerGone
from llmgate.relay.meter import Meter
from llmgate.relay.minder import Minder, Pace
from llmgate.relay.stream import relay
from llmgate.upstream.reply import Outbound, Reply
from tests.flows.configs import MESSAGES, STREAMED, anthropic, chat_chunks, message_chunks, openai
from tests.relay.making import SECOND, Line, call, exchange
from tests.support.answers import EVENTS, Answer, End, Send, Step, Wait, respond, stream
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

CHUNKS = chat_chunks("one ", "two ")


class Ticking:
    """A minder whose time the test makes; calls begin to wait at second 1000."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.progress: list[Call] = []
        self.minder = Minder(self.progress.append)
        self._group = group

    async def at(self, second: float) -> None:
        """One look, and what it sets off."""
        self.minder.tick(self._group, int((1000 + second) * SECOND))
        await asyncio.sleep(0)  # allow sleep: only lets the others run
        await asyncio.sleep(0)  # allow sleep: as above


@asynccontextmanager
async def ticking(*lines: Line) -> AsyncIterator[Ticking]:
    """A minder; its watchers end with the block."""
    async with asyncio.TaskGroup() as group:
        yield Ticking(group)
        for line in lines:
            line.left.set()


def waiting(line: Line, *, stream: bool = True, **timeout: float) -> Call:
    """A call that waits for its provider since second 1000."""
    made = call(exchange(stream=stream), line, **timeout)
    made.waiting_since_ns = 1000 * SECOND
    return made


def streaming(line: Line, *chunks: bytes) -> Call:
    """A call in the middle of its answer."""
    made = waiting(line)
    made.caller.head_sent = True
    made.exchange.state = "streaming"
    made.meter = Meter(made.exchange, catalog.reader_for("openai.chat", "text/event-stream"), "")
    for chunk in chunks:
        made.exchange.chunk(chunk, 1)
    return made


async def test_a_silent_streaming_provider_gets_its_caller_a_head_after_45_seconds() -> None:
    line = Line()
    async with ticking(line) as time:
        one = waiting(line)
        time.minder.add(one)
        await time.at(44.9)
        before = list(line.statuses)
        await time.at(45)
        await time.at(46)
        time.minder.remove(one)

    assert before == []
    assert line.statuses == [200]
    assert one.opened_early
    assert "before the provider answered" in one.exchange.hints[0]


async def test_an_answer_that_is_not_streamed_gets_no_early_head_and_no_blank_line() -> None:
    line = Line()
    async with ticking(line) as time:
        one = waiting(line, stream=False)
        time.minder.add(one)
        for second in range(0, 119, 7):
            await time.at(second)
        time.minder.remove(one)

    assert line.got == []


async def test_blank_lines_keep_a_silent_stream_alive_every_15_seconds() -> None:
    line = Line()
    async with ticking(line) as time:
        one = waiting(line)
        time.minder.add(one)
        for quarter in range(45 * 4, 91 * 4):
            await time.at(quarter / 4)
        time.minder.remove(one)

    assert line.body == b"\n\n\n"
    assert line.statuses == [200]


@pytest.mark.parametrize(
    ("chunks", "written"),
    [
        ([], b"\n"),
        (CHUNKS[:2], b"\n"),
        ([*CHUNKS[:2], b"data: {"], b""),
        ([b"data: x\n"], b""),
        ([b": a comment\n"], b"\n"),
    ],
)
async def test_a_blank_line_is_written_only_between_events(
    chunks: list[bytes], written: bytes
) -> None:
    line = Line()
    async with ticking(line) as time:
        one = streaming(line, *chunks)
        time.minder.add(one)
        await time.at(14.9)
        early = line.body
        await time.at(15)
        time.minder.remove(one)

    assert early == b""
    assert line.body == written


async def test_a_provider_that_answers_in_time_is_left_alone() -> None:
    line = Line()
    async with ticking(line) as time:
        one = streaming(line, *CHUNKS[:2])
        time.minder.add(one)
        for second in range(0, 600, 10):
            one.waiting_since_ns = (1000 + second) * SECOND  # a chunk came just now
            await time.at(second + 9)
        time.minder.remove(one)

    assert line.body == b""


async def interrupted(one: Call, time: Ticking, second: float) -> Exception | None:
    """Why the call is interrupted by a look at that second; None when it is not."""
    time.minder.add(one)
    try:
        await time.at(second)
    except asyncio.CancelledError:
        return one.take_interruption()
    time.minder.remove(one)
    return None


@pytest.mark.parametrize(("second", "phase"), [(59, None), (60, "idle")])
async def test_silence_between_chunks_ends_after_idle_s(second: float, phase: str | None) -> None:
    line = Line()
    async with ticking(line) as time:
        reason = await interrupted(streaming(line, *CHUNKS[:2]), time, second)

    assert getattr(reason, "phase", None) == phase


@pytest.mark.parametrize(("second", "phase"), [(2.9, None), (3, "first_byte")])
async def test_silence_before_the_answer_ends_after_first_byte_s(
    second: float, phase: str | None
) -> None:
    line = Line()
    async with ticking(line) as time:
        reason = await interrupted(waiting(line, first_byte_s=3), time, second)

    assert getattr(reason, "phase", None) == phase
    assert reason is None or isinstance(reason, UpstreamTimeout)


async def test_a_caller_that_leaves_interrupts_its_call_and_only_the_first_reason_counts() -> None:
    line = Line()
    async with ticking() as time:
        one = waiting(line)
        time.minder.add(one)
        await time.at(1)
        line.left.set()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()
        one.interrupt(UpstreamCut("later"))
        reason = one.take_interruption()
        time.minder.remove(one)

    assert isinstance(reason, CallerGone)


async def test_a_call_that_is_over_cannot_be_interrupted() -> None:
    line = Line()
    one = waiting(line)
    one.interrupt(UpstreamCut("too early"))
    async with ticking(line) as time:
        time.minder.add(one)
        time.minder.remove(one)
        one.interrupt(UpstreamCut("too late"))
        await time.at(10_000)

    assert one.reason is None
    assert time.minder.calls == {}


async def test_a_growing_stream_is_read_and_shown_twice_a_second() -> None:
    line = Line()
    async with ticking(line) as time:
        one = streaming(line, *CHUNKS)
        time.minder.add(one)
        for quarter in range(1, 9):
            await time.at(quarter / 4)
        time.minder.remove(one)

    assert len(time.progress) == 4
    assert one.exchange.usage.output_tokens == 2


class Scripted:
    """A provider that answers with these chunks, at once."""

    status = 200

    def __init__(self, chunks: list[bytes]) -> None:
        self.headers = [("content-type", "text/event-stream")]
        self._chunks = list(chunks)

    async def send(self, request: Outbound) -> Reply:
        return self

    async def read(self) -> bytes | None:
        return self._chunks.pop(0) if self._chunks else None

    async def close(self, fault: UpstreamFault | None = None) -> None:
        return None


OUTBOUND = Outbound(
    method="POST",
    url="http://x/v1/chat/completions",
    headers=[],
    body=b"",
    protocol="openai.chat",
    path="/v1/chat/completions",
    stream=True,
)


async def test_no_timer_runs_while_the_caller_is_the_slow_one() -> None:
    line = Line()
    async with ticking(line) as time:
        one = call(exchange(), line, first_byte_s=1, idle_s=1)
        provider = Scripted(CHUNKS)
        async with asyncio.TaskGroup() as group:
            one.task = carrying = group.create_task(relay(one, provider, OUTBOUND))
            time.minder.add(one)
            line.reads.clear()
            await time.at(0)
            assert one.waiting_since_ns == 0
            await time.at(100_000_000)
            await time.at(200_000_000)
            still = not carrying.done()
            line.reads.set()
        time.minder.remove(one)

    assert still
    assert one.reason is None
    assert line.body == b"".join(CHUNKS)
    assert one.exchange.state == "finished"


# -- over real sockets, with a minder that is in a hurry ----------------------

HURRY = Pace(tick_s=0.01, early_head_s=0.05, keep_alive_s=0.05)


async def told(
    gateway: Inside, path: str, body: object, gate: asyncio.Event | None, until: bytes = b"\n"
) -> tuple[int, bytes, str]:
    """Status, bytes and the end of an answer; ``gate`` opens once ``until`` was read."""
    got, status = b"", 0
    async with httpx.AsyncClient(timeout=20) as client:
        try:
            async with client.stream("POST", f"{gateway.url}{path}", json=body) as answer:
                status = answer.status_code
                async for piece in answer.aiter_raw():
                    got += piece
                    if gate is not None and got.endswith(until):
                        gate.set()
        except httpx.RemoteProtocolError as error:
            return status, got, type(error).__name__
    return status, got, ""


async def row(gateway: Inside) -> dict[str, object]:
    """The one exchange that was kept."""
    page = (await gateway.admin.get("/admin/v1/exchanges")).json()
    (found,) = page["exchanges"]
    detail = (await gateway.admin.get(f"/admin/v1/exchanges/{found['id']}")).json()
    return {**found, "hints": detail.get("hints", [])}


async def test_an_early_head_and_blank_lines_go_before_the_answer_itself(tmp_path: Path) -> None:
    gate = asyncio.Event()
    answer: Answer = [Wait(gate), *stream(CHUNKS)]
    async with Upstream([answer]) as up, inside(openai(up.url), tmp_path, pace=HURRY) as gateway:
        status, got, end = await told(gateway, "/v1/chat/completions", STREAMED, gate)
        kept = await row(gateway)

    assert (status, end) == (200, "")
    assert got.lstrip(b"\n") == b"".join(CHUNKS)
    assert got.startswith(b"\n")
    assert kept["state"] == "finished"
    assert "before the provider answered" in str(kept["hints"])


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("/v1/chat/completions", STREAMED, b'data: {"error"'),
        ("/v1/messages", {**MESSAGES, "stream": True}, b"event: error\n"),
    ],
)
async def test_an_error_after_an_early_head_is_said_inside_the_stream(
    tmp_path: Path, path: str, body: object, word: bytes
) -> None:
    gate = asyncio.Event()
    answer = [Wait(gate), *respond({"error": {"message": "too many"}}, status=429)]
    make = openai if "chat" in path else anthropic
    async with Upstream([answer]) as up, inside(make(up.url), tmp_path, pace=HURRY) as gateway:
        status, got, end = await told(gateway, path, body, gate)
        kept = await row(gateway)

    assert status == 200
    assert word in got
    assert b"too many" in got
    assert end == "RemoteProtocolError"
    assert (kept["state"], kept["error_type"]) == ("failed", "upstream_rate_limited")


async def test_a_broken_connection_after_an_early_head_is_said_too(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with Upstream([[Wait(gate), End()]]) as up:
        async with inside(openai(up.url), tmp_path, pace=HURRY) as gateway:
            status, got, end = await told(gateway, "/v1/chat/completions", STREAMED, gate)
            kept = await row(gateway)

    assert status == 200
    assert "without an answer" in json.loads(got.strip()[6:])["error"]["message"]
    assert end == "RemoteProtocolError"
    assert kept["error_type"] == "upstream_unreachable"


async def test_no_blank_line_is_written_into_half_an_event(tmp_path: Path) -> None:
    chunks = message_chunks("one ")
    half, rest = chunks[2][:20], chunks[2][20:]
    gate, second = asyncio.Event(), asyncio.Event()
    pieces: list[bytes | Step] = [*chunks[:2], Wait(gate), half, Wait(second), rest, *chunks[3:]]
    async with Upstream([stream(pieces, headers=EVENTS)]) as up:
        async with inside(anthropic(up.url), tmp_path, pace=HURRY) as gateway:
            reading = told(gateway, "/v1/messages", {**MESSAGES, "stream": True}, gate, b"\n\n\n")
            async with asyncio.TaskGroup() as group:
                answer = group.create_task(reading)
                await gate.wait()
                for _ in range(20):  # many looks of the minder
                    await gateway.admin.get("/admin/v1/status")
                second.set()
            _, got, end = answer.result()

    assert end == ""
    assert half + rest in got
    assert got.replace(b"\n\n\n", b"\n\n").replace(b"\n\n\n", b"\n\n").count(b"event: ") == 6


async def test_a_send_that_never_comes_is_left_to_the_first_byte_timer(tmp_path: Path) -> None:
    gate = asyncio.Event()
    extra = "    timeout: {first_byte_s: 0.3}\n"
    async with Upstream([[Wait(gate), Send(b"late")]]) as up:
        async with inside(openai(up.url, extra), tmp_path, pace=HURRY) as gateway:
            status, got, end = await told(gateway, "/v1/chat/completions", STREAMED, None)
            await up.closed()
            kept = await row(gateway)

    assert status == 200
    assert b"sent nothing for 0.3 s" in got
    assert end == "RemoteProtocolError"
    assert kept["error_type"] == "upstream_timeout"
