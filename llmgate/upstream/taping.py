"""An answer on its way from the source to a caller, noted as it passes."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter_ns, time_ns

import msgspec

from llmgate.errors import UpstreamCut, upstream_error_type
from llmgate.recording.derive import derive
from llmgate.recording.headers import answer_headers
from llmgate.recording.promote import Kept
from llmgate.upstream.reply import Outbound, Reply
from llmgate.wire.exchanges import Attempt, ExchangeDetail, ExchangeSummary, Mark, State


class Tape(msgspec.Struct):
    """What is noted of one answer."""

    request: Outbound
    source: str
    started_ms: int
    started_ns: int
    status: int = 0
    headers: list[tuple[str, str]] = []
    chunks: list[bytes] = []
    at_us: list[int] = []
    ended_us: int = 0
    error: str = ""

    @classmethod
    def begin(cls, request: Outbound, source: str) -> "Tape":
        """Begins when the request is sent."""
        return cls(request, source, time_ns() // 1_000_000, perf_counter_ns(), chunks=[], at_us=[])

    def now_us(self) -> int:
        """Microseconds since the request was sent."""
        return (perf_counter_ns() - self.started_ns) // 1000

    def complete(self) -> bool:
        """Whether the answer was over by its own words when its reader went away."""
        if not self.chunks:
            return False
        headers = answer_headers(self.headers)
        said = derive(self.request.protocol, self.status, headers, self.chunks)
        return said.ending == "finished"

    def kept(self) -> Kept:
        """The exchange as the store would have kept it."""
        return Kept(
            detail=ExchangeDetail(
                summary=self._summary(),
                query=self.request.url.partition("?")[2],
                request_headers=self.request.headers,
                received_headers=self.headers,
                attempts=[
                    Attempt(
                        provider=self.source,
                        model=self.request.model,
                        status=self.status,
                        ended_us=self.ended_us,
                    )
                ],
                marks=[Mark("last_byte", self.ended_us)],
            ),
            request=self.request.body,
            chunks=self.chunks,
            at_us=self.at_us,
        )

    def _summary(self) -> ExchangeSummary:
        request = self.request
        state: State = "cut" if self.error else "failed" if self.status >= 400 else "finished"
        failed = self.status >= 400
        return ExchangeSummary(
            id="",
            started_ms=self.started_ms,
            state=state,
            method=request.method,
            path=request.path.partition("?")[0],
            protocol=request.protocol,
            status=self.status,
            stream=request.stream,
            model=request.model,
            request_bytes=len(request.body),
            response_bytes=sum(map(len, self.chunks)),
            chunks=len(self.chunks),
            total_us=self.ended_us,
            error=self.error,
            error_type="upstream_cut"
            if self.error
            else upstream_error_type(self.status)
            if failed
            else "",
        )


class TapedReply:
    """The source's reply, its bytes unchanged and not delayed; ``mark`` is a header of ours.

    ``done`` has the tape when all has passed.
    """

    def __init__(
        self,
        reply: Reply,
        tape: Tape,
        mark: tuple[str, str],
        done: Callable[[Tape | None], Awaitable[None]],
    ) -> None:
        self.status = tape.status = reply.status
        tape.headers = reply.headers
        self.headers = [*reply.headers, mark]
        self._reply = reply
        self._tape = tape
        self._done = done
        self._over = False
        self._closed = False

    async def read(self) -> bytes | None:
        """Gives the next chunk as it comes, and notes when that was."""
        tape = self._tape
        try:
            chunk = await self._reply.read()
        except UpstreamCut as cut:
            tape.error, tape.ended_us, self._over = cut.message, tape.now_us(), True
            raise
        if chunk is None:
            tape.ended_us, self._over = tape.now_us(), True
        else:
            tape.at_us.append(tape.now_us())
            tape.chunks.append(chunk)
        return chunk

    async def close(self) -> None:
        """Lets go of the connection, then writes what has passed; a caller that left before the
        end leaves nothing.
        """
        if self._closed:
            return
        self._closed = True
        tape = self._tape
        if not self._over and tape.complete():
            tape.ended_us, self._over = tape.now_us(), True
        try:
            await self._reply.close()
        finally:
            await _to_the_end(self._done(tape if self._over else None))


async def _to_the_end(work: Awaitable[None]) -> None:
    """A caller that has its whole answer may leave at once: that must not undo the writing."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
