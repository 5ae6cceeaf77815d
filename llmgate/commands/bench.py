"""``llmgate bench``: measures the gateway of this installation on this machine."""

import argparse
import signal
import sys

import msgspec

from llmgate.bench.report import table
from llmgate.bench.rows import ROWS
from llmgate.bench.run import check_rows, measure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--quick", action="store_true", help="less of everything: under a minute")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--rows", nargs="+", default=[], metavar="ROW", help=f"only these: {', '.join(ROWS)}"
    )


def _say(text: str) -> None:
    """Says what is being measured, on the terminal only."""
    if sys.stderr.isatty():
        print(f"  {text} ...", file=sys.stderr, flush=True)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt  # so that SIGTERM ends the children too


def run(arguments: argparse.Namespace) -> int:
    """Measures and prints; 1 when a target is missed."""
    names = check_rows(arguments.rows)
    signal.signal(signal.SIGTERM, _stop)
    report = measure(names, quick=arguments.quick, say=_say)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        print(table(report))
    return 0 if report.reached else 1
