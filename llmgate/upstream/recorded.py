"""Answers from recordings instead of a provider, at the recorded pace: the `demo` provider.

Every moment is counted from the request, as it was recorded: neither finding the recording nor
waiting a little too long once makes the rest late. Speed 1 is as recorded, 2 twice as fast, 0
without waiting.
"""

import asyncio
from itertools import accumulate
from pathlib import Path

from llmgate.errors import UpstreamCut, UpstreamFault
from llmgate.recording.library import Library
from llmgate.recording.recording import Recording
from llmgate.upstream.reply import Outbound, Reply
from llmgate.upstream.whole import WholeReply, models_reply, not_found


class RecordedReply:
    """A recording on its way to a caller."""

    def __init__(self, recording: Recording, *, started: float, speed: float) -> None:
        self.status = recording.status
        self.headers = list(recording.response_headers)
        self._how = recording.how
        self._error = recording.error or "the recorded connection broke here"  # told as it was then
        scale = 1e-6 / speed if speed > 0 else 0.0
        self._due = [started + us * scale for us in accumulate(recording.us)]
        self._end = max(started + recording.total_us * scale, self._due[-1] if self._due else 0.0)
        self._chunks = recording.chunks
        self._next = 0
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Waits until the head of the answer is due: with its first chunk."""
        if self._due:
            await self._until(self._due[0])

    async def read(self) -> bytes | None:
        """Gives the next chunk when it is due."""
        at = self._next
        if at < len(self._chunks):
            await self._until(self._due[at])
            self._next = at + 1
            return self._chunks[at]
        match self._how:
            case "eof" | "error_event" | "length":
                await self._until(self._end)
                return None
            case "reset" | "client_cancel":
                await self._until(self._end)
                raise UpstreamCut(self._error)
            case "timeout":
                await self._until(None)
                raise UpstreamCut("closed while the recorded provider was silent")

    async def close(self, fault: UpstreamFault | None = None) -> None:
        """Ends the reply; a read that waits fails at once."""
        self._closed = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _until(self, when: float | None) -> None:
        """Waits for a moment (None: for ever), or until the reply is closed."""
        loop = asyncio.get_running_loop()
        if when is not None and when <= loop.time():
            await asyncio.sleep(0)  # others have their turn even without a pace
        elif not self._closed:
            await self._wait(loop, when)
        if self._closed:
            raise UpstreamCut("the reply was closed")

    async def _wait(self, loop: asyncio.AbstractEventLoop, when: float | None) -> None:
        waiter = self._waiter = loop.create_future()
        timer = None if when is None else loop.call_at(when, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class RecordedSender:
    """The way out that ends in a folder of recordings."""

    def __init__(self, folder: Path, speed: float = 1.0) -> None:
        self.library = Library(folder)
        self._speed = speed

    async def send(self, request: Outbound) -> Reply:
        """Answers with the nearest recording once its head is due."""
        started = asyncio.get_running_loop().time()
        if request.protocol == "openai.models" and request.method in {"GET", "HEAD"}:
            return models_reply(self.library.models(), request.path)
        recording = self.library.nearest(
            request.protocol, request.path, request.body, request.stream
        )
        if recording is None:
            return self._missing(request)
        reply = RecordedReply(recording, started=started, speed=self._speed)
        await reply.head()
        return reply

    async def close(self) -> None:
        """Has no connections to close."""

    def _missing(self, request: Outbound) -> Reply:
        """Says that no recording may answer, and what there is."""
        framing = "streamed" if request.stream else "not streamed"
        there = ", ".join(self.library.kinds()) or "nothing"
        message = (
            f"no recording answers {request.protocol} {framing};"
            f" in {self.library.folder.name}/ there is: {there}"
        )
        return WholeReply(404, not_found(message))
