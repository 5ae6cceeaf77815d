"""Waiting for a slot: first come, first served, bounded, and clean to leave."""

import pytest

from llmgate.access.access import Access
from llmgate.access.admission import Grant, Ticket
from llmgate.config.model import Limits
from llmgate.errors import LimitReached, QueueFull
from tests.access.making import NOW, config, let_in, one, queue_up, used


def busy(**limits: object) -> tuple[Access, Grant]:
    """One slot, taken."""
    fields: dict[str, object] = {"concurrency": 1, "queue": 2, **limits}
    access = Access(config(key=Limits(**fields)))  # type: ignore[arg-type]
    return access, let_in(access, NOW)


def watched(ticket: Ticket) -> list[str]:
    """Gets a word when the ticket is woken."""
    calls: list[str] = []
    ticket.on_wake(lambda: calls.append("woken"))
    return calls


def test_a_queue_is_served_in_order_and_nobody_overtakes() -> None:
    access, running = busy()
    first, second = queue_up(access, NOW), queue_up(access, NOW)
    told = watched(first), watched(second)
    running.settle(None, None)

    assert told == (["woken"], [])
    with pytest.raises(QueueFull):
        let_in(access, NOW)  # the free slot is the first one's
    granted = access.again(first, NOW)
    assert isinstance(granted, Grant)
    late = queue_up(access, NOW)
    granted.settle(None, None)
    assert told == (["woken"], ["woken"])
    assert isinstance(access.again(second, NOW), Grant)
    assert access.queued == 1
    late.leave()
    assert access.queued == 0


def test_a_full_queue_refuses_with_its_own_error() -> None:
    access, _ = busy()
    queue_up(access, NOW)
    queue_up(access, NOW)

    with pytest.raises(
        QueueFull, match=r"1 of at most 1 requests running.*2 wait \(queue 2\)"
    ) as e:
        let_in(access, NOW)
    assert e.value.limit == "key ide: concurrency"
    assert e.value.error_type == "policy_queue_full"
    view = access.limits(NOW)[0]
    assert (view.queued, view.queue, view.in_flight, view.refused) == (2, 2, 1, 1)


def test_without_a_queue_the_second_is_refused_at_once() -> None:
    access, running = busy(queue=0)

    with pytest.raises(QueueFull):
        let_in(access, NOW)
    running.withdraw()
    let_in(access, NOW)


def test_one_that_leaves_makes_room_for_the_next() -> None:
    access, running = busy()
    first, second = queue_up(access, NOW), queue_up(access, NOW)
    told = watched(second)
    running.settle(None, None)
    first.leave()
    first.leave()

    assert told == ["woken"]
    assert isinstance(access.again(second, NOW), Grant)


def test_a_wait_that_was_too_long_ends_with_the_queues_error() -> None:
    access, _ = busy(queue_wait_s=7)
    ticket = queue_up(access, NOW)
    error = access.waited_out(ticket, NOW + 7)

    assert ticket.patience_s == 0
    assert isinstance(error, QueueFull)
    assert "not this one's turn within 7 s" in error.message
    assert access.queued == 0


def test_windows_are_looked_at_again_when_the_turn_has_come() -> None:
    access, running = busy(requests_per_minute=2, queue=3)
    tickets = [queue_up(access, NOW + 1) for _ in range(3)]
    told = watched(tickets[2])
    running.settle(None, None)
    second = access.again(tickets[0], NOW + 2)
    assert isinstance(second, Grant)
    second.settle(None, None)

    with pytest.raises(LimitReached, match="2 requests per minute") as caught:
        access.again(tickets[1], NOW + 3)
    assert caught.value.retry_after_s == 57
    assert told == ["woken"]
    assert access.queued == 1


def test_one_that_waits_here_and_then_there_has_lost_no_time() -> None:
    access = Access(
        config(key=Limits(concurrency=1, queue=9), provider=Limits(concurrency=1, queue=9))
    )
    running = let_in(access, NOW, provider="spare")
    early = queue_up(access, NOW)
    # the provider is taken by somebody without the key
    other = access.admit([type(one(access))(access.way("", "up", "m", "m"))], NOW)
    late = access.admit([type(one(access))(access.way("", "up", "m", "m"))], NOW)
    assert isinstance(other, Grant)
    assert isinstance(late, Ticket)
    running.settle(None, None)
    assert access.again(early, NOW) is early
    assert early.limit == "provider up: concurrency"
    told = watched(early), watched(late)
    other.settle(None, None)

    assert told == (["woken"], [])
    assert isinstance(access.again(early, NOW), Grant)


def test_a_slot_elsewhere_is_better_than_a_queue() -> None:
    access = Access(config(provider=Limits(concurrency=1, queue=9)))
    let_in(access, NOW)
    grant = access.admit([one(access), one(access, provider="spare")], NOW)

    assert isinstance(grant, Grant)
    assert grant.index == 1
    assert "provider 'up' has 1 of at most 1 requests running" in grant.around


def test_a_ticket_that_is_told_nothing_hears_it_when_it_asks() -> None:
    access, running = busy()
    ticket = queue_up(access, NOW)
    running.settle(None, None)

    assert watched(ticket) == ["woken"]


def test_a_reload_that_allows_more_wakes_those_who_wait() -> None:
    access, running = busy()
    tickets = [queue_up(access, NOW), queue_up(access, NOW)]
    told = [watched(ticket) for ticket in tickets]
    after = Access(config(key=Limits(concurrency=3)), access)

    assert told == [["woken"], ["woken"]]
    assert all(isinstance(after.again(ticket, NOW), Grant) for ticket in tickets)
    running.settle(None, None)
    assert used(after, NOW) == {"key ide: concurrency": 2}


def test_a_reload_that_drops_the_limit_lets_everybody_go() -> None:
    access, _ = busy()
    ticket = queue_up(access, NOW)
    told = watched(ticket)
    after = Access(config(), access)

    assert told == ["woken"]
    assert isinstance(after.again(ticket, NOW), Grant)
    assert after.views(NOW)[0].in_flight == 2
