"""The cells of the traffic list: which fit, and how our own limits are told from a provider's."""

import time

import msgspec
import pytest

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui.columns import Look, for_width, status
from llmgate_tui.glyphs import ASCII, UNICODE, Glyphs
from tests.tui import sample


def look(glyphs: Glyphs = UNICODE) -> Look:
    return Look(sample.NOON_MS, lambda ms: time.strftime("%H:%M", time.gmtime(ms / 1000)), glyphs)


def row(**changes: object) -> ExchangeSummary:
    return msgspec.structs.replace(sample.exchanges(8)[0], **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "queued", "status": None}, "◌ queue"),
        ({"state": "failed", "status": 429, "error_type": "policy_rate_limited"}, "429 own"),
        ({"state": "failed", "status": 429, "error_type": "policy_queue_full"}, "429 own"),
        ({"state": "failed", "status": 429, "error_type": "policy_budget"}, "budget"),
        ({"state": "failed", "status": 413, "error_type": "policy_too_large"}, "413 own"),
        ({"state": "finished", "status": 429, "error_type": "upstream_rate_limited"}, "429"),
        ({"state": "cancelled", "error_type": "policy_cancelled"}, "⊘ stopped"),
        ({"state": "failed", "status": 503, "error_type": "policy_cancelled"}, "stopped"),
        ({"state": "cancelled", "error_type": "caller_cancelled"}, "⊘ gone"),
    ],
)
def test_a_state_says_whose_limit_it_was(changes: dict[str, object], said: str) -> None:
    assert status(row(**changes), look())[0] == said


def test_the_signs_of_states_have_ascii_twins() -> None:
    for state in ("queued", "waiting", "streaming", "finished", "failed", "cut", "cancelled"):
        assert status(row(state=state), look(ASCII))[0].isascii()


@pytest.mark.parametrize("width", range(20, 260, 7))
def test_the_columns_never_take_more_than_there_is(width: int) -> None:
    taken = 3 + sum(cells + 1 for _, cells in for_width(width))

    assert taken <= max(width, 40)


def test_key_and_route_have_columns_where_there_is_room() -> None:
    names = {column.name for column, _ in for_width(140)}

    assert {"key", "route"} <= names
    assert "key" not in {column.name for column, _ in for_width(139)}
