"""Who is calling, which models, how many: keys found, refused, limited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.access.access import Access
from llmgate.access.bucket import Bucket
from llmgate.config.model import Config, KeyConfig, Limits, Server
from llmgate.errors import InvalidKey, LimitReached, ModelNotAllowed

KEY = "sk-ide-0123456789"
OTHER = "sk-agent-987654321"


def access(
    limits: Limits | None = None, previous: Access | None = None, models: list[str] | None = None
) -> Access:
    keys = {
        "ide": KeyConfig(key=KEY, limits=limits or Limits(), models=models or ["*"]),
        "agent": KeyConfig(key=OTHER),
    }
    return Access(Config(keys=keys), previous)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"authorization", f"Bearer {KEY}"),
        (b"authorization", f"bearer  {KEY} "),
        (b"authorization", KEY),
        (b"x-api-key", KEY),
        (b"api-key", KEY),
        (b"x-goog-api-key", KEY),
    ],
)
def test_a_key_is_taken_from_every_usual_header(header: bytes, value: str) -> None:
    headers = [(b"host", b"x"), (header, value.encode())]

    assert access().identify(headers, b"", loopback=False) == "ide"


def test_a_key_is_taken_from_the_query() -> None:
    assert access().identify([], f"alt=sse&key={KEY}".encode(), loopback=False) == "ide"
    assert access().identify([], b"key=sk%2Dagent%2D987654321", loopback=False) == "agent"


def test_of_several_credentials_the_one_that_fits_counts() -> None:
    headers = [(b"authorization", b"Bearer dummy"), (b"x-api-key", OTHER.encode())]

    assert access().identify(headers, b"", loopback=True) == "agent"


def test_without_configured_keys_this_machine_alone_is_let_in() -> None:
    keyless = Access(Config())

    assert keyless.keyless
    assert keyless.identify([(b"x-api-key", b"anything")], b"", loopback=True) == ""
    with pytest.raises(InvalidKey, match="only callers on this machine"):
        keyless.identify([], b"", loopback=False)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([], b""),
        ([(b"authorization", b"")], b""),
        ([(b"cookie", KEY.encode())], b""),
        ([(b"x-api-key", KEY[:-1].encode())], b""),
        ([(b"x-api-key", KEY.encode() + b"x")], b""),
        ([(b"x-api-key", b"\xff\xfe")], b""),
        ([(b"x-api-key", KEY.encode() * 1000)], b""),
        ([], b"key=" + b"&" * 5000 + f"key={KEY}".encode()),
        ([], f"monkey={KEY}".encode()),
    ],
)
def test_anything_else_is_refused_and_told_what_to_send(
    headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    with pytest.raises(InvalidKey, match="Authorization: Bearer") as caught:
        access().identify(headers, query, loopback=True)
    assert caught.value.status == 401
    assert KEY[:-1] not in caught.value.message


def test_the_message_tells_a_missing_key_from_a_wrong_one() -> None:
    with pytest.raises(InvalidKey, match="a key is needed"):
        access().identify([], b"", loopback=True)
    with pytest.raises(InvalidKey, match="none of the configured ones"):
        access().identify([(b"x-api-key", b"wrong")], b"", loopback=True)


def test_a_key_may_be_kept_to_some_models() -> None:
    subject = access(models=["gpt-*", "fast"])

    subject.allow_model("ide", "gpt-4o")
    subject.allow_model("ide", "fast")
    subject.allow_model("agent", "claude-1")
    subject.allow_model("", "claude-1")
    with pytest.raises(ModelNotAllowed, match=r"'claude-1'; its models are: gpt-\*, fast"):
        subject.allow_model("ide", "claude-1")
    with pytest.raises(ModelNotAllowed) as caught:
        subject.allow_model("ide", "\x1b]0;" + "x" * 9000)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


def test_the_gateways_own_prefix_is_no_part_of_the_model() -> None:
    keys = {"ide": KeyConfig(key=KEY, models=["gpt-*"])}
    subject = Access(Config(server=Server(model_prefix="Proxy"), keys=keys))

    subject.allow_model("ide", "Proxy/gpt-4o")
    with pytest.raises(ModelNotAllowed):
        subject.allow_model("ide", "Proxy/claude-1")


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    subject = access(Limits(requests_per_second=2, burst=3))
    for _ in range(3):
        subject.admit("ide", 100.0)

    with pytest.raises(LimitReached, match=r"wait 0\.50 s") as caught:
        subject.admit("ide", 100.0)
    assert caught.value.retry_after_s == pytest.approx(0.5)
    assert caught.value.limit == "requests_per_second"
    subject.admit("ide", 100.5)
    with pytest.raises(LimitReached):
        subject.admit("ide", 100.9)


def test_the_burst_is_the_rate_rounded_up_unless_it_is_given() -> None:
    subject = access(Limits(requests_per_second=0.2))
    subject.admit("ide", 0.0)

    with pytest.raises(LimitReached) as caught:
        subject.admit("ide", 0.0)
    assert caught.value.retry_after_s == pytest.approx(5.0)
    assert access(Limits(requests_per_second=2.5)).views(0.0)[0].burst == 3


def test_counting_tokens_takes_nothing_from_a_limit() -> None:
    subject = access(Limits(requests_per_second=1))
    for _ in range(50):
        subject.admit("ide", 0.0, counts=False)

    subject.admit("ide", 0.0)


def test_keys_without_a_limit_and_keyless_callers_always_pass() -> None:
    subject = access()
    for _ in range(50):
        subject.admit("agent", 0.0)
        subject.admit("", 0.0)

    assert subject.views(0.0)[1].tokens_left is None


def test_what_is_left_and_what_was_refused_survive_a_reload() -> None:
    before = access(Limits(requests_per_second=1, burst=2))
    before.admit("ide", 10.0)
    before.admit("ide", 10.0)
    with pytest.raises(LimitReached):
        before.admit("ide", 10.0)

    after = access(Limits(requests_per_second=1, burst=5), before)

    with pytest.raises(LimitReached):
        after.admit("ide", 10.0)
    assert after.views(10.5)[0].refused == 2
    assert after.views(10.5)[0].tokens_left == pytest.approx(0.5)


def test_a_view_shows_the_end_of_a_long_key_only() -> None:
    keys = {"long": KeyConfig(key=KEY), "short": KeyConfig(key="abc123")}
    views = Access(Config(keys=keys)).views(0.0)

    assert [(view.name, view.hint) for view in views] == [("long", "6789"), ("short", "")]


@given(
    st.floats(0.01, 1000),
    st.integers(1, 50),
    st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
)
def test_a_bucket_never_gives_more_than_burst_and_rate_allow(
    rate: float, size: int, steps: list[float]
) -> None:
    bucket = Bucket(rate, size)
    now = passed = 0.0
    for step in steps:
        now += step
        wait_s = bucket.take(now)
        passed += wait_s == 0

        assert passed <= size + now * rate + 1e-6
        assert wait_s <= 1 / rate + 1e-9


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = Bucket(1.0, 1)

    assert bucket.take(100.0) == 0
    assert bucket.take(50.0) == pytest.approx(1.0)
    assert bucket.take(100.5) == pytest.approx(0.5)
    assert bucket.take(101.0) == 0


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=60))), st.binary(max_size=80))
def test_hostile_headers_and_queries_are_refused_and_nothing_else(
    headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    with pytest.raises(InvalidKey):
        access().identify(headers, query, loopback=True)
