"""Who is calling, which models: keys found, and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmgate.access.access import Access
from llmgate.config.model import Config, KeyConfig, Server
from llmgate.errors import InvalidKey, ModelNotAllowed

KEY = "sk-ide-0123456789"
OTHER = "sk-agent-987654321"


def access(models: list[str] | None = None) -> Access:
    keys = {"ide": KeyConfig(key=KEY, models=models or ["*"]), "agent": KeyConfig(key=OTHER)}
    return Access(Config(keys=keys))


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


def test_a_key_that_is_disabled_is_refused_and_told_so() -> None:
    keys = {
        "ide": KeyConfig(key=KEY, enabled=False),
        "agent": KeyConfig(key=OTHER),
    }
    subject = Access(Config(keys=keys))

    with pytest.raises(InvalidKey, match="'ide' is disabled"):
        subject.identify([(b"x-api-key", KEY.encode())], b"", loopback=True)
    both = [(b"x-api-key", KEY.encode()), (b"authorization", f"Bearer {OTHER}".encode())]
    assert subject.identify(both, b"", loopback=False) == "agent"
    assert not subject.keyless


def test_a_view_shows_the_end_of_a_long_key_only() -> None:
    keys = {"long": KeyConfig(key=KEY), "short": KeyConfig(key="abc123")}
    views = Access(Config(keys=keys)).views(0.0)

    assert [(view.name, view.hint) for view in views] == [("long", "6789"), ("short", "")]


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=60))), st.binary(max_size=80))
def test_hostile_headers_and_queries_are_refused_and_nothing_else(
    headers: list[tuple[bytes, bytes]], query: bytes
) -> None:
    with pytest.raises(InvalidKey):
        access().identify(headers, query, loopback=True)
