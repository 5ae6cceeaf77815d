"""What `llmgate record` looks for: the secrets of the config in use, and the known shapes."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from llmgate.config.dotenv import environment
from llmgate.config.find import built_from_environment, env_files, find_config
from llmgate.config.load import read_config
from llmgate.config.snapshot import Snapshot
from llmgate.control.exporting import rules_of
from llmgate.errors import ConfigProblem
from llmgate.recording.rules import Rules


def rules_from(args: argparse.Namespace, redact: Iterable[str] = ()) -> Rules:
    """Those of ``--config`` and ``--env-file``, else of the config that would be found, and
    ``redact``, which are patterns.
    """
    return rules_of(_snapshot(args), redact)


def _snapshot(args: argparse.Namespace) -> Snapshot:
    """The config, for its secrets; they were blanked once already when they were stored."""
    folder = Path.cwd()
    named = Path(args.env_file) if args.env_file else None
    path = find_config(args.config, environment([folder / ".env"], os.environ), folder)
    environ = environment(env_files(path, folder, named), os.environ)
    if path is not None:
        try:
            return read_config(path, environ, now_ms=0)
        except ConfigProblem as problem:
            if args.config:
                raise
            print(f"llmgate: its secrets are not looked for: {problem}", file=sys.stderr)
    return built_from_environment(environ)
