"""`llmgate record check`: one line for each problem; exit code 1 when there is one."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from llmgate.commands.record_rules import rules_from
from llmgate.errors import ConfigProblem, LlmgateError
from llmgate.recording.checking import Finding, check
from llmgate.recording.format import MAX_FILE, SUFFIX
from llmgate.recording.rules import Rules
from llmgate.wire.safe_text import safe_text

_DEEPEST: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate record check`."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="recordings, and folders of them")
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    parser.add_argument("--json", action="store_true", help="JSON lines, for scripts")
    parser.add_argument(
        "--redact",
        metavar="REGEX",
        action="append",
        default=[],
        help="a pattern of your own that must not be there; may be repeated",
    )
    parser.add_argument("--config", metavar="FILE", help="whose secrets must not be there, too")
    parser.add_argument("--env-file", metavar="FILE", help="default: .env beside the config")


def run(args: argparse.Namespace) -> int:
    """Checks the files; 1 when something is wrong with one."""
    rules = _rules(args)
    count, failed = 0, False
    for path in _files(args.paths):
        count += 1
        for finding in _check(path, rules):
            failed = failed or finding.level == "error" or args.strict
            if args.json:
                print(msgspec.json.encode(finding).decode())
            else:
                print(safe_text(str(finding), newlines=False))
    if not args.json:
        outcome = "see above" if failed else "nothing that must not be there"
        print(f"{count} {'recording' if count == 1 else 'recordings'}: {outcome}", file=sys.stderr)
    return 1 if failed else 0


def _rules(args: argparse.Namespace) -> Rules:
    """Known shapes, the secrets of the config, and what was named."""
    try:
        Rules((), args.redact)
    except ConfigProblem as problem:
        raise LlmgateError(f"--redact: {problem.message}") from problem
    return rules_from(args, args.redact)


def _files(names: list[str]) -> Iterator[Path]:
    """The files named, and those in the folders named."""
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _within(path, 0)
        elif path.exists():
            yield path
        else:
            raise LlmgateError(f"{name} does not exist")


def _within(folder: Path, depth: int) -> Iterator[Path]:
    try:
        for path in sorted(folder.iterdir()):
            if path.name.endswith(SUFFIX) and not path.is_dir():
                yield path
            elif path.is_dir() and not path.is_symlink() and depth < _DEEPEST:
                yield from _within(path, depth + 1)
    except OSError as error:
        raise LlmgateError(f"cannot list {folder}: {error.strerror}") from error


def _check(path: Path, rules: Rules) -> list[Finding]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        return [Finding(file=str(path), line=1, what=what, todo="make it readable")]
    return check(data, str(path), rules)
