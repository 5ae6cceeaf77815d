"""`llmgate record`: exchanges as files; a module for each action, imported when it is chosen."""

import argparse
import importlib
from typing import Final

ACTIONS: Final = {
    "export": "write exchanges of the store as recordings, HAR, curl, Python or JSONL",
    "import": "take files into the store: recordings, HAR, flows, requests, session logs",
    "show": "a recording as a person reads it; also what `git diff` shows",
    "check": "look for secrets and damage in recordings, for CI and pre-commit",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions; each reads its own options."""
    parser.usage = "llmgate record ACTION [options]"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    lines = [f"  {name:<8}{text}" for name, text in ACTIONS.items()]
    parser.epilog = "actions:\n" + "\n".join(lines)
    parser.epilog += "\n\n`llmgate record ACTION --help` tells an action's options."
    parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help="what to do")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Runs an action; gives its exit code."""
    action = importlib.import_module(f"llmgate.commands.record_{args.action}")
    parser = argparse.ArgumentParser(
        prog=f"llmgate record {args.action}",
        description=ACTIONS[args.action],
        conflict_handler="resolve",
    )
    action.add_arguments(parser)
    code: int = action.run(parser.parse_args(args.rest))
    return code
