"""An editor on a real file, a real holder and a real store, for tests of config edits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from llmgate.config.credentials import Scrubber
from llmgate.config.dotenv import environment
from llmgate.config.find import Source
from llmgate.config.load import read_config
from llmgate.config.snapshot import Snapshot
from llmgate.config.watch import ConfigHolder
from llmgate.config.writing import Moment
from llmgate.control.editor import Editor
from llmgate.store.writer import Store
from llmgate.wire.editing import Edit, EditRequest, Set

TEXT = """\
# ours
server: {port: 8484}
providers:
  openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}   # the usual one
  groq:
    kind: groq
    api_key: ${GROQ_API_KEY}
routes:
  fast:
    match: {model: fast}
    targets:
      - {provider: openai, weight: 50, model: gpt-4o-mini}
      - {provider: groq, weight: 50}
"""
VARIABLES = {"OPENAI_API_KEY": "sk-of-the-environment-1", "GROQ_API_KEY": "gsk-of-the-environment"}
WEIGHT = "weight of openai/gpt-4o-mini in route fast"


def weight(value: int) -> EditRequest:
    """An edit of the first target's weight."""
    edits: list[Edit] = [Set(["routes", "fast", "targets", 0, "weight"], value)]
    return EditRequest(edits=edits)


class Stage:
    """A config in a folder with everything that edits it."""

    def __init__(self, folder: Path, source: Source, store: Store, moment: Moment) -> None:
        self.folder = folder
        self.file = folder / "config.yaml"
        self.env = folder / ".env"
        self.store = store
        self.holder = ConfigHolder(source, environ=VARIABLES, now_ms=lambda: 42)
        self.holder.on_change = self._changed
        self.versions: list[int] = []
        self.editor = Editor(self.holder, store, self._scrub, moment=moment)

    def _changed(self, old: Snapshot, new: Snapshot) -> None:
        self.versions.append(new.version)
        self.editor.noted(old, new)

    def _scrub(self, text: str) -> str:
        return Scrubber(self.holder.snapshot.secrets).scrub_text(text)

    @property
    def etag(self) -> str:
        return self.holder.snapshot.etag

    @property
    def raw(self) -> bytes:
        return self.file.read_bytes()

    def leftovers(self) -> list[Path]:
        """Temporary files that lie beside the config."""
        return sorted(self.folder.glob(".*.tmp"))

    async def save(self, text: str) -> None:
        """What an editor of texts does, and what the watch makes of it."""
        self.file.write_bytes(text.encode())
        await self.holder.reload_now()

    async def put(self, value: int) -> None:
        """A weight, over the API."""
        await self.editor.apply(weight(value), self.etag, "api")


@asynccontextmanager
async def stage(
    folder: Path,
    text: str | bytes | None = TEXT,
    *,
    moment: Moment = lambda _: None,
    source: Source | None = None,
) -> AsyncIterator[Stage]:
    """A gateway's editor from start to stop; ``text`` None keeps the file of the start before."""
    file = folder / "config.yaml"
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    if source is None:
        env = (folder / ".env",)
        source = Source(read_config(file, environment(env, VARIABLES)), file, env)
    store = await Store.open(folder / "data" / "exchanges.sqlite")
    try:
        set_up = Stage(folder, source, store, moment)
        await set_up.editor.start()
        yield set_up
        await set_up.editor.flush()
    finally:
        await store.close()
