"""The literals that sealed texts leave out, in a private file of the data folder.

They stay as long as the folder does, each under the first 16 hex digits of their SHA-256.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from llmgate.config.writing import Moved, replace_file
from llmgate.errors import LlmgateError

FILE: Final = "config-secrets.json"
_LARGEST: Final = 64 << 20


class VaultProblem(LlmgateError):
    """The file of secrets cannot be read: which, and what to do."""


class Vault:
    """Reads the file when it is first asked; ``keep`` writes it before the text that needs it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._known: dict[str, str] | None = None

    def secrets(self) -> Mapping[str, str]:
        """Every literal by its mark. Raises ``VaultProblem``."""
        if self._known is None:
            self._known = self._read() or {}
        return self._known

    def keep(self, secrets: Mapping[str, str]) -> None:
        """Adds literals. Raises ``VaultProblem`` and ``Unwritable``."""
        if not (secrets.items() <= self.secrets().items() and self.path.exists()):
            self._write(secrets)

    def _read(self) -> dict[str, str] | None:
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(_LARGEST), type=dict[str, str])
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not the JSON that llmgate writes"
            raise VaultProblem(
                f"{self.path} cannot be read: {reason};"
                " move it away to go on without the secrets of old revisions"
            ) from error

    def _write(self, more: Mapping[str, str]) -> None:
        """Reads the file again first: another gateway on this folder may have added to it, or
        somebody has taken it away.
        """
        known = self._read()
        secrets = {**(self._known or {}), **(known or {}), **more}
        data = msgspec.json.format(msgspec.json.encode(secrets), indent=1)
        try:
            replace_file(self.path, data, None if known is None else self.path.read_bytes())
        except Moved as moved:
            raise VaultProblem(f"{moved}; it is tried again") from moved
        self._known = secrets
