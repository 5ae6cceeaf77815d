"""The load generator: raw sockets, one asyncio protocol, as little work as possible per byte.

``python -m llmgate.bench.load`` reads a ``Job`` as JSON from its standard input and prints a
``Result`` as JSON. A closed loop keeps ``connections`` busy; a stream is a request whose chunks are
timed against the moment the mock wrote into them.
"""

import asyncio
import sys
import time
from array import array
from collections.abc import Sequence
from typing import cast

import httptools
import msgspec

from llmgate.bench import loops
from llmgate.bench.payloads import MOMENT, request


class Target(msgspec.Struct, frozen=True):
    """Where to send, and what."""

    port: int
    model: str
    key: str
    stream: bool = False


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: ``requests`` in all over the targets in turn, or until ``seconds`` are over."""

    targets: list[Target]
    connections: int = 1
    requests: int | None = None
    seconds: float = 60.0
    stagger_s: float = 0.0  # between the starts of the connections
    per_second: float | None = None  # starts of requests in all; None: as fast as they are answered


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one target gave. Times are microseconds."""

    requests: int
    errors: int
    chunks: int
    first_byte_p50_us: float
    first_byte_p99_us: float
    total_p50_us: float
    total_p99_us: float
    late_p50_us: float
    late_p99_us: float
    late_max_us: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome per target, in their order."""

    seconds: float
    outcomes: list[Outcome]


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie; 0 when there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Tally:
    def __init__(self) -> None:
        self.requests = 0
        self.errors = 0
        self.first_ns = array("q")
        self.total_ns = array("q")
        self.late_ns = array("q")

    def outcome(self) -> Outcome:
        kept = (self.first_ns, self.total_ns, self.late_ns)
        first, total, late = ([ns / 1000 for ns in values] for values in kept)
        return Outcome(
            requests=self.requests,
            errors=self.errors,
            chunks=len(late),
            first_byte_p50_us=quantile(first, 0.5),
            first_byte_p99_us=quantile(first, 0.99),
            total_p50_us=quantile(total, 0.5),
            total_p99_us=quantile(total, 0.99),
            late_p50_us=quantile(late, 0.5),
            late_p99_us=quantile(late, 0.99),
            late_max_us=max(late, default=0.0),
        )


class _Call(asyncio.Protocol):
    """One connection; ``answered`` is set when an answer is complete or the connection goes."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent
        self.answered = asyncio.Event()
        self.alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class

    def connection_lost(self, exc: Exception | None) -> None:
        self.alive = False
        self.answered.set()

    def send(self) -> None:
        """Sends the request."""
        self._parser = httptools.HttpResponseParser(self)
        self.answered.clear()
        self.complete = False
        self.status = 0
        self.first_ns = 0
        self.moments = array("q")
        self._rest = b""
        self.began_ns = time.monotonic_ns()
        self.transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        self._now_ns = time.monotonic_ns()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_body(self, body: bytes) -> None:
        if not self.first_ns:
            self.first_ns = self._now_ns
        text = self._rest + body
        end = 0
        for found in MOMENT.finditer(text):
            self.moments.append(self._now_ns - int(found[1]))
            end = found.end()
        self._rest = text[max(end, len(text) - 32) :]

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.complete = True
        self.answered.set()


class Load:
    """Carries out a job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._tallies = [_Tally() for _ in job.targets]
        self._left = job.requests if job.requests is not None else sys.maxsize

    async def run(self) -> Result:
        """Runs all connections to their end."""
        began = self._began = time.monotonic()
        self._started = 0
        self._deadline = began + self._job.seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(self._job.connections):
                group.create_task(self._connection())
                await asyncio.sleep(self._job.stagger_s)
        seconds = time.monotonic() - began
        return Result(seconds=seconds, outcomes=[tally.outcome() for tally in self._tallies])

    async def _connection(self) -> None:
        calls: list[_Call | None] = [None] * len(self._job.targets)
        while self._left > 0 and time.monotonic() < self._deadline:
            self._left -= 1
            await self._turn()
            for index, target in enumerate(self._job.targets):
                calls[index] = await self._call(calls[index], target, self._tallies[index])
        for call in calls:
            if call is not None:
                call.transport.close()

    async def _turn(self) -> None:
        if self._job.per_second is not None:
            due = self._began + self._started / self._job.per_second
            self._started += 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _call(self, call: _Call | None, target: Target, tally: _Tally) -> _Call | None:
        try:
            call = call if call is not None and call.alive else await _connect(target)
        except OSError:
            tally.errors += 1
            await asyncio.sleep(0.01)
            return None
        call.send()
        await call.answered.wait()
        if not call.complete or call.status != 200:
            tally.errors += 1
            return call
        tally.requests += 1
        tally.first_ns.append(call.first_ns - call.began_ns)
        tally.total_ns.append(time.monotonic_ns() - call.began_ns)
        tally.late_ns.extend(call.moments)
        return call


async def _connect(target: Target) -> _Call:
    sent = request(f"127.0.0.1:{target.port}", target.model, target.key, stream=target.stream)
    loop = asyncio.get_running_loop()
    _, call = await loop.create_connection(lambda: _Call(sent), "127.0.0.1", target.port)
    return call


def main() -> None:
    """Reads the job, does it, prints the result."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    result = loops.run(Load(job).run())
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(1)
