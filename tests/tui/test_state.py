"""The rows as the terminal holds them, and the window on them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Changes, Heartbeat, Snapshot
from llmgate_tui.filter import compile_filter
from llmgate_tui.state import Traffic
from llmgate_tui.view import ORDERS, View
from tests.tui import sample

ROWS = sample.exchanges(40)


def ids(rows: list[ExchangeSummary]) -> list[str]:
    return [row.id for row in rows]


def shown(view: View) -> list[str]:
    return [view.row(at).id for at in range(len(view))]


def filled(cap: int = 10_000) -> tuple[Traffic, View]:
    traffic = Traffic(cap)
    traffic.put(ROWS)
    return traffic, View(traffic, lambda: sample.NOON_MS)


def test_a_snapshot_brings_rows_status_and_providers() -> None:
    traffic = Traffic()

    rows = traffic.apply(
        Snapshot(
            seq=1,
            status=sample.status(),
            exchanges=ROWS,
            providers=sample.providers(),
            notices=[],
        )
    )

    assert rows == ROWS
    assert traffic.status == sample.status()
    assert "groq" in traffic.providers


def test_a_heartbeat_keeps_the_status_right() -> None:
    traffic = Traffic()

    assert traffic.apply(Heartbeat(seq=4, status=sample.status(live=9))) == []
    assert traffic.status is not None
    assert traffic.status.live == 9


def test_changes_without_a_status_keep_the_last_one() -> None:
    traffic = Traffic()
    traffic.apply(Heartbeat(seq=4, status=sample.status()))

    traffic.apply(Changes(seq=5, exchanges=ROWS[:1]))

    assert traffic.status == sample.status()


def test_a_known_exchange_is_replaced_in_its_place() -> None:
    traffic, _ = filled()
    again = msgspec.structs.replace(ROWS[3], state="cut")

    delta = traffic.put([again])

    assert delta.changed == [3]
    assert traffic.rows[3] is again
    assert len(traffic) == 40


def test_old_rows_are_trimmed_in_blocks_and_indices_stay() -> None:
    traffic, view = filled(cap=30)

    assert len(traffic) == 27
    assert traffic.index(ROWS[0].id) is None
    assert traffic.find(ROWS[-1].id) is ROWS[-1]
    assert traffic.index(ROWS[-1].id) == 39
    assert shown(view) == ids(ROWS[13:])


def test_marks_go_with_the_rows_that_are_trimmed() -> None:
    traffic = Traffic(30)
    traffic.put(ROWS[:30])
    traffic.toggle_mark(ROWS[0].id)
    traffic.toggle_mark(ROWS[29].id)

    traffic.put(ROWS[30:])

    assert traffic.marks == {ROWS[29].id}


def test_rows_read_again_take_their_place_by_time() -> None:
    traffic = Traffic()
    traffic.put([*ROWS[:10], *ROWS[20:]])

    delta = traffic.merge(ROWS[5:25])

    assert delta.rebuilt
    assert sorted(ids(traffic.rows)) == sorted(ids(ROWS))
    starts = [row.started_ms for row in traffic.rows]
    assert starts == sorted(starts)


def test_what_is_cleared_does_not_come_back_with_a_snapshot() -> None:
    traffic, _ = filled()

    assert traffic.clear() == 40
    traffic.merge(ROWS)

    assert len(traffic) == 0


def test_news_is_held_while_paused_and_given_back() -> None:
    traffic = Traffic()
    traffic.put(ROWS[:10])
    traffic.hold([msgspec.structs.replace(ROWS[0], state="cut"), *ROWS[10:13]])
    traffic.hold(ROWS[12:14])

    assert traffic.held_new() == 4
    assert len(traffic.release()) == 5
    assert traffic.held_new() == 0


def test_a_filtered_view_follows_rows_that_begin_or_cease_to_match() -> None:
    traffic, view = filled()
    view.accept = compile_filter("state:ok", now_ms=0)
    view.rebuild()
    before = shown(view)
    gone = next(row for row in ROWS if row.id == before[4])

    moved = view.take(traffic.put([msgspec.structs.replace(gone, state="cut")]))

    assert moved
    assert shown(view) == [id_ for id_ in before if id_ != gone.id]
    view.take(traffic.put([gone]))
    assert shown(view) == before


def test_every_order_sorts_and_reverses_with_unknown_values_last() -> None:
    _, view = filled()
    for order, (_, key) in ORDERS.items():
        view.order, view.flipped = order, False
        view.rebuild()
        upward = [key(view.row(at), sample.NOON_MS) for at in range(len(view))]
        view.flipped = True
        view.rebuild()
        downward = [key(view.row(at), sample.NOON_MS) for at in range(len(view))]

        known = [value for value in upward if value is not None]
        assert known == sorted(known), order
        assert upward[: len(known)] == known
        assert downward == [*reversed(known), *upward[len(known) :]], order


def test_positions_and_indices_agree_in_every_arrangement() -> None:
    traffic, view = filled()
    for order in ("time", "cost"):
        for flipped in (False, True):
            for accept in (None, compile_filter("claude", now_ms=0)):
                view.order, view.flipped, view.accept = order, flipped, accept
                view.rebuild()
                assert [view.position(view.index(at)) for at in range(len(view))] == list(
                    range(len(view))
                )
    assert view.position(None) is None
    assert view.position(traffic.end + 5) is None


@given(st.lists(st.lists(st.integers(0, 39), max_size=8), max_size=20), st.integers(8, 40))
def test_a_view_kept_up_to_date_equals_one_built_anew(batches: list[list[int]], cap: int) -> None:
    traffic = Traffic(cap)
    kept, fresh = View(traffic, lambda: 0), View(traffic, lambda: 0)
    kept.accept = fresh.accept = compile_filter("status:200 or state:live", now_ms=0)
    kept.rebuild()
    for number, batch in enumerate(batches):
        rows = [
            msgspec.structs.replace(ROWS[at], status=429) if (at + number) % 3 else ROWS[at]
            for at in batch
        ]
        kept.take(traffic.put(rows))

    fresh.rebuild()
    assert shown(kept) == shown(fresh)
    assert all(traffic.find(row.id) is row for row in traffic.rows)


def test_the_names_a_filter_can_be_completed_with_are_those_of_the_rows() -> None:
    traffic, _ = filled()
    traffic.put([msgspec.structs.replace(ROWS[0], limited_by="key ide: concurrency")])

    assert traffic.values("limit") == {"", "key ide: concurrency"}
    assert "upstream_rate_limited" in traffic.values("err")
    assert "session-codex" in traffic.values("session")
    assert traffic.values("cost") == set()


def test_rows_read_for_a_filter_go_when_it_does() -> None:
    traffic = Traffic(30)
    traffic.put(ROWS[15:])
    traffic.merge_extra(ROWS[:3])
    traffic.toggle_mark(ROWS[1].id)

    assert len(traffic) == 28
    assert traffic.oldest_ms() == ROWS[15].started_ms
    assert traffic.drop_extra()
    assert ids(traffic.rows) == [ROWS[1].id, *ids(ROWS[15:])]
    assert not traffic.drop_extra()
    assert traffic.oldest_ms() == ROWS[15].started_ms
