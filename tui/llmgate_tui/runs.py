"""Runs of agents: exchanges of one client and session, with their sums (pure).

An exchange without a session belongs to the run of its client that has none.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate_tui.columns import elapsed_us

RUNAWAY: Final = 3  # as many times the same request just before is worth a warning


class Run(msgspec.Struct, kw_only=True):
    """``rows`` are indices in the order they came; ``cost_usd`` is None while no price is known."""

    client: str
    session: str
    rows: list[int] = []
    live: int = 0
    errors: int = 0
    models: list[str] = []
    input_tokens: int = 0
    output_tokens: int = 0
    counted: int = 0  # exchanges with known tokens
    tokens_estimated: bool = False
    cost_usd: float | None = None
    cost_estimated: bool = False  # or some of it is not known at all
    started_ms: int = 0
    last_ms: int = 0  # the latest that anything happened
    repeat: int = 0  # the most times the same request came in a row

    @property
    def id(self) -> str:
        """One of its own; no exchange's id begins so."""
        return run_id(self.client, self.session)

    @property
    def turns(self) -> int:
        """Its exchanges."""
        return len(self.rows)

    @property
    def duration_us(self) -> int:
        """From its first to its latest sign of life."""
        return max(0, self.last_ms - self.started_ms) * 1000


def run_id(client: str, session: str) -> str:
    """The id of the run of a client's session."""
    return f"run\n{client}\n{session}"


def runs(rows: Iterable[tuple[int, ExchangeSummary]], now_ms: int) -> list[Run]:
    """The runs that rows (with their indices) belong to, the one that was active last at the
    end.
    """
    found: dict[tuple[str, str], Run] = {}
    for index, row in rows:
        name = (row.client, row.session)
        run = found.get(name)
        if run is None:
            run = found[name] = Run(
                client=row.client, session=row.session, started_ms=row.started_ms
            )
        run.rows.append(index)
        _add(run, row, now_ms)
    return sorted(found.values(), key=lambda run: (run.last_ms, run.rows[-1]))


def _add(run: Run, row: ExchangeSummary, now_ms: int) -> None:
    run.live += row.state in LIVE
    run.errors += row.state in {"failed", "cut"} or (row.status or 0) >= 400
    run.started_ms = min(run.started_ms, row.started_ms)
    run.last_ms = max(run.last_ms, row.started_ms + elapsed_us(row, now_ms) // 1000)
    run.repeat = max(run.repeat, row.repeat + 1 if row.repeat else 0)
    if row.model and row.model not in run.models:
        run.models.append(row.model)
    _add_tokens(run, row)
    _add_cost(run, row)


def _add_tokens(run: Run, row: ExchangeSummary) -> None:
    if row.input_tokens is None and row.output_tokens is None:
        return
    run.counted += 1
    run.input_tokens += row.input_tokens or 0
    run.output_tokens += row.output_tokens or 0
    if row.usage_basis == "estimated" or row.state in LIVE:
        run.tokens_estimated = True


def _add_cost(run: Run, row: ExchangeSummary) -> None:
    if row.cost_usd is not None and row.cost_basis != "unknown":
        run.cost_usd = (run.cost_usd or 0.0) + row.cost_usd
        run.cost_estimated = run.cost_estimated or row.cost_basis == "estimated"
    elif row.output_tokens:
        run.cost_estimated = True  # it cost something that nobody knows
