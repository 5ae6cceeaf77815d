"""The foreground half of `llmgate up`: starts the gateway as a child, opens the TUI, stops the
child.
"""

import argparse
from pathlib import Path

from llmgate.commands.child import Child, Ready, child_command


def run_terminal(args: argparse.Namespace) -> int:
    """Runs gateway and TUI; gives the exit code."""
    child = Child(_command(args), detach=args.detach)
    try:
        ready = child.wait_ready()
        from llmgate_tui.main import run as run_tui  # noqa: PLC0415 - after the child is on its way

        token_file = Path(ready.token_file)
        code = run_tui(
            ready.url,
            token_file.read_text(encoding="ascii").strip(),
            owns_gateway=not args.detach,
            ending=child.ending,
            memory_file=token_file.with_name("view.json"),
        )
    finally:
        if not args.detach:
            child.stop()
    if args.detach:
        print(_parting(child, ready))
    return code


def _parting(child: Child, ready: Ready) -> str:
    if ended := child.ending():
        return f"llmgate: {ended}"
    return f"llmgate goes on at {ready.url}; stop it with: kill {child.pid}"


def _command(args: argparse.Namespace) -> list[str]:
    flags = ("config", "host", "port", "data_dir", "env_file", "record")
    command = child_command({flag: getattr(args, flag) for flag in flags})
    return [*command, "--demo"] if args.demo else command
