"""The pytest side: a fixture, a command-line option, settings of the ini file, a marker."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, get_args

import pytest

from llmgate.recording.format import SUFFIX
from llmgate.testing.recorded import Recorded, opened
from llmgate.testing.station import Mode, Station, Tape

MODES: Final = ("none", "once", "new_episodes", "all")
_FOLDER: Final = "recordings"
_MARKER: Final = "llmgate"
_SETTINGS: Final = frozenset({"folder", "mode", "ordered", "volatile", "speed", "allow_missing"})
_WORKER: Final = "PYTEST_XDIST_WORKER"
_station: Final = pytest.StashKey[Station]()
_empty: Final = pytest.StashKey[dict[Path, bool]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--llmgate-record``, and what the ini file may say."""
    group = parser.getgroup("llmgate")
    group.addoption(
        "--llmgate-record",
        choices=MODES,
        default=None,
        help="ask real providers for what is not recorded and record it: never (none, default),"
        " only into empty folders (once), what is missing (new_episodes), everything anew (all)",
    )
    parser.addini("llmgate_recordings", "folder of recordings, from the root of the project")
    parser.addini("llmgate_volatile", "places of a request that do not count", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Notes the environment as it is before any test changes it."""
    config.addinivalue_line(
        "markers",
        "llmgate(folder, mode, ordered, volatile, speed, allow_missing): what the gateway of"
        " llmgate_gateway answers from, and how",
    )
    config.stash[_station] = Station(os.environ)
    config.stash[_empty] = {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the gateway."""
    station = config.stash.get(_station, None)
    if station is not None:
        station.close()


@pytest.fixture
def llmgate_gateway(request: pytest.FixtureRequest) -> Iterator[Recorded]:
    """A gateway that answers from the recordings of this test.

    A test that asked for something that is not recorded fails at its end and is told what comes
    nearest, whatever the application made of the 404.
    """
    marked = _marked(request.node)
    with opened(request.config.stash[_station], _tape(request, marked)) as recorded:
        yield recorded
        missing = [] if marked.get("allow_missing") else recorded.missing()
    if missing:
        pytest.fail("\n\n".join(missing), pytrace=False)


def _marked(node: Any) -> dict[str, Any]:
    """What markers say; the nearest one wins."""
    found: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(_MARKER))):
        if marker.args or not _SETTINGS.issuperset(marker.kwargs):
            wrong = ", ".join(sorted(map(str, {*marker.args, *marker.kwargs} - _SETTINGS)))
            raise pytest.UsageError(
                f"@pytest.mark.llmgate does not know {wrong}; write {', '.join(sorted(_SETTINGS))}"
            )
        found |= marker.kwargs
    return found


def _tape(request: pytest.FixtureRequest, marked: dict[str, Any]) -> Tape:
    config = request.config
    folder = _folder(request, marked)
    volatile = [*config.getini("llmgate_volatile"), *marked.get("volatile", ())]
    return Tape(
        folder=folder,
        mode=_mode(request, folder, marked),
        ordered=bool(marked.get("ordered", False)),
        volatile=tuple(volatile),
        speed=float(marked.get("speed", 0)),
    )


def _folder(request: pytest.FixtureRequest, marked: dict[str, Any]) -> Path:
    """The marker's, from the test's folder; the ini file's, from the root; `recordings`."""
    beside: Path = request.path.parent
    if named := marked.get("folder"):
        return beside / str(named)
    ini = str(request.config.getini("llmgate_recordings"))
    return request.config.rootpath / ini if ini else beside / _FOLDER


def _mode(request: pytest.FixtureRequest, folder: Path, marked: dict[str, Any]) -> Mode:
    """The command line's, else the marker's. A folder that was empty when the run began stays so
    for `once`, although its first test fills it.
    """
    config = request.config
    mode = config.getoption("--llmgate-record") or marked.get("mode", "none")
    if mode not in MODES:
        raise pytest.UsageError(f"mode {mode!r} is none of {', '.join(MODES)}")
    if mode == "once":
        known = config.stash[_empty]
        if folder not in known:
            known[folder] = _was_empty(request, folder)
        return "new_episodes" if known[folder] else "none"
    assert mode in get_args(Mode)
    found: Mode = mode
    return found


def _was_empty(request: pytest.FixtureRequest, folder: Path) -> bool:
    """Whether it was at the beginning of the run: of several workers the first one looks."""
    empty = not any(folder.glob("*" + SUFFIX))
    if _WORKER not in os.environ:
        return empty
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()
    note = factory.getbasetemp().parent / f"llmgate-{name[:32]}"  # of all workers
    with suppress(FileExistsError):
        note.symlink_to("empty" if empty else "full")  # whole at once, and only once
    return note.readlink() == Path("empty")
