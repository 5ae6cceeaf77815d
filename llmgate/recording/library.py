"""A folder of recordings, read on first use: by the exact request, else by what is nearest."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from llmgate.recording.asked import read_asked
from llmgate.recording.canonical import request_hash
from llmgate.recording.format import MAX_FILE, SUFFIX, Recording, RecordingProblem, read
from llmgate.recording.nearest import ONLY_IF_ASKED, Card, make_card, nearest

MAX_FILES: Final = 5000


def shipped_folder() -> Path:
    """Gives the folder of recordings that comes with llmgate: in a wheel, or in a checkout."""
    package = Path(str(files("llmgate")))
    inside = package / "recordings"
    return inside if inside.is_dir() else package.parent / "recordings"


class Library:
    """The recordings of a folder. What cannot be read is skipped and listed in ``problems``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._cards: dict[str, list[Card]] | None = None
        self._exact: dict[str, Recording] = {}

    @property
    def recordings(self) -> list[Recording]:
        """All of them, by file name."""
        cards = [card for group in self._load().values() for card in group]
        return sorted((card.recording for card in cards), key=lambda recording: recording.name)

    def models(self) -> list[str]:
        """The models that recordings were asked of."""
        return sorted({recording.model for recording in self.recordings if recording.model})

    def kinds(self) -> list[str]:
        """What there is, for people: `openai.chat streamed`."""
        kinds = {
            f"{recording.dialect} {'streamed' if recording.stream else 'not streamed'}"
            for recording in self.recordings
            if recording.status < 400
        }
        return sorted(kinds)

    def nearest(self, protocol: str, path: str, body: bytes, stream: bool) -> Recording | None:
        """Gives the recording of this very request, else the nearest of its kind (nearest.py)."""
        cards = self._load().get(protocol)
        if not cards:
            return None
        exact = self._exact.get(request_hash(protocol, path, body))
        if exact is not None and exact.stream == stream:
            return exact
        return nearest(cards, read_asked(body), stream=stream)

    def _load(self) -> dict[str, list[Card]]:
        """Reads the folder, once."""
        if self._cards is None:
            cards: dict[str, list[Card]] = {}
            for recording in self._read_all():
                if not recording.answered:  # a request that somebody imported
                    continue
                cards.setdefault(recording.dialect, []).append(make_card(recording))
                if not ONLY_IF_ASKED.intersection(recording.tags):
                    key = request_hash(recording.dialect, recording.path, recording.body)
                    self._exact.setdefault(key, recording)
            self._cards = cards
        return self._cards

    def _read_all(self) -> list[Recording]:
        """Reads every file that can be read, by name."""
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.name.endswith(SUFFIX))
        except OSError as error:
            self.problems.append(f"cannot list {self.folder}: {error.strerror}")
            return []
        if len(paths) > MAX_FILES:
            self.problems.append(f"{len(paths)} recordings, only the first {MAX_FILES} are used")
        found = (self._read_one(path) for path in paths[:MAX_FILES])
        return [recording for recording in found if recording is not None]

    def _read_one(self, path: Path) -> Recording | None:
        """Reads a file, or lists what is wrong with it."""
        if not path.is_file():  # to open a pipe would hold up everything
            self.problems.append(f"this is no file ({path.name})")
            return None
        try:
            with path.open("rb") as file:
                return read(file.read(MAX_FILE + 1), path.name)
        except RecordingProblem as problem:
            self.problems.append(str(problem))
        except OSError as error:
            self.problems.append(f"cannot read the file: {error.strerror} ({path.name})")
        return None
