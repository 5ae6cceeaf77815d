"""Replays and a matrix for the terminal UI's tests."""

from typing import Final

import msgspec

from llmgate.wire.replays import (
    Cell,
    Matrix,
    MatrixRow,
    ReplayEstimate,
    ReplayRefusal,
    ReplaySpec,
    ReplayTarget,
    ReplayView,
    TargetEstimate,
)
from tests.tui import sample
from tests.tui.fake_gateway import FakeGateway

NOON: Final = sample.NOON_MS
TITLES: Final = (
    "Fix the failing test in parser.py",
    "Which files import the config module?",
    "Write a commit message for this diff",
    "Explain the error above in one sentence",
)


def estimate(*targets: str, requests: int = 4, **changes: object) -> ReplayEstimate:
    each = [
        TargetEstimate(
            target=target, requests=requests, input_tokens=48_000, output_tokens=1_200, usd=0.031
        )
        for target in targets
    ]
    base = ReplayEstimate(
        sources=requests,
        requests=requests * len(targets),
        targets=each,
        usd=0.031 * len(targets),
        notes=["tools are never executed: each turn is sent with the context that was recorded"],
    )
    return msgspec.structs.replace(base, **changes)


REFUSED: Final = ReplayRefusal(
    source="ex_000001",
    target="anthropic/claude-sonnet-4-5",
    reason="openai.chat was recorded, anthropic speaks anthropic.messages",
)


def replay(id: str = "rp_1", **changes: object) -> ReplayView:  # noqa: A002
    base = ReplayView(
        id=id,
        created_ms=NOON - 120_000,
        state="running",
        spec=ReplaySpec(
            ids=["ex_000002", "ex_000008", "ex_000014", "ex_000020"],
            targets=[
                ReplayTarget(provider="groq", model="llama-3.3-70b"),
                ReplayTarget(provider="local", model="qwen3"),
            ],
            limit_usd=0.5,
        ),
        estimate=estimate("groq/llama-3.3-70b", "local/qwen3"),
        total=8,
        running=2,
        done=5,
        failed=1,
        spent_usd=0.019,
        spent_basis="reported",
    )
    return msgspec.structs.replace(base, **changes)


def cell(similarity: float | None = 1.0, **changes: object) -> Cell:
    base = Cell(
        ids=["re_1"],
        state="finished",
        status=200,
        ttfb_us=412_000,
        total_us=3_100_000,
        tokens_per_s=62.0,
        input_tokens=1_100,
        output_tokens=181,
        usage_basis="reported",
        cost_usd=0.0021,
        cost_basis="reported",
        similarity=similarity,
        ok=1,
    )
    return msgspec.structs.replace(base, **changes)


FAILED: Final = cell(
    None,
    state="failed",
    status=429,
    ttfb_us=None,
    tokens_per_s=None,
    output_tokens=None,
    usage_basis="unknown",
    cost_usd=None,
    cost_basis="unknown",
    ok=0,
    error="Rate limit reached",
)


def matrix(view: ReplayView | None = None, **changes: object) -> Matrix:
    """Four requests at two targets: the same, near, far, failed."""
    rows = {row.id: row for row in sample.exchanges(30)}
    first = [cell(1.0, ids=[id_], cost_usd=0.0151) for id_ in replay().spec.ids]
    groq = [cell(1.0), cell(0.93), cell(0.41), FAILED]
    local = [
        cell(1.0, cost_usd=0.0, output_tokens=204),
        cell(0.88, cost_usd=0.0, total_us=9_400_000, tokens_per_s=14.2),
        cell(0.97, cost_usd=0.0),
        Cell(),
    ]
    columns = zip(replay().spec.ids, TITLES, first, groq, local, strict=True)
    base = Matrix(
        replay=view or replay(),
        columns=["original", "groq/llama-3.3-70b", "local/qwen3"],
        rows=[
            MatrixRow(
                source=rows[id_],
                title=title,
                cells=[
                    one,
                    msgspec.structs.replace(two, ids=[f"{id_}-groq"]),
                    three if three.state == "pending" else named(three, f"{id_}-local"),
                ],
            )
            for id_, title, one, two, three in columns
        ],
        totals=[
            cell(1.0, ids=[], ok=4, cost_usd=0.0604),
            cell(0.93, ids=[], ok=3, cost_usd=0.0063),
            cell(0.97, ids=[], ok=3, cost_usd=0.0, total_us=3_300_000),
        ],
    )
    return msgspec.structs.replace(base, **changes)


def named(result: Cell, id: str) -> Cell:  # noqa: A002
    return msgspec.structs.replace(result, ids=[id])


def serve(fake: FakeGateway, *views: ReplayView) -> None:
    """These replays, a matrix for each, and an estimate for whatever is asked."""
    fake.answers |= {
        "replays": list(views),
        "POST replays/estimate": estimate("groq/llama-3.3-70b"),
        "POST replays": replay("rp_new", done=0, failed=0, spent_usd=None),
        "replays/rp_new": replay("rp_new", done=1, failed=0),
        "replays/rp_new/matrix": matrix(replay("rp_new", done=1, failed=0)),
    }
    for view in views:
        fake.answers |= {
            f"replays/{view.id}": view,
            f"replays/{view.id}/matrix": matrix(view),
            f"POST replays/{view.id}/stop": msgspec.structs.replace(
                view, state="stopped", running=0
            ),
            f"POST replays/{view.id}/resume": msgspec.structs.replace(view, state="running"),
            f"DELETE replays/{view.id}": b"",
        }
