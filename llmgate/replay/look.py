"""What recorded bodies must be asked before they are sent again: are they there, can they be
edited, what is in them.

Bodies are looked at up to a bound, oldest first; of the others only that they are kept is known.
"""

import asyncio
from typing import Final

import msgspec

from llmgate.errors import BadRequest
from llmgate.formats.body import glance
from llmgate.relay.foresee import text_chars
from llmgate.replay.edit import BadEdit, edited
from llmgate.replay.sources import resendable
from llmgate.store.problems import StoreProblem
from llmgate.store.queries import Queries
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.replays import ReplaySpec

NOT_KEPT: Final = "the request body is not kept"
_MOST_BYTES: Final = 32_000_000
_SMALL: Final = 64_000
_RESULTS: Final = (b'"tool_result"', b'"role":"tool"', b'"role": "tool"', b"_call_output")
_EARLIER: Final = b'"previous_response_id"'
_BLANKED: Final = b"{{secret:"


class Look(msgspec.Struct, frozen=True):
    """What is known of a body as it will be sent; ``chars`` are those of its text.

    ``growth`` is by how much edits have changed its length, None when it is another body.
    """

    problem: str = ""
    chars: int | None = None
    growth: float | None = 1.0
    model: str = ""  # as the edits have it
    most_output: int | None = None
    tools: bool = False  # it carries results of tools
    earlier: bool = False  # it refers to an answer that its provider has kept
    blanked: bool = False


_UNSEEN: Final = Look()


class Looks:
    """The looks taken, by exchange."""

    def __init__(self) -> None:
        self.taken: dict[str, Look] = {}
        self.lost: set[str] = set()

    def of(self, exchange_id: str) -> Look:
        """What is known of one."""
        return self.taken.get(exchange_id, _UNSEEN)

    def notes(self, total: int) -> list[str]:
        """What people should know."""
        seen = [look for look in self.taken.values() if not look.problem]
        least = "at least " if len(self.taken) < total else ""
        tools = sum(look.tools for look in seen)
        earlier, blanked = sum(look.earlier for look in seen), sum(look.blanked for look in seen)
        notes = []
        if tools:
            carry = "carries" if tools == total == 1 else "carry"
            notes.append(
                f"tools are not executed: {least}{tools} of {total} requests {carry} tool results"
                " as recorded"
            )
        if lost := len(self.lost):
            notes.append(f"{lost} bodies are not kept" if lost > 1 else "1 body is not kept")
        if earlier:
            notes.append(f"{least}{earlier} of {total} refer to an answer that its provider kept")
        if blanked:
            notes.append(f"{least}{blanked} of {total} hold a secret that was blanked: sent so")
        return notes


class Looker:
    """Reads bodies."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def look(self, spec: ReplaySpec, rows: list[ExchangeSummary], kept: set[str]) -> Looks:
        """Looks at as many bodies as the bound allows."""
        looks = Looks()
        if spec.body:
            body = spec.body.encode("utf-8", "replace")
            look = await asyncio.to_thread(_look, body, spec)
            looks.taken[rows[0].id] = msgspec.structs.replace(look, growth=None)
            return looks
        read = 0
        for row in filter(resendable, rows):
            if row.id not in kept:
                looks.lost.add(row.id)
                looks.taken[row.id] = Look(problem=NOT_KEPT)
                continue
            read += row.request_bytes
            if read <= _MOST_BYTES:
                looks.taken[row.id] = await self._look(spec, row)
        return looks

    async def _look(self, spec: ReplaySpec, row: ExchangeSummary) -> Look:
        try:
            body = await self._queries.body(row.id, "request")
        except StoreProblem as error:
            return Look(problem=str(error))
        if not body:
            return Look(problem=NOT_KEPT)
        if len(body) < _SMALL:
            return _look(body, spec)
        return await asyncio.to_thread(_look, body, spec)


def _look(body: bytes, spec: ReplaySpec) -> Look:
    try:
        made = edited(body, spec.set)
        seen = glance(made)
    except (BadEdit, BadRequest) as error:
        return Look(problem=str(error))
    chars = text_chars(made)
    return Look(
        chars=chars,
        growth=1.0 if made is body else chars / max(1, text_chars(body)),
        model=seen.model or "",
        most_output=seen.most_output,
        tools=any(mark in made for mark in _RESULTS),
        earlier=_EARLIER in made,
        blanked=_BLANKED in made,
    )
