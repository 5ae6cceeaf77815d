"""Which exchanges a replay sends again: named by their ids or found by a filter, oldest first."""

from typing import Final

import msgspec

from llmgate.recording.promote import NOT_RESENDABLE
from llmgate.replay.problems import BadReplay, NoSuchReplay
from llmgate.store.filters import Filter
from llmgate.store.queries import MAX_PAGE, Queries
from llmgate.store.replays import KeptReplays
from llmgate.wire.exchanges import ExchangeSummary, Protocol
from llmgate.wire.replays import MAX_SOURCES, ReplaySpec

_RESENT: Final[frozenset[Protocol]] = frozenset(
    {
        "openai.chat",
        "openai.completions",
        "openai.responses",
        "openai.embeddings",
        "anthropic.messages",
        "anthropic.count_tokens",
        "gemini",
        "ollama",
    }
)
_MOST_PAGES: Final = 100
_LONGEST_ID: Final = 64


class Sources(msgspec.Struct, frozen=True):
    """What was found; ``missing`` are ids that no exchange has."""

    rows: list[ExchangeSummary]
    missing: list[str] = []
    notes: list[str] = []


class Finder:
    """Looks sources up in the store."""

    def __init__(self, queries: Queries, kept: KeptReplays) -> None:
        self._queries = queries
        self._kept = kept

    async def find(self, spec: ReplaySpec) -> Sources:
        """The exchanges a spec names. Raises ``BadReplay``, ``NoSuchReplay``, ``BadFilter``."""
        if spec.ids and spec.filter:
            raise BadReplay("name the exchanges by `ids` or by `filter`, not by both")
        if not spec.ids and not spec.filter:
            raise BadReplay("name the exchanges to send again, by `ids` or by `filter`")
        found = await (self._by_filter(spec) if spec.filter else self.by_ids(spec.ids))
        if not found.rows:
            if not spec.ids:
                raise NoSuchReplay("no exchange matches that could be sent again")
            one = spec.ids[0][:_LONGEST_ID]
            raise NoSuchReplay(f"no exchange has the id '{one}', or several begin with it")
        return found

    async def by_ids(self, ids: list[str]) -> Sources:
        """These exchanges; an id may be the beginning of one that no other exchange has."""
        ids = list(dict.fromkeys(ids))
        if len(ids) > MAX_SOURCES:
            raise BadReplay(f"{len(ids)} exchanges are too many: at most {MAX_SOURCES:,} at once")
        rows = await self._kept.exchanges([one for one in ids if len(one) <= _LONGEST_ID])
        missing = []
        for one in ids:
            if one not in rows:
                detail = await self._queries.detail(one) if len(one) <= _LONGEST_ID else None
                if detail is None:
                    missing.append(one[:_LONGEST_ID])
                else:
                    rows[one] = detail.summary
        unique = {row.id: row for row in rows.values()}
        return Sources(_oldest_first(list(unique.values())), missing)

    async def _by_filter(self, spec: ReplaySpec) -> Sources:
        if not 1 <= spec.newest <= MAX_SOURCES:
            raise BadReplay(f"`newest` is a number from 1 to {MAX_SOURCES:,}")
        wanted = _filter(spec.filter)
        rows: list[ExchangeSummary] = []
        cursor, others = "", 0
        for _ in range(_MOST_PAGES):
            page = await self._queries.page(wanted, cursor, MAX_PAGE)
            fit = [row for row in page.exchanges if resendable(row) and _is_meant(row, wanted)]
            others += sum(not resendable(row) for row in page.exchanges)
            rows += fit[: spec.newest - len(rows)]
            cursor = page.cursor
            if not cursor or len(rows) >= spec.newest:
                break
        notes = [f"{others} that match are no requests for an answer: left out"] if others else []
        return Sources(_oldest_first(rows), notes=notes)


def resendable(row: ExchangeSummary) -> bool:
    """A request for an answer: sending it again creates, uploads and deletes nothing."""
    return row.protocol in _RESENT and row.method == "POST"


def why_not(row: ExchangeSummary) -> str:
    """Why a request cannot be sent again, empty when it can."""
    if NOT_RESENDABLE in row.tags.split(","):
        return "parts of it that are signed were scrubbed: no provider takes it any more"
    if resendable(row):
        return ""
    what = f"{row.method} {row.path[:80]} was recorded as {row.protocol}"
    return f"{what}: only requests for a model's answer are sent again"


def _is_meant(row: ExchangeSummary, wanted: Filter) -> bool:
    """What a replay made is sent again only where replays are asked for."""
    return not row.parent or bool(wanted.replay or wanted.parent)


def _filter(names: dict[str, str]) -> Filter:
    unknown = sorted(set(names) - set(Filter.__struct_fields__))
    if unknown:
        known = ", ".join(Filter.__struct_fields__)
        raise BadReplay(f"the filter knows no '{unknown[0][:40]}'; it knows {known}")
    try:
        return msgspec.convert(names, Filter, strict=False)
    except msgspec.ValidationError as error:
        raise BadReplay(f"the filter cannot be read: {error}") from error


def _oldest_first(rows: list[ExchangeSummary]) -> list[ExchangeSummary]:
    return sorted(rows, key=lambda row: (row.started_ms, row.id))
