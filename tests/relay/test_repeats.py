"""A runaway shows: equal requests that follow each other are counted."""

from llmgate.relay.repeats import Repeats
from tests.relay.making import exchange


def counted(repeats: Repeats, body: bytes, *, at_s: float = 0, **fields: str) -> int:
    one = exchange(body=body)
    one.started_ms += int(at_s * 1000)
    for name, value in fields.items():
        setattr(one, name, value)
    return repeats.count(one)


def test_equal_requests_are_counted_one_by_one() -> None:
    repeats = Repeats()

    assert [counted(repeats, b'{"a":1}', at_s=n) for n in range(4)] == [0, 1, 2, 3]


def test_another_body_caller_session_or_path_is_another_request() -> None:
    repeats = Repeats()
    counted(repeats, b'{"a":1}')

    assert counted(repeats, b'{"a":2}') == 0
    assert counted(repeats, b'{"a":1} ') == 0
    assert counted(repeats, b'{"a":1}', client="curl") == 0
    assert counted(repeats, b'{"a":1}', session="s") == 0
    assert counted(repeats, b'{"a":1}', path="/v1/messages") == 0
    assert counted(repeats, b'{"a":1}') == 1


def test_a_long_request_is_told_apart_by_its_length_and_its_end() -> None:
    repeats = Repeats()
    start, end = b"x" * 10_000, b"y" * 2_048
    counted(repeats, start + end)

    assert counted(repeats, start + end[:-1] + b"z") == 0
    assert counted(repeats, b"x" + start + end) == 0
    assert counted(repeats, start + end) == 1


def test_a_minute_of_rest_starts_the_count_again() -> None:
    repeats = Repeats()
    counts = [counted(repeats, b"{}", at_s=at_s) for at_s in (0, 60, 120, 180.001, 181)]

    assert counts == [0, 1, 2, 0, 1]


def test_a_request_without_a_body_never_repeats() -> None:
    repeats = Repeats()

    assert [counted(repeats, b"") for _ in range(3)] == [0, 0, 0]


def test_memory_is_bounded_and_the_oldest_is_forgotten() -> None:
    repeats = Repeats()
    counted(repeats, b"first")
    for n in range(1_024):
        counted(repeats, b"%d" % n)

    assert counted(repeats, b"1023") == 1
    assert counted(repeats, b"first") == 0
