"""Recordings are played at their own pace, and end the way they ended."""

import asyncio
import json
from itertools import accumulate
from pathlib import Path

import msgspec
import pytest

from llmgate.errors import UpstreamCut
from llmgate.recording.format import Recording, write
from llmgate.recording.library import shipped_folder
from llmgate.recording.rules import Rules
from llmgate.upstream.cassette import CassetteSender, Settings
from llmgate.upstream.recorded import RecordedSender
from llmgate.upstream.reply import Outbound, Reply
from llmgate.wire.exchanges import Protocol
from tests.upstream.virtual_time import now, pass_time, run

CHUNKS = [b"data: 1\n\n", b": note\n\n", b"data: 2\n\n", b"data: [DONE]\n\n"]
MOMENTS = [400_000, 20_000, 300_000, 30_000]
RECORDING = Recording(
    title="a test",
    dialect="openai.chat",
    stream=True,
    method="POST",
    path="/v1/chat/completions",
    model="m",
    body=b"{}",
    status=200,
    response_headers=(("content-type", "text/event-stream"), ("via", "a"), ("via", "b")),
    chunks=CHUNKS,
    us=MOMENTS,
    total_us=800_000,
)


def outbound(
    protocol: Protocol = "openai.chat", *, path: str = "/v1/chat/completions", stream: bool = True
) -> Outbound:
    return Outbound(
        method="GET" if protocol == "openai.models" else "POST",
        url="",
        headers=[],
        body=b"{}",
        protocol=protocol,
        path=path,
        stream=stream,
    )


def sender(tmp_path: Path, *, speed: float = 1.0, **changes: object) -> RecordedSender:
    recording = msgspec.structs.replace(RECORDING, **changes)
    (tmp_path / "a.llmrec.jsonl").write_bytes(write(recording))
    return RecordedSender(tmp_path, speed)


async def rest_of(reply: Reply) -> list[tuple[bytes, float]]:
    """Reads to the end; gives each chunk with the moment it came."""
    chunks = []
    while (chunk := await reply.read()) is not None:
        chunks.append((chunk, now()))
    return chunks


async def body_of(reply: Reply) -> dict[str, object]:
    data = b"".join(chunk for chunk, _ in await rest_of(reply))
    body: dict[str, object] = json.loads(data)
    return body


@pytest.mark.parametrize(("speed", "factor"), [(1.0, 1.0), (2.0, 0.5), (0.25, 4.0), (0.0, 0.0)])
def test_chunks_come_at_their_recorded_moments_scaled_by_the_speed(
    tmp_path: Path, speed: float, factor: float
) -> None:
    async def play() -> None:
        reply = await sender(tmp_path, speed=speed).send(outbound())
        head_at = now()
        chunks = await rest_of(reply)
        ended_at = now()

        moments = [us / 1e6 * factor for us in accumulate(MOMENTS)]
        assert head_at == pytest.approx(moments[0], abs=0.002)
        assert [chunk for chunk, _ in chunks] == CHUNKS
        assert [at for _, at in chunks] == pytest.approx(moments, abs=0.002)
        assert ended_at == pytest.approx(0.8 * factor, abs=0.002)
        assert await reply.read() is None

    run(play())


def test_a_reader_that_was_late_once_gets_the_next_chunk_on_time(tmp_path: Path) -> None:
    async def play() -> None:
        reply = await sender(tmp_path).send(outbound())
        await reply.read()
        await asyncio.sleep(0.25)  # allow sleep: virtual; past the second chunk
        await reply.read()
        late = now()
        await reply.read()

        assert late == pytest.approx(0.65, abs=0.002)
        assert now() == pytest.approx(0.72, abs=0.002)

    run(play())


class SlowDisk(type(Path())):  # type: ignore[misc] # the class of paths of this system
    """A folder that is listed slowly."""

    def __fspath__(self) -> str:
        pass_time(0.05)
        return str(self)


def from_slow_disk(tmp_path: Path, *, mode: bool) -> RecordedSender | CassetteSender:
    sender(tmp_path)
    folder = SlowDisk(tmp_path)
    if not mode:
        return RecordedSender(folder)
    return CassetteSender(folder, Settings(mode="none"), lambda: None, Rules)


@pytest.mark.parametrize("mode", [False, True])
def test_the_time_that_finding_a_recording_takes_is_part_of_the_first_wait(
    tmp_path: Path, mode: bool
) -> None:
    async def play() -> None:
        reply = await from_slow_disk(tmp_path, mode=mode).send(outbound())
        chunks = await rest_of(reply)

        assert [at for _, at in chunks] == pytest.approx(
            [us / 1e6 for us in accumulate(MOMENTS)], abs=0.002
        )

    run(play())


def test_status_and_headers_are_those_of_the_recording(tmp_path: Path) -> None:
    async def play() -> None:
        reply = await sender(tmp_path, status=503).send(outbound())

        assert reply.status == 503
        assert reply.headers == list(RECORDING.response_headers)

    run(play())


