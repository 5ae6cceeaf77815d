"""The gateway's own log: one JSON object a line in a rotating file, plain lines on the terminal.

Written through a queue, so that a slow disk never holds up a request. Secrets and control
characters are taken out here, whatever the caller of the logger put in.
"""

import errno
import logging
import logging.handlers
import os
import queue
import re
from collections.abc import Callable, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import cast

import msgspec

from llmgate.config.model import LogConfig
from llmgate.wire.safe_text import safe_text

Scrub = Callable[[str], str]
_FIELDS = "llmgate_fields"
_OURS = re.compile(rb'\{"ts":|\d\d:\d\d:\d\d (debug|info|warning|error)')
_encoder = msgspec.json.Encoder()


class JsonLines(logging.Formatter):
    """A record as one JSON object: time (epoch seconds), level, event, and its fields."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """Encodes; every text is scrubbed."""
        entry: dict[str, object] = {
            "ts": round(record.created, 3),
            "level": record.levelname.lower(),
            "event": self._clean(record.getMessage()),
        }
        for name, value in getattr(record, _FIELDS, {}).items():
            entry[name] = self._clean(value)
        if record.exc_info:
            entry["trace"] = self._clean(self.formatException(record.exc_info))
        return _encoder.encode(entry).decode()

    def _clean(self, value: object) -> object:
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        return _encodable(self._scrub(str(value)))


def _encodable(text: str) -> str:
    """Lone surrogates, which no file takes, are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


class PlainLines(logging.Formatter):
    """A record for a person's eyes."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        """One line, safe to print."""
        fields: Mapping[str, object] = getattr(record, _FIELDS, {})
        extra = "".join(f" {name}={value}" for name, value in fields.items() if value != "")
        line = f"{self.formatTime(record, self.datefmt)} {record.levelname.lower():7}"
        event = _encodable(f"{record.getMessage()}{extra}")
        text = safe_text(self._scrub(event), newlines=False)
        if record.exc_info:
            text += "\n" + safe_text(self._scrub(self.formatException(record.exc_info)))
        return f"{line} {text}"


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that only its owner can read, each new one too."""

    def _open(self) -> TextIOWrapper:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return cast(
            "TextIOWrapper",
            open(self.baseFilename, self.mode, encoding=self.encoding, opener=private),
        )


def _refuse_what_is_not_ours(path: Path) -> None:
    """A file that is there and no log of llmgate's is somebody else's: raises ``OSError``."""
    if not path.exists():
        return
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        beginning = file.read(64)
    if beginning and not _OURS.match(beginning):
        raise OSError(errno.EEXIST, "it is there and is no log of llmgate's: name another")


class Log:
    """Owns the handlers; ``close`` writes what is queued."""

    def __init__(self, config: LogConfig, default_file: Path, scrub: Scrub, *, echo: bool) -> None:
        self._scrub = scrub
        self._queue: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._echo = echo
        self._default_file = default_file
        self._logger = logging.getLogger("llmgate")
        self._logger.propagate = False
        self._listener: logging.handlers.QueueListener | None = None
        self.problem = ""
        self.configure(config)

    def configure(self, config: LogConfig) -> None:
        """Applies a reloaded ``log:`` section."""
        self._stop()
        handlers = self._handlers(config)
        self._listener = logging.handlers.QueueListener(self._queue, *handlers)
        self._listener.start()
        self._logger.handlers[:] = [_Enqueue(self._queue)]
        self._logger.setLevel(config.level.upper())

    def set_scrub(self, scrub: Scrub) -> None:
        """Uses the secrets of a reloaded config."""
        self._scrub = scrub

    def write(self, level: str, event: str, **fields: object) -> None:
        """Logs an event with its fields."""
        number = logging.getLevelNamesMapping()[level.upper()]
        if self._logger.isEnabledFor(number):
            self._logger.log(number, "%s", event, extra={_FIELDS: fields})

    def failure(self, event: str, error: BaseException) -> None:
        """Logs a mistake of ours with its trace."""
        self._logger.error("%s", event, exc_info=error)

    def close(self) -> None:
        """Writes what is queued and closes the file."""
        self._stop()
        self._logger.handlers.clear()

    def _handlers(self, config: LogConfig) -> list[logging.Handler]:
        handlers: list[logging.Handler] = []
        path = Path(config.file) if config.file else self._default_file
        self.problem = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _refuse_what_is_not_ours(path)
            to_file = _PrivateFile(
                path,
                maxBytes=int(config.rotate_mb * 1_000_000),
                backupCount=config.keep,
                encoding="utf-8",
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "bad path"
            self.problem = f"the log file {path} cannot be written: {reason}"
        else:
            to_file.setFormatter(
                JsonLines(self._scrubbed) if config.json else PlainLines(self._scrubbed)
            )
            handlers.append(to_file)
        if self._echo or not handlers:
            to_terminal = logging.StreamHandler()
            to_terminal.setFormatter(PlainLines(self._scrubbed))
            handlers.append(to_terminal)
        return handlers

    def _scrubbed(self, text: str) -> str:
        return self._scrub(text)

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            for handler in self._listener.handlers:
                handler.close()
            self._listener = None


class _Enqueue(logging.handlers.QueueHandler):
    """Keeps records as they are: the listener is in the same process."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record
