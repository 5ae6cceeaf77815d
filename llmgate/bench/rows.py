"""The measurements of ``llmgate bench``: each drives a load and gives one row of the report.

Direct and through the gateway take turns, several rounds of each, so both see the same machine.
CPU is counted until the gateway has nothing left to do: recording is part of the price.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from llmgate.bench.load import Job, Outcome, Result, Target
from llmgate.bench.measure import cpu_us, rss_mb, settled_cpu_us, slope
from llmgate.bench.payloads import stream_model
from llmgate.bench.report import Row, figure
from llmgate.bench.session import measure_session
from llmgate.bench.stage import KEY, Stage, dropped, free_port, run_load, wait_until_served


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything."""

    rounds: int = 3
    request_s: float = 8.0
    chunk_s: float = 10.0
    first_bytes: int = 1500
    stream_s: float = 12.0
    starts: int = 7
    memory_requests: int = 100_000
    memory_s: float = 150.0


FULL = Size()
QUICK = Size(
    rounds=2,
    request_s=2.0,
    chunk_s=3.0,
    first_bytes=300,
    stream_s=4.0,
    starts=3,
    memory_requests=5_000,
    memory_s=12.0,
)

PACE = 1500
"""Requests a second of the steady load that memory and the paced cost are measured at."""

Measure = Callable[[Stage, Size, Row], Row]


def requests(stage: Stage, size: Size, row: Row) -> Row:
    """CPU of the gateway per non-streamed request: 16 connections that never pause.

    All of them must be recorded. The cost at a steady pace is told as well: it is higher, because
    then every request wakes an idle loop of its own.
    """
    free = Job(targets=[_through(stage, "bench")], connections=16, seconds=size.request_s)
    paced = msgspec.structs.replace(free, per_second=PACE)
    direct = msgspec.structs.replace(free, targets=[_direct(stage, "bench")])
    costs, paced_costs, rates, direct_rates = [], [], [], []
    errors, gone = 0, dropped(stage.port)
    last = run_load(paced).outcomes[0]  # also warms
    for _ in range(size.rounds):
        direct_rates.append(_rate(run_load(direct)))
        cost, result = _spent(stage, free)
        costs.append(cost)
        rates.append(_rate(result))
        cost, result = _spent(stage, paced)
        paced_costs.append(cost)
        last = result.outcomes[0]
        errors += last.errors
    lost = dropped(stage.port) - gone
    return figure(
        row,
        statistics.median(costs),
        also=lost == 0 and errors == 0,
        not_recorded=lost,
        errors=errors,
        requests_per_s=statistics.median(rates),
        direct_per_s=statistics.median(direct_rates),
        paced_us=statistics.median(paced_costs),
        paced_p50_us=last.total_p50_us,
        paced_p99_us=last.total_p99_us,
        memory_mb=rss_mb(stage.gateway.pid),
        note=f"16 connections at full speed; paced: {PACE:,} requests a second",
    )


def _spent(stage: Stage, job: Job) -> tuple[float, Result]:
    """CPU of the gateway per request, the recording of it included."""
    before = settled_cpu_us(stage.gateway.pid)
    result = run_load(job)
    spent = settled_cpu_us(stage.gateway.pid) - before
    return spent / max(1, result.outcomes[0].requests), result


def _rate(result: Result) -> float:
    return result.outcomes[0].requests / result.seconds


def chunks(stage: Stage, size: Size, row: Row) -> Row:
    """CPU of the gateway per streamed chunk: 50 streams of 100 chunks a second."""
    return _chunk_row(stage, size, row, prefix="")


def chunks_tls(stage: Stage, size: Size, row: Row) -> Row:
    """The same with TLS between gateway and provider."""
    if not stage.tls:
        return msgspec.structs.replace(row, note="needs the trustme package for a certificate")
    return _chunk_row(stage, size, row, prefix="tls-")


def _chunk_row(stage: Stage, size: Size, row: Row, *, prefix: str) -> Row:
    streams, per_second = 50, 100
    each = int(size.chunk_s * per_second)
    model = stream_model(each, per_second, prefix)
    before = settled_cpu_us(stage.gateway.pid)
    outcome = _streams(stage, model, streams, size.chunk_s, per_second)
    spent = settled_cpu_us(stage.gateway.pid) - before
    return figure(
        row,
        spent / max(1, outcome.chunks),
        also=outcome.chunks == streams * each,
        chunks=outcome.chunks,
        lost=streams * each - outcome.chunks,
        late_p99_ms=outcome.late_p99_us / 1000,
    )


def first_byte(stage: Stage, size: Size, row: Row) -> Row:
    """What the gateway adds to the first byte of a stream, one request at a time."""
    model = stream_model(2, 1000)
    targets = [_direct(stage, model, stream=True), _through(stage, model, stream=True)]
    result = run_load(Job(targets=targets, requests=size.first_bytes))
    direct, through = result.outcomes
    p50 = (through.first_byte_p50_us - direct.first_byte_p50_us) / 1000
    p99 = (through.first_byte_p99_us - direct.first_byte_p99_us) / 1000
    return figure(
        row,
        p50,
        also=p99 <= 5.0 and through.errors == 0,
        added_p99_ms=p99,
        direct_p50_ms=direct.first_byte_p50_us / 1000,
        direct_p99_ms=direct.first_byte_p99_us / 1000,
        errors=through.errors,
        note="p99 target 5 ms",
    )


