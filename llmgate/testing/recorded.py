"""What a test sees of its gateway: addresses, what was asked, what is missing, what is unused."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from llmgate.errors import LlmgateError
from llmgate.recording.format import SUFFIX
from llmgate.testing.station import ANTHROPIC, OPENAI, Mode, Station, Tape
from llmgate.upstream.cassette import MISSING, NAME_HEADER, RECORDED
from llmgate.wire.exchanges import LIVE, ExchangeDetail, ExchangePage, ExchangeSummary

_MOST: Final = 1_000
_ENDING_S: Final = 5.0
_PAUSE_S: Final = 0.02
_NO_KEY: Final = "llmgate-tests-need-no-key"


class Missing(AssertionError):
    """Something was asked that is not recorded; says what comes nearest."""


class Environment(Protocol):
    """Sets variables for a test: pytest's ``monkeypatch``."""

    def setenv(self, name: str, value: str) -> None: ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the application; ``recording`` is the file that answered it.

    It is empty for one that was recorded just now, and for one that is ``missing``.
    """

    id: str
    method: str
    path: str
    model: str
    status: int | None
    recording: str
    missing: bool
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Recorded:
    """The gateway of one test."""

    def __init__(self, station: Station, tape: Tape, name: str) -> None:
        self.folder = tape.folder
        self._station = station
        self._name = name
        self._there = _names(tape.folder)

    @property
    def url(self) -> str:
        """The address without ``/v1``; whatever is missing is asked of OpenAI."""
        return self._address(OPENAI)

    @property
    def openai_base_url(self) -> str:
        """What OpenAI's SDKs want."""
        return f"{self._address(OPENAI)}/v1"

    @property
    def anthropic_base_url(self) -> str:
        """What Anthropic's SDKs want."""
        return self._address(ANTHROPIC)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead an application here; its keys are not needed."""
        return {
            "OPENAI_BASE_URL": self.openai_base_url,
            "OPENAI_API_KEY": _NO_KEY,
            "ANTHROPIC_BASE_URL": self.anthropic_base_url,
            "ANTHROPIC_API_KEY": _NO_KEY,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def set_environment(self, monkeypatch: Environment) -> None:
        """Sets these variables while the test runs."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    @property
    def requests(self) -> list[Asked]:
        """What was asked, in its order."""
        return [self._asked(row) for row in self._rows()]

    def unused(self) -> list[str]:
        """The recordings that were there and answered nothing in this test."""
        return sorted(self._there - {asked.recording for asked in self.requests})

    def missing(self) -> list[str]:
        """Why each request without a recording has none, with what comes nearest."""
        rows = [row for row in self._rows() if row.status == 404]
        return [self._why(row) for row in rows if self._mark(row) == MISSING]

    def check(self) -> None:
        """Raises ``Missing`` when something was asked that is not recorded."""
        if missing := self.missing():
            raise Missing("\n\n".join(missing))

    def _address(self, source: str) -> str:
        return f"{self._station.url}/p/{self._name}-{source}"

    def _rows(self) -> list[ExchangeSummary]:
        """The exchanges of this test, oldest first, once none is on its way."""
        until = time.monotonic() + _ENDING_S
        while True:
            rows = self._page(OPENAI) + self._page(ANTHROPIC)
            if not any(row.state in LIVE for row in rows) or time.monotonic() > until:
                return sorted(rows, key=lambda row: (row.started_ms, row.id))
            time.sleep(_PAUSE_S)

    def _page(self, source: str) -> list[ExchangeSummary]:
        wanted: dict[str, str | int] = {"provider": f"{self._name}-{source}", "limit": _MOST}
        return msgspec.json.decode(self._get("exchanges", **wanted), type=ExchangePage).exchanges

    def _asked(self, row: ExchangeSummary) -> Asked:
        mark = self._mark(row)
        return Asked(
            id=row.id,
            method=row.method,
            path=row.path,
            model=row.model,
            status=row.status,
            recording="" if mark in {MISSING, RECORDED} else mark,
            missing=mark == MISSING,
            body=self._get(f"exchanges/{row.id}/body", part="request")
            if row.request_bytes
            else b"",
        )

    def _mark(self, row: ExchangeSummary) -> str:
        """What the gateway said of where its answer comes from."""
        detail = msgspec.json.decode(self._get(f"exchanges/{row.id}"), type=ExchangeDetail)
        return dict(detail.received_headers).get(NAME_HEADER, "")

    def _why(self, row: ExchangeSummary) -> str:
        body = json.loads(self._get(f"exchanges/{row.id}/body", part="answer"))
        return str(body["error"]["message"])

    def _get(self, path: str, **params: str | int) -> bytes:
        answer = self._station.admin.get(path, params=params)
        if answer.is_error:
            raise LlmgateError(f"the gateway of the tests answered {answer.status_code}: {path}")
        return answer.content


@contextmanager
def opened(station: Station, tape: Tape) -> Iterator[Recorded]:
    """A gateway for one test, of a process that serves several."""
    name = station.open(tape)
    try:
        yield Recorded(station, tape, name)
    finally:
        station.leave(name)


@contextmanager
def recorded_gateway(
    folder: str | Path,
    *,
    mode: Mode = "none",
    ordered: bool = False,
    volatile: Sequence[str] = (),
    speed: float = 0.0,
) -> Iterator[Recorded]:
    """A gateway on a folder of recordings while the block runs.

    Leaving it raises ``Missing`` when something was asked that is not recorded.
    """
    tape = Tape(
        folder=Path(folder), mode=mode, ordered=ordered, volatile=tuple(volatile), speed=speed
    )
    station = Station()
    try:
        with opened(station, tape) as recorded:
            yield recorded
            recorded.check()
    finally:
        station.close()


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*" + SUFFIX)}
