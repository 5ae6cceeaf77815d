"""What a process has cost so far, read from the system, and how fast this machine is."""

import json
import subprocess
import sys
import time
from os import sysconf
from pathlib import Path

_PROC = Path("/proc")
_ON_LINUX = sys.platform == "linux"


def cpu_us(pid: int) -> float:
    """CPU time of a process in user and system mode, all threads, in microseconds."""
    if not _ON_LINUX:
        return _clock_us(_ps(pid, "time"))
    fields = Path(_PROC, str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes)."""
    if not _ON_LINUX:
        return int(_ps(pid, "rss")) * 1024 / 1e6
    for line in Path(_PROC, str(pid), "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _ps(pid: int, what: str) -> str:
    command = ["/bin/ps", "-o", f"{what}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _clock_us(text: str) -> float:
    """Reads ``[[dd-]hh:]mm:ss[.cc]``."""
    days, _, clock = text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return (seconds + int(days or 0) * 86400) * 1e6


def settled_cpu_us(pid: int, *, patience_s: float = 20.0) -> float:
    """The CPU time once the process has finished what it does after its answers (recording)."""
    before = cpu_us(pid)
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        time.sleep(0.3)
        now = cpu_us(pid)
        if now - before <= 10_000:
            return now
        before = now
    return before


def calibration_us() -> float:
    """CPU microseconds of a fixed piece of Python and JSON work here: figures scale with it."""
    return min(_fixed_work() for _ in range(5))


def _fixed_work() -> float:
    document = {"items": [{"id": n, "name": f"item {n}", "tags": ["a", "b"]} for n in range(200)]}
    begin = time.process_time()
    for _ in range(20):
        text = json.dumps(document)
        sum(item["id"] for item in json.loads(text)["items"])
        sorted(str(n) for n in range(1000))
    return (time.process_time() - begin) * 1e6 / 20


def slope(points: list[tuple[float, float]]) -> float:
    """The least-squares slope of y over x; 0 with fewer than two points."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
