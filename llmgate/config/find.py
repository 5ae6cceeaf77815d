"""Where the config comes from: a file in one of four places, else what the surroundings offer."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from llmgate.config.dotenv import environment
from llmgate.config.load import from_text, read_config
from llmgate.config.local import LocalServer, local_servers
from llmgate.config.snapshot import Snapshot
from llmgate.config.starter import demo_text, starter_text
from llmgate.errors import StartupProblem

VARIABLE = "LLMGATE_CONFIG"


def user_config_folder(environ: Mapping[str, str]) -> Path:
    """The folder for a user's own config on this kind of machine."""
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or Path.home() / "AppData/Roaming") / "llmgate"
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "llmgate"


def find_config(
    named: str | os.PathLike[str] | None, environ: Mapping[str, str], folder: Path
) -> Path | None:
    """The config file to use; None when there is none anywhere.

    A file that was named and is not there is a ``StartupProblem``: another one would surprise.
    """
    for source, given in (("--config", named), (f"${VARIABLE}", environ.get(VARIABLE))):
        if given:
            path = folder / Path(given).expanduser()
            if not path.exists():
                raise StartupProblem(f"{source} names {path}, which does not exist")
            return path
    for path in (folder / "config.yaml", user_config_folder(environ) / "config.yaml"):
        if path.is_file():
            return path
    return None


def env_files(config: Path | None, folder: Path, named: Path | None = None) -> list[Path]:
    """The .env files, the last one wins: working folder, the config's folder, ``--env-file``."""
    if named is not None and not named.is_file():
        what = "is not a file" if named.exists() else "does not exist"
        raise StartupProblem(f"--env-file names {named}, which {what}")
    files = [folder / ".env"]
    if config is not None:
        files.append(config.parent / ".env")
    if named is not None:
        files.append(named)
    return list(dict.fromkeys(file.absolute() for file in files))


def built_from_environment(
    environ: Mapping[str, str], local: Sequence[LocalServer] = (), *, now_ms: int = 0
) -> Snapshot:
    """A config from the provider keys that are set, the local servers found, and the demo."""
    return from_text(starter_text(environ, local), "", environ, now_ms=now_ms)


def demo_config(*, now_ms: int = 0) -> Snapshot:
    """Recordings only: no key and no network."""
    return from_text(demo_text(), "", {}, now_ms=now_ms)


class Source(msgspec.Struct, frozen=True):
    """The first snapshot and where its successors come from.

    ``path`` is None when nothing is watched (a demo without a file). A config built from the
    environment watches for the file that `llmgate init` would write.
    """

    snapshot: Snapshot
    path: Path | None
    env_files: tuple[Path, ...]


def demo_source(data: Path, *, now_ms: int = 0) -> Source:
    """The demo with a file of its own in the data folder, so that it can be edited like any other;
    without one where none can be written. Raises ``ConfigProblem`` for a file that was spoilt.
    """
    path = data / "demo.yaml"
    try:
        with suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(demo_text())
    except OSError:
        return Source(demo_config(now_ms=now_ms), None, ())
    files = (data / ".env",)
    environ = environment(files, os.environ)
    return Source(read_config(path, environ, now_ms=now_ms), path, files)


async def starting_config(
    *,
    config: str | Path | None,
    env_file: str | Path | None,
    demo: Path | None = None,
    now_ms: int,
) -> Source:
    """What `llmgate up` starts with; ``demo`` is the data folder when only recordings are wanted.

    Raises ``StartupProblem`` and ``ConfigProblem``.
    """
    folder = Path.cwd()
    named = Path(env_file) if env_file else None
    if demo is not None:
        env_files(None, folder, named)  # a name that is wrong is wrong here too
        return demo_source(demo, now_ms=now_ms)
    path = find_config(config, environment([folder / ".env"], os.environ), folder)
    files = env_files(path, folder, named)
    environ = environment(files, os.environ)
    if path is not None:
        return Source(read_config(path, environ, now_ms=now_ms), path, tuple(files))
    snapshot = built_from_environment(environ, await local_servers(), now_ms=now_ms)
    return Source(snapshot, folder / "config.yaml", tuple(files))
