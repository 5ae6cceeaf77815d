"""The calling side of a request."""

import pytest

from llmgate.errors import BadRequest, BodyTooLarge
from llmgate.relay.caller import Caller, CallerGone, Message
from tests.relay.making import Line


def part(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


async def test_a_body_in_pieces_is_put_together() -> None:
    line = Line([part(b"one ", more=True), part(b"", more=True), part(b"two")])

    assert await line.caller.body(100) == b"one two"


async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    assert await Line([part(b"x" * 10)]).caller.body(10) == b"x" * 10

    with pytest.raises(BodyTooLarge, match=r"max_body_mb"):
        await Line([part(b"x" * 11)]).caller.body(10)


async def test_a_body_that_grows_over_the_limit_is_not_read_to_its_end() -> None:
    line = Line([part(b"x" * 8, more=True), part(b"x" * 8, more=True), part(b"never")])

    with pytest.raises(BodyTooLarge):
        await line.caller.body(10)
    assert line._messages == [part(b"never")]


async def test_a_declared_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    line = Line([part(b"x")], headers=[(b"content-length", b"11")])

    with pytest.raises(BodyTooLarge):
        await line.caller.body(10)
    assert len(line._messages) == 1


async def test_a_length_that_is_no_number_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="content-length"):
        await Line([part(b"")], headers=[(b"content-length", b"1e3")]).caller.body(10)


@pytest.mark.parametrize("messages", [[GONE], [part(b"x", more=True), GONE]])
async def test_a_caller_that_leaves_while_it_sends_is_gone(messages: list[Message]) -> None:
    with pytest.raises(CallerGone):
        await Line(messages).caller.body(100)


async def test_an_answer_ends_once() -> None:
    line = Line()
    await line.caller.answer(200, [(b"a", b"b")], b"whole")
    await line.caller.end()

    assert line.body == b"whole"
    assert [message["more_body"] for message in line.got[1:]] == [False]
    assert line.got[0]["headers"] == [(b"a", b"b"), (b"content-length", b"5")]


@pytest.mark.parametrize(
    ("client", "loopback"),
    [
        (("127.0.0.1", 5), True),
        (("127.9.9.9", 5), True),
        (("::1", 5), True),
        (("::ffff:127.0.0.1", 5), True),
        (("192.168.0.7", 5), False),
        (("::ffff:10.0.0.1", 5), False),
        (None, False),
    ],
)
def test_who_counts_as_local_is_told_by_the_address_alone(
    client: tuple[str, int] | None, loopback: bool
) -> None:
    scope = {"headers": [(b"x-forwarded-for", b"127.0.0.1")], "query_string": b"", "path": "/"}
    made = Line().caller
    caller = Caller({**scope, "client": client}, made._receive, made._send)

    assert caller.loopback is loopback
