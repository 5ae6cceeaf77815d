"""Carries out the chosen rows one after the other and puts the report together."""

import os
import platform
import time
from collections.abc import Callable, Sequence

import llmgate
from llmgate.bench.child import BenchProblem
from llmgate.bench.measure import calibration_us
from llmgate.bench.report import Report, Row, system
from llmgate.bench.rows import FULL, QUICK, ROWS
from llmgate.bench.stage import Stage


def check_rows(names: Sequence[str]) -> list[str]:
    """The rows asked for, all of them when none is; refuses unknown names."""
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise BenchProblem(f"no row is called {unknown[0]!r}; there are: {', '.join(ROWS)}")
    return list(names) or list(ROWS)


def measure(
    names: Sequence[str] = (), *, quick: bool = False, say: Callable[[str], None] = lambda _: None
) -> Report:
    """Measures; ``say`` is told what is being measured."""
    chosen = check_rows(names)
    began = time.monotonic()
    rows: list[Row] = []
    with Stage() as stage:
        for name in chosen:
            row, take = ROWS[name]
            say(row.what)
            rows.append(take(stage, QUICK if quick else FULL, row))
    return Report(
        version=llmgate.__version__,
        python=platform.python_version(),
        system=system(),
        cores=os.cpu_count() or 1,
        calibration_us=calibration_us(),
        seconds=time.monotonic() - began,
        rows=rows,
    )