@pytest.mark.parametrize("how", ["eof", "error_event", "length"])
def test_what_ended_properly_ends_properly(tmp_path: Path, how: str) -> None:
    async def play() -> None:
        reply = await sender(tmp_path, how=how).send(outbound())

        assert [chunk for chunk, _ in await rest_of(reply)] == CHUNKS

    run(play())


@pytest.mark.parametrize("how", ["reset", "client_cancel"])
def test_what_broke_breaks_after_its_last_chunk(tmp_path: Path, how: str) -> None:
    async def play() -> None:
        reply = await sender(tmp_path, how=how).send(outbound())
        chunks = [await reply.read() for _ in CHUNKS]
        with pytest.raises(UpstreamCut, match="broke here"):
            await reply.read()

        assert chunks == CHUNKS

    run(play())


@pytest.mark.parametrize("chunks", [CHUNKS, []])
def test_what_fell_silent_stays_silent_until_it_is_closed(
    tmp_path: Path, chunks: list[bytes]
) -> None:
    async def play() -> None:
        us = MOMENTS[: len(chunks)]
        silent = sender(tmp_path, how="timeout", chunks=chunks, us=us)
        reply = await silent.send(outbound())
        for _ in chunks:
            await reply.read()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await reply.read()
        asyncio.get_running_loop().call_later(5, asyncio.ensure_future, reply.close())
        with pytest.raises(UpstreamCut):
            await reply.read()

        assert now() > 3600

    run(play())


def test_waiting_for_the_head_or_a_chunk_can_be_cancelled_at_once(tmp_path: Path) -> None:
    async def play() -> None:
        recorded = sender(tmp_path)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await recorded.send(outbound())
        assert now() == pytest.approx(0.1, abs=0.002)
        reply = await recorded.send(outbound())
        await reply.read()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await reply.read()
        assert now() == pytest.approx(0.51, abs=0.002)
        await reply.close()
        await recorded.close()

    run(play())


def test_a_cancelled_read_loses_no_chunk(tmp_path: Path) -> None:
    async def play() -> None:
        reply = await sender(tmp_path).send(outbound())
        await reply.read()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await reply.read()

        assert [chunk for chunk, _ in await rest_of(reply)] == CHUNKS[1:]

    run(play())


def test_closing_wakes_a_read_that_waits(tmp_path: Path) -> None:
    async def play() -> None:
        reply = await sender(tmp_path).send(outbound())
        await reply.read()
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(_cut(reply))
            await asyncio.sleep(0)
            await reply.close()

        assert await waiting == pytest.approx(0.4, abs=0.002)
        with pytest.raises(UpstreamCut, match="closed"):
            await reply.read()

    async def _cut(reply: Reply) -> float:
        with pytest.raises(UpstreamCut, match="closed"):
            await reply.read()
        return now()

    run(play())


def test_many_streams_at_speed_0_take_turns(tmp_path: Path) -> None:
    async def play() -> None:
        recorded = sender(tmp_path, speed=0)
        order: list[int] = []

        async def watch(number: int) -> None:
            reply = await recorded.send(outbound())
            while await reply.read() is not None:
                order.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(watch(number))

        assert order[:3] == [0, 1, 2]
        assert len(order) == 3 * len(CHUNKS)

    run(play())


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (outbound(stream=False), "no recording answers openai.chat not streamed"),
        (outbound("openai.embeddings", stream=False), "no recording answers openai.embeddings"),
        (outbound("gemini"), "there is: openai.chat streamed"),
    ],
)
def test_what_no_recording_may_answer_is_a_404_that_names_what_there_is(
    tmp_path: Path, request_: Outbound, says: str
) -> None:
    async def play() -> None:
        reply = await sender(tmp_path).send(request_)
        error = (await body_of(reply))["error"]
        await reply.close()

        assert reply.status == 404
        assert reply.headers == [("content-type", "application/json")]
        assert isinstance(error, dict)
        assert says in error["message"]
        assert error["code"] == "recording_not_found"

    run(play())


def test_the_models_are_those_that_recordings_were_asked_of(tmp_path: Path) -> None:
    async def play() -> None:
        reply = await sender(tmp_path).send(outbound("openai.models", path="/v1/models?limit=1000"))
        body = await body_of(reply)

        assert reply.status == 200
        assert (body["object"], body["first_id"], body["last_id"]) == ("list", "m", "m")
        assert now() == 0

    run(play())


def test_an_empty_folder_lists_no_models(tmp_path: Path) -> None:
    async def play() -> None:
        empty = RecordedSender(tmp_path / "nowhere")
        body = await body_of(await empty.send(outbound("openai.models", path="/v1/models")))

        assert body == {"object": "list", "data": [], "has_more": False}
        assert "cannot list" in empty.library.problems[0]

    run(play())


def test_the_shipped_silence_says_something_and_then_nothing() -> None:
    async def play() -> None:
        request = msgspec.structs.replace(
            outbound(), body=b'{"messages":[{"role":"user","content":"llmgate:silence"}]}'
        )
        reply = await RecordedSender(shipped_folder()).send(request)
        said: list[bytes | None] = []

        async def listen() -> None:
            while True:
                said.append(await reply.read())

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listen(), 600)

        assert len(said) > 20
        assert None not in said

    run(play())
