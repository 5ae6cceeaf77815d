"""The gateway's process behind the tests: one for all of them, with providers for each.

Every test has two providers of its own on its folder, one that asks OpenAI for what is missing and
one that asks Anthropic, so that nothing of one test is known to another. They are reached below
``/p/NAME``, without any routes.
"""

import os
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import msgspec

from llmgate.commands.child import Child, child_command
from llmgate.errors import LlmgateError
from llmgate.wire.gateway import ConfigView

Mode = Literal["none", "new_episodes", "all"]

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
_BASE_URLS: Final = {OPENAI: "OPENAI_BASE_URL", ANTHROPIC: "ANTHROPIC_BASE_URL"}
_KEYS: Final = {OPENAI: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """What a test wants of its gateway."""

    folder: Path
    mode: Mode = "none"
    ordered: bool = False
    volatile: tuple[str, ...] = ()
    speed: float = 0.0


class Station:
    """Runs the gateway from the first test that needs it until ``close``."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._names = (f"test{number}" for number in count(1))
        self._tapes: dict[str, Tape] = {}
        self._child: Child | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._admin: httpx.Client | None = None
        self.url = ""

    @property
    def admin(self) -> httpx.Client:
        """The control API."""
        if self._admin is None:
            raise LlmgateError("the gateway of the tests is not running")
        return self._admin

    def open(self, tape: Tape) -> str:
        """Gives a test its providers; the beginning of their names."""
        name = next(self._names)
        self._tapes[name] = tape
        if self._child is None:
            self._start()
        else:
            self._reload()
        return name

    def _reload(self) -> None:
        self._write()
        answer = self.admin.post("config/reload").raise_for_status()
        view = msgspec.json.decode(answer.content, type=ConfigView)
        if view.problems:
            raise LlmgateError("; ".join(problem.message for problem in view.problems))

    def leave(self, name: str) -> None:
        """The test is over; its providers go with the next change."""
        self._tapes.pop(name, None)

    def close(self) -> None:
        """Ends the process and removes what it kept."""
        if self._admin is not None:
            self._admin.close()
        if self._child is not None:
            self._child.stop()
        if self._scratch is not None:
            self._scratch.cleanup()
        self._admin = self._child = self._scratch = None

    def _start(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(
            prefix="llmgate-tests-", ignore_cleanup_errors=True
        )
        self._write()
        options = {"port": 0, "data_dir": str(self._folder / "data"), "config": str(self._file)}
        self._child = Child(child_command(options), detach=False)
        ready = self._child.wait_ready()
        token = Path(ready.token_file).read_text(encoding="ascii").strip()
        self.url = ready.url
        self._admin = httpx.Client(
            base_url=f"{ready.url}/admin/v1/",
            headers={"authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )

    @property
    def _folder(self) -> Path:
        assert self._scratch is not None
        return Path(self._scratch.name)

    @property
    def _file(self) -> Path:
        return self._folder / "config.yaml"

    def _write(self) -> None:
        """The config: JSON is YAML. It may hold keys, and the folder is for its owner alone."""
        providers: dict[str, Any] = {}
        for name, tape in self._tapes.items():
            for source in (OPENAI, ANTHROPIC):
                providers[f"{name}-{source}"] = self._tape(tape, source)
        for source in (OPENAI, ANTHROPIC):
            providers[source] = self._source(source)
        config = {"server": {"port": 0}, "providers": providers, "health": {"every_s": 0}}
        self._file.write_bytes(msgspec.json.encode(config))

    def _tape(self, tape: Tape, source: str) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "kind": "recording",
            "recordings": _literal(str(tape.folder.absolute())),
            "mode": tape.mode,
            "ordered": tape.ordered,
            "volatile": [_literal(path) for path in tape.volatile],
            "speed": tape.speed,
        }
        return fields if tape.mode == "none" else {**fields, "source": source}

    def _source(self, kind: str) -> dict[str, Any]:
        """The real provider, as the application would have reached it."""
        fields: dict[str, Any] = {"kind": kind}
        if base_url := self._environ.get(_BASE_URLS[kind]):
            fields["base_url"] = _literal(base_url)
        fields["api_key"] = _literal(self._environ.get(_KEYS[kind]) or "none")
        return fields


def _literal(text: str) -> str:
    """A text that means itself: the config looks for variables in ``${``."""
    return text.replace("${", "$${")
