"""`llmgate up`: the gateway, and the terminal UI on it.

With a terminal the gateway is a child process of the same command, so that a busy screen never
delays a request; leaving the TUI stops it. Without one, or with ``--headless``, this process is the
gateway.
"""

import argparse
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate up`."""
    parser.add_argument("--headless", action="store_true", help="no terminal UI")
    parser.add_argument(
        "--demo", action="store_true", help="answer from recordings: no key, no network"
    )
    parser.add_argument("--config", metavar="FILE", help="default: ./config.yaml")
    parser.add_argument("--host", help="overrides server.host")
    parser.add_argument("--port", type=int, help="overrides server.port (8484)")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the store, log and token live")
    parser.add_argument(
        "--record", metavar="FOLDER", help="write every exchange into this folder, as a recording"
    )
    parser.add_argument("--env-file", metavar="FILE", help="default: .env beside the config")
    parser.add_argument(
        "--detach", action="store_true", help="keep the gateway running when the terminal closes"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Runs until stopped; 2 when it cannot start."""
    if args.child or args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from llmgate.commands.up_gateway import run_gateway  # noqa: PLC0415 - loads the server

        return run_gateway(args)
    from llmgate.commands.up_terminal import run_terminal  # noqa: PLC0415 - loads the TUI

    return run_terminal(args)
