"""`llmgate init`: writes a commented config.yaml from the keys and local servers found."""

import argparse
import asyncio
import os
from pathlib import Path

from llmgate.config.dotenv import environment
from llmgate.config.local import local_servers
from llmgate.config.starter import kinds_with_key, starter_text
from llmgate.errors import StartupProblem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--output", default="config.yaml", metavar="FILE", help="where to write it")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")


def run(args: argparse.Namespace) -> int:
    """Writes the file; secrets stay in the environment, the file names their variables."""
    path = Path(args.output)
    environ = environment([Path(".env")], os.environ)
    local = asyncio.run(local_servers())
    _write(path, starter_text(environ, local), force=args.force)
    print(f"wrote {path}")
    for kind in kinds_with_key(environ):
        print(f"  {kind.name:<12} key in ${kind.key_env}")
    for server in local:
        print(f"  {server.kind:<12} {server.base_url}, {len(server.models)} models")
    print(f"  {'demo':<12} recordings: no key, no network")
    print("next: `llmgate up`")
    return 0


def _write(path: Path, text: str, *, force: bool) -> None:
    """Writes the whole file or nothing; never over a file unless told."""
    try:
        if force and path.exists():
            fresh = path.with_name(f"{path.name}.new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
            return
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StartupProblem(f"{path} is there already: --force writes over it") from None
    except OSError as error:
        raise StartupProblem(f"{path} cannot be written: {error.strerror}") from error
