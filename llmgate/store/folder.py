"""Where the data folder is, and the store file in it."""

import os
import sys
from pathlib import Path

from llmgate.errors import StartupProblem

STORE_FILE = "exchanges.sqlite"


def data_folder(override: str | None = None, *, create: bool = True) -> Path:
    """The data folder: ``override``, ``$LLMGATE_DATA_DIR`` or the platform's place."""
    chosen = override or os.environ.get("LLMGATE_DATA_DIR")
    folder = Path(chosen).expanduser() if chosen else _platform_folder()
    if create:
        _create(folder)
    return folder


def store_file(folder: Path) -> Path:
    """The file that holds every exchange."""
    return folder / STORE_FILE


def _platform_folder() -> Path:
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "llmgate"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "llmgate"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "llmgate"


def _create(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartupProblem(
            f"cannot create the data folder {folder}: {reason}; choose another with --data-dir"
        ) from error
