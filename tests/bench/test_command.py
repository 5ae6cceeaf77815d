"""``llmgate bench`` as a person runs it: a report at the end, nothing left behind on Ctrl-C."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from llmgate.bench.report import Report
from tests.support.gateway import until

ROOT = Path(__file__).parents[2]
ENV = os.environ | {"PYTHONPATH": str(ROOT)}


async def bench(*arguments: str) -> asyncio.subprocess.Process:
    """Starts the command."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "llmgate", "bench", *arguments),
        cwd=ROOT,
        env=ENV,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_measures_a_row_and_reports_it_as_json() -> None:
    process = await bench("--quick", "--json", "--rows", "first-byte")
    output, _ = await process.communicate()

    report = msgspec.json.decode(output, type=Report)
    [row] = report.rows
    assert row.name == "first-byte"
    assert row.value is not None
    assert row.detail["errors"] == 0
    assert report.calibration_us > 0
    assert process.returncode == (0 if row.reached else 1)


async def test_an_unknown_row_is_refused_in_one_line() -> None:
    process = await bench("--rows", "speed")
    output, problem = await process.communicate()

    assert (process.returncode, output) == (1, b"")
    assert problem.startswith(b"llmgate: no row is called 'speed'; there are: request, chunk")


def children(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def runs(pid: int) -> bool:
    """That process is still there, and not only its exit status, which is for init to take."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("so_many", [1, 2, 3, 4])
async def test_a_stop_leaves_no_process_behind(how: signal.Signals, so_many: int) -> None:
    process = await bench("--quick", "--rows", "request")

    async def on_stage() -> bool:
        return len(children(process.pid)) >= so_many

    await until(on_stage, every_s=0.001)  # seen at once: the last one is only just being started
    started = children(process.pid)
    process.send_signal(how)
    await process.communicate()

    assert process.returncode == 130
    assert not any(runs(pid) for pid in started)
