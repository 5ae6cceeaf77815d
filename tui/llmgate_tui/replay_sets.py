"""What can be sent again: marked ones, the one under the cursor, its run, a filter's (pure).

Results of earlier replays are left out of runs and filters: nobody means them by "all of these".
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.replays import MAX_SOURCES
from llmgate_tui.state import Traffic
from llmgate_tui.text import clean

NEWEST: Final = 100
"""Of a filter or a run; more than a person means by a glance at a list. Marks have no such end."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What the Traffic screen stands on: the cursor's row, the filter, and what it lets through."""

    row: ExchangeSummary | None = None
    filter: str = ""
    rows: Sequence[ExchangeSummary] = ()


class SourceSet(msgspec.Struct, frozen=True, kw_only=True):
    """Exchanges to send again, oldest first; without any, ``note`` says how to get some."""

    id: str
    title: str
    note: str
    rows: Sequence[ExchangeSummary] = ()
    ids: Sequence[str] = ()  # of what is not held, too

    @property
    def protocols(self) -> set[str]:
        """What they were asked in, as far as is known."""
        return {row.protocol for row in self.rows}


def source_sets(
    traffic: Traffic,
    looked: Looked,
    given: Sequence[str],
    sought: tuple[str, Sequence[ExchangeSummary]],
) -> list[SourceSet]:
    """Every set there is to choose from; ``given``: handed over, ``sought``: by a typed filter."""
    marked = [row for id_ in traffic.marks if (row := traffic.find(id_)) is not None]
    found = [_given(traffic, given)] if given else []
    found.append(_set("marked", "marked", marked, "none: m in Traffic marks", most=MAX_SOURCES))
    row = looked.row
    one = [row] if row is not None else []
    found.append(
        SourceSet(
            id="cursor",
            title="under the cursor",
            note=_one(row) if row is not None else "none: there is no traffic yet",
            rows=one,
            ids=[row.id for row in one],
        )
    )
    run = _run_of(row, traffic.rows)
    found.append(_set("run", "its run", _fit(run), "none: no session", _who(row)))
    shown = _fit(looked.rows)
    found.append(_set("filter", "shown in Traffic", shown, "none", clean(looked.filter)))
    text, rows = sought
    hint = "nothing matches" if text else "/ types one"
    found.append(_set("typed", "a filter", _fit(rows), hint, clean(text)))
    return found


def _given(traffic: Traffic, ids: Sequence[str]) -> SourceSet:
    rows = [row for id_ in ids if (row := traffic.find(id_)) is not None]
    return SourceSet(
        id="given", title="chosen", note=counted(len(ids)), rows=rows, ids=ids[:MAX_SOURCES]
    )


def _set(
    id: str,  # noqa: A002
    title: str,
    rows: Iterable[ExchangeSummary],
    none: str,
    name: str = "",
    most: int = NEWEST,
) -> SourceSet:
    every = sorted(rows, key=lambda row: row.started_ms)
    held = every[-most:]
    count = counted(len(held))
    if len(held) < len(every):
        count = f"newest {len(held):,} of {len(every):,}"
    note = f"{count}{f'  {name}' if name else ''}" if held else none
    return SourceSet(id=id, title=title, note=note, rows=held, ids=[row.id for row in held])


def _fit(rows: Iterable[ExchangeSummary]) -> list[ExchangeSummary]:
    """Those that have ended and asked a model for something, but for results of replays."""
    return [row for row in rows if row.state not in LIVE and row.model and not row.replay]


def _run_of(row: ExchangeSummary | None, rows: Iterable[ExchangeSummary]) -> list[ExchangeSummary]:
    if row is None or not row.session:
        return []
    return [one for one in rows if (one.client, one.session) == (row.client, row.session)]


def _who(row: ExchangeSummary | None) -> str:
    return "" if row is None else clean(row.client)


def _one(row: ExchangeSummary) -> str:
    return f"{clean(row.model) or clean(row.path)}  {clean(row.client)}".strip()


def counted(number: int) -> str:
    """1 exchange, 12 exchanges."""
    return "1 exchange" if number == 1 else f"{number:,} exchanges"
