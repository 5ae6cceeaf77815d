"""An answer on its way from the source to a caller, noted as it passes."""

from collections.abc import Callable
from time import perf_counter_ns, time_ns

import msgspec

from llmgate.errors import UpstreamFault, upstream_error_type
from llmgate.formats import catalog
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
    over: bool = False  # nothing more would have come
    fault: UpstreamFault | None = None  # why nothing more came

    @classmethod
    def begin(cls, request: Outbound, source: str) -> "Tape":
        """Begins when the request is sent."""
        return cls(request, source, time_ns() // 1_000_000, perf_counter_ns(), chunks=[], at_us=[])

    def now_us(self) -> int:
        """Microseconds since the request was sent."""
        return (perf_counter_ns() - self.started_ns) // 1000

    def worth_keeping(self) -> bool:
        """The source has said all it would say, or its last bytes are the end of an answer: many
        a reader goes away there. To know the latter takes a reading of it all.
        """
        if self.over or not self.chunks:
            return self.over
        headers, protocol = answer_headers(self.headers), self.request.protocol
        if not catalog.understood(protocol, dict(headers).get("content-type", "")):
            return False
        return derive(protocol, self.status, headers, self.chunks).ending == "finished"

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
        request, fault = self.request, self.fault
        failed = self.status >= 400
        state: State = "cut" if fault else "failed" if failed else "finished"
        kind = fault.error_type if fault else upstream_error_type(self.status) if failed else ""
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
            error=fault.message if fault else "",
            error_type=kind,
        )


class TapedReply:
    """The source's reply, its bytes unchanged and not delayed; ``mark`` is a header of ours.

    ``done`` has the tape once, as soon as nothing more will be on it. It is told and not awaited:
    whoever waits for an answer may be gone the moment it is there.
    """

    def __init__(
        self,
        reply: Reply,
        tape: Tape,
        mark: tuple[str, str],
        done: Callable[[Tape], None],
    ) -> None:
        self.status = tape.status = reply.status
        tape.headers = reply.headers
        self.headers = [*reply.headers, mark]
        self._reply = reply
        self._tape = tape
        self._done = done
        self._told = False

    async def read(self) -> bytes | None:
        """Gives the next chunk as it comes, and notes when that was."""
        tape = self._tape
        try:
            chunk = await self._reply.read()
        except UpstreamFault as fault:
            tape.fault = fault
            self._tell(over=True)
            raise
        if chunk is None:
            self._tell(over=True)
        else:
            tape.at_us.append(tape.now_us())
            tape.chunks.append(chunk)
        return chunk

    async def close(self, fault: UpstreamFault | None = None) -> None:
        """Ends the tape where it is, lets go of the connection."""
        if not self._told:
            self._tape.fault = fault
            self._tell(over=fault is not None)
        await self._reply.close(fault)

    def _tell(self, *, over: bool) -> None:
        if not self._told:
            self._told = True
            self._tape.ended_us, self._tape.over = self._tape.now_us(), over
            self._done(self._tape)
