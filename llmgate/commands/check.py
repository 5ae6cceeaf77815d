"""`llmgate check`: validates a config; tells file, line, column and what to do."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from llmgate.config.catalog import CHAT, MESSAGES, PROTOCOLS, lacks_key
from llmgate.config.dotenv import environment
from llmgate.config.find import env_files, find_config
from llmgate.config.load import from_text, read_text, unreadable_on_disk
from llmgate.config.problems import all_of
from llmgate.config.schema import config_schema
from llmgate.config.snapshot import Snapshot
from llmgate.errors import ConfigProblem, StartupProblem
from llmgate.routing.ask import Ask
from llmgate.routing.explain import explain
from llmgate.routing.router import Router

FINE, PROBLEMS, UNREADABLE = 0, 1, 2

_PATHS = {
    CHAT: "/v1/chat/completions",
    "openai.completions": "/v1/completions",
    "openai.responses": "/v1/responses",
    "openai.embeddings": "/v1/embeddings",
    MESSAGES: "/v1/messages",
    "anthropic.count_tokens": "/v1/messages/count_tokens",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--config", metavar="FILE", help="instead of the one `up` would find")
    parser.add_argument("--env-file", metavar="FILE", help="variables, besides .env")
    parser.add_argument("--schema", action="store_true", help="print the file's JSON Schema")
    parser.add_argument("--route", metavar="MODEL", help="explain where the model would go and why")
    parser.add_argument(
        "--protocol", choices=PROTOCOLS, help="of the caller, for --route (default: as the model)"
    )
    parser.add_argument("--key", default="", metavar="NAME", help="of the caller, for --route")
    parser.add_argument("--stream", action="store_true", help="for --route: a streamed request")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(args: argparse.Namespace) -> int:
    """0: fine; 1: problems; 2: cannot be read."""
    if args.schema:
        print(json.dumps(config_schema(), indent=2))
        return FINE
    try:
        file, text, environ = _found(args)
    except (ConfigProblem, StartupProblem) as problem:
        problems = all_of(problem) if isinstance(problem, ConfigProblem) else []
        _tell(args, problems, other=str(problem))
        return PROBLEMS if any(found.line for found in problems) else UNREADABLE
    try:
        snapshot = from_text(text, file, environ, unreadable=unreadable_on_disk)
    except ConfigProblem as problem:
        _tell(args, all_of(problem))
        return PROBLEMS
    return _fine(args, snapshot)


def _found(args: argparse.Namespace) -> tuple[str, str, dict[str, str]]:
    """The file's name, its text and the variables it is read with."""
    folder = Path.cwd()
    path = find_config(args.config, environment([folder / ".env"], os.environ), folder)
    if path is None:
        raise StartupProblem("no config.yaml here or in the user config folder: `llmgate init`")
    named = Path(args.env_file) if args.env_file else None
    shown = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(shown), read_text(path), environment(env_files(path, folder, named), os.environ)


def _tell(args: argparse.Namespace, problems: Sequence[ConfigProblem], other: str = "") -> None:
    if args.json:
        told = [
            {
                "file": p.file,
                "line": p.line,
                "column": p.column,
                "path": p.path,
                "message": p.message,
            }
            for p in problems
        ] or [{"message": other}]
        print(json.dumps({"ok": False, "problems": told}, indent=2))
        return
    for problem in problems:
        place = f":{problem.line}:{problem.column}" if problem.line else ""
        print(f"{problem.file}{place}: {problem.message}", file=sys.stderr)
    if not problems:
        print(f"llmgate: {other}", file=sys.stderr)


def _fine(args: argparse.Namespace, snapshot: Snapshot) -> int:
    reasons = _reasons(args, snapshot) if args.route else []
    if args.json:
        told = {"ok": True, "file": snapshot.file, "warnings": list(snapshot.warnings)}
        print(json.dumps({**told, "route": reasons} if args.route else told, indent=2))
        return FINE
    config = snapshot.config
    print(
        f"{snapshot.file}: fine ({_count(config.providers, 'provider')},"
        f" {_count(config.routes, 'route')}, {_count(config.keys, 'key')})"
    )
    for warning in snapshot.warnings:
        print(f"warning: {warning}")
    for line in reasons:
        print(line)
    return FINE


def _count(things: Mapping[str, object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _reasons(args: argparse.Namespace, snapshot: Snapshot) -> list[str]:
    router = Router(snapshot.config)
    protocol = args.protocol or (MESSAGES if "claude" in args.route else CHAT)
    ask = Ask(
        model=args.route,
        path=_PATHS.get(protocol, "/v1/models"),
        key=args.key,
        headers={},
        protocol=protocol,
        stream=args.stream,
    )
    providers = snapshot.config.providers
    reasons = explain(router, ask, {}, lambda name: not lacks_key(providers[name]))
    return [*reasons, "(the providers' own lists of models are not asked here)"]