def streams(stage: Stage, size: Size, row: Row) -> Row:
    """How late chunks are with 300 streams at 30 chunks a second each."""
    count, per_second = 300, 30
    each = int(size.stream_s * per_second)
    model = stream_model(each, per_second)
    before = cpu_us(stage.gateway.pid)
    began = time.monotonic()
    outcome = _streams(stage, model, count, size.stream_s, per_second)
    busy = (cpu_us(stage.gateway.pid) - before) / 1e6 / (time.monotonic() - began)
    return figure(
        row,
        outcome.late_p99_us / 1000,
        also=outcome.chunks == count * each and outcome.errors == 0,
        late_p50_ms=outcome.late_p50_us / 1000,
        late_max_ms=outcome.late_max_us / 1000,
        chunks=outcome.chunks,
        lost=count * each - outcome.chunks,
        errors=outcome.errors,
        gateway_cores=busy,
    )


def start(stage: Stage, size: Size, row: Row) -> Row:
    """From starting the command to the first request served through it, a fresh data folder."""
    seconds = []
    for n in range(size.starts):
        port = free_port()
        began = time.monotonic()
        with ExitStack() as stack:
            gateway = stage.start_gateway(stack, port, f"start-{n}")
            wait_until_served(port, gateway)
            seconds.append(time.monotonic() - began)
    return figure(row, statistics.median(seconds), fastest_s=min(seconds), slowest_s=max(seconds))


def memory(stage: Stage, size: Size, row: Row) -> Row:
    """Memory of a gateway after many requests, and how it grows in the second half of them."""
    port = free_port()
    with ExitStack() as stack:
        gateway = stage.start_gateway(stack, port, "memory")
        wait_until_served(port, gateway)
        first = rss_mb(gateway.pid)
        points = _points(port, gateway.pid, size)
        settled_cpu_us(gateway.pid)
        last = rss_mb(gateway.pid)
        lost = dropped(port)
    done = round(points[-1][0] * 10_000)
    return figure(
        row,
        max(last, *(rss for _, rss in points)),
        also=lost == 0,
        requests=done,
        not_recorded=lost,
        at_first_mb=first,
        at_last_mb=last,
        growth_mb_per_10k=slope(points[len(points) // 2 :]),
        after_other_rows_mb=rss_mb(stage.gateway.pid),
        note=f"time was over at {done:,}" if done < size.memory_requests * 0.99 else "",
    )


def session(_stage: Stage, _size: Size, row: Row) -> Row:
    """What the store keeps of a coding session whose requests grow to half a megabyte."""
    return measure_session(row)


def _points(port: int, pid: int, size: Size) -> list[tuple[float, float]]:
    """Requests in ten parts, 1,500 a second: (tens of thousands so far, MB)."""
    job = Job(
        targets=[Target(port, "bench", KEY)],
        connections=16,
        requests=size.memory_requests // 10,
        seconds=size.memory_s / 10,
        per_second=PACE,
    )
    done = 0
    points = []
    for _ in range(10):
        done += run_load(job).outcomes[0].requests
        points.append((done / 10_000, rss_mb(pid)))
    return points


def _streams(stage: Stage, model: str, count: int, seconds: float, per_second: int) -> Outcome:
    return run_load(
        Job(
            targets=[_through(stage, model, stream=True)],
            connections=count,
            requests=count,
            seconds=seconds + 30,
            stagger_s=1 / per_second / count,
        )
    ).outcomes[0]


def _direct(stage: Stage, model: str, *, stream: bool = False) -> Target:
    return Target(stage.mock_port, model, KEY, stream)


def _through(stage: Stage, model: str, *, stream: bool = False) -> Target:
    return Target(stage.port, model, KEY, stream)


ROWS: dict[str, tuple[Row, Measure]] = {
    row.name: (row, measure)
    for row, measure in [
        (
            Row(name="request", what="CPU per non-streamed request", unit="us", target=300),
            requests,
        ),
        (Row(name="chunk", what="CPU per chunk, 50 streams", unit="us", target=80), chunks),
        (
            Row(name="chunk-tls", what="CPU per chunk, 50 streams, TLS", unit="us", target=95),
            chunks_tls,
        ),
        (
            Row(name="first-byte", what="added time to first byte, p50", unit="ms", target=1),
            first_byte,
        ),
        (
            Row(name="streams", what="lateness p99, 300 streams x 30/s", unit="ms", target=50),
            streams,
        ),
        (Row(name="start", what="start to first served request", unit="s", target=0.8), start),
        (Row(name="memory", what="memory after many requests", unit="MB", target=90), memory),
        (
            Row(
                name="session", what="disk for a 200-turn session, of its bytes", unit="%", target=5
            ),
            session,
        ),
    ]
}
