"""A form: edits of one named entry of the file (a provider, a route, a key), composed and made."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, NotFoundException

from llmgate.control.core import Core
from llmgate.control.editing import Author, edit, read
from llmgate.control.written import merged
from llmgate.wire.editing import Edit, Move, Path, Remove, Rename, Set, Verdict


class Form(msgspec.Struct, frozen=True):
    """The entries of one section of the file; ``noun`` is what one of them is called."""

    section: Literal["providers", "routes", "keys"]
    noun: str

    def known(self, core: Core, name: str) -> Path:
        """Where the entry is. Raises 404 for a name nobody has."""
        if name not in self._entries(core):
            raise NotFoundException(f"no {self.noun} is called '{name[:60]}'")
        return [self.section, name]

    def new(self, core: Core, name: str) -> Path:
        """Where the entry will be. Raises 409 for a name that is taken."""
        if name in self._entries(core):
            told = f"a {self.noun} called '{name[:60]}' exists already"
            raise HTTPException(told, status_code=409)
        return [self.section, name]

    async def add(
        self, core: Core, by: Author, name: str, settings: dict[str, Any], index: int | None = None
    ) -> Response[Verdict]:
        """Adds an entry at its end, or before ``index``."""
        path = self.new(core, name)
        edits: list[Edit] = [Set(path, settings)]
        if index is not None:
            edits.append(Move(path, index))
        return await edit(core, by, edits, self._note(name, "added"), status=201)

    async def replace(
        self, core: Core, by: Author, name: str, settings: dict[str, Any]
    ) -> Response[Verdict]:
        """Replaces everything the entry says."""
        path = self.known(core, name)
        return await edit(core, by, [Set(path, settings)], self._note(name, "replaced"))

    async def merge(
        self, core: Core, by: Author, name: str, patch: Mapping[str, Any]
    ) -> Response[Verdict]:
        """Changes some fields; null removes one."""
        path = self.known(core, name)
        edits = merged(path, patch, await read(core, path))
        return await edit(core, by, edits, self._note(name, "changed"))

    async def remove(self, core: Core, by: Author, name: str) -> Response[Verdict]:
        """Removes the entry."""
        path = self.known(core, name)
        return await edit(core, by, [Remove(path)], self._note(name, "removed"))

    async def move(self, core: Core, by: Author, name: str, to: int) -> Response[Verdict]:
        """Moves the entry to another place of its section."""
        path = self.known(core, name)
        return await edit(core, by, [Move(path, to)], self._note(name, "moved"))

    async def switch(
        self, core: Core, by: Author, name: str, *, enabled: bool
    ) -> Response[Verdict]:
        """Enables or disables the entry; one that is so already stays as it is written."""
        path = self.known(core, name)
        done = self._entries(core)[name].enabled is enabled
        edits: list[Edit] = [] if done else [Set([*path, "enabled"], enabled)]
        word = "enabled" if enabled else "disabled"
        return await edit(core, by, edits, self._note(name, word))

    async def rename(
        self, core: Core, by: Author, name: str, to: str, followers: list[Path]
    ) -> Response[Verdict]:
        """Renames the entry and what names it at the paths of ``followers``."""
        path = self.known(core, name)
        self.new(core, to)
        edits: list[Edit] = [Rename(path, to), *(Set(other, to) for other in followers)]
        return await edit(core, by, edits, self._note(name, f"renamed to {to[:60]}"))

    def _entries(self, core: Core) -> Mapping[str, Any]:
        entries: Mapping[str, Any] = getattr(core.snapshot.config, self.section)
        return entries

    def _note(self, name: str, what: str) -> str:
        return f"{self.noun} {name[:60]} {what}"
