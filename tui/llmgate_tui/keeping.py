"""The part of the control API that compares exchanges and keeps them: marks, tags, notes, files."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import quote, unquote

import msgspec

from llmgate.wire.compare import Comparison, PromptDiff
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation
from llmgate.wire.recordings import ExportFormat, ExportRequest
from llmgate_tui.api import Api, ApiProblem
from llmgate_tui.text import clean

_T = TypeVar("_T")
_MOST_IDS: Final = 1_000  # of one annotation
_NAMED: Final = re.compile(r'filename="([^"]*)"|filename=([^;\s]+)')
_SPARE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Export(msgspec.Struct, frozen=True):
    """A document to write to a file; ``skipped`` counts what could not be given out, ``why`` says
    the reason, as far as one was given.
    """

    name: str
    data: bytes
    skipped: int = 0
    why: str = ""


class Keeping:
    """Typed calls over ``Api``; every one raises ``ApiProblem`` when it cannot be made."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def compare(self, left: str, right: str, *, volatile: bool = False) -> Comparison:
        """The second against the first; ``volatile`` leaves nothing out."""
        params = {"to": right, "volatile": "true" if volatile else "false"}
        return await self._get(f"exchanges/{_path(left)}/compare", Comparison, params)

    async def prompt(self, id: str, before: str = "") -> PromptDiff:  # noqa: A002
        """A request against the one before it in its conversation, or against any other."""
        params = {"before": before} if before else {}
        return await self._get(f"exchanges/{_path(id)}/prompt", PromptDiff, params)

    async def annotate(self, change: Annotation) -> list[ExchangeSummary]:
        """Says something of exchanges; answers those that are kept, as they are now."""
        found: list[ExchangeSummary] = []
        for start in range(0, len(change.ids), _MOST_IDS):
            part = msgspec.structs.replace(change, ids=change.ids[start : start + _MOST_IDS])
            answer = await self._api.send("POST", "exchanges/annotate", part)
            found += _decoded(answer, list[ExchangeSummary])
        return found

    async def export(self, ids: list[str], format: ExportFormat) -> Export:  # noqa: A002
        """These exchanges as one document; of ``recording`` exactly one."""
        request = ExportRequest(ids=ids, format=format)
        data, headers = await self._api.fetch("POST", "recordings/export", request)
        return Export(
            name=_name(headers),
            data=data,
            skipped=_number(headers.get("x-llmgate-skipped", "")),
            why=clean(unquote(headers.get("x-llmgate-skipped-why", ""))),
        )

    async def _get(self, path: str, kind: type[_T], params: Mapping[str, str]) -> _T:
        return _decoded(await self._api.send("GET", path, params=params), kind)


def _name(headers: Mapping[str, str]) -> str:
    """A file name out of the gateway's answer: never a path, never a hidden file."""
    found = _NAMED.search(headers.get("content-disposition", ""))
    named = (found[1] or found[2] or "") if found else ""
    return _SPARE.sub("-", named.replace("\\", "/").rpartition("/")[2]).strip(".-")[:120]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _path(id: str) -> str:  # noqa: A002
    return quote(id, safe="")


def _decoded(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ApiProblem(
            f"the gateway's answer is not one this version understands: {error}", 200, foreign=True
        ) from error
