"""The active probe, over a real socket to providers with odd lists."""

import json
from pathlib import Path

import pytest

from llmgate.config.model import Config, ProviderConfig, Timeout
from llmgate.upstream.probe import probe
from llmgate.upstream.providers import Provider, Providers
from llmgate.wire.gateway import Probe
from tests.support.answers import Answer, End, Hang, Send, garbage, respond, stream
from tests.support.gateway import free_port
from tests.support.upstream import Upstream


def provider(url: str) -> Provider:
    """One provider at that address."""
    config = ProviderConfig(
        kind="openai-compatible",
        base_url=f"{url}/v1",
        api_key="sk-1",
        timeout=Timeout(connect_s=2),
    )
    providers = Providers(lambda _: Path())
    providers.apply(Config(providers={"up": config}))
    return providers["up"]


async def probed(answer: Answer, *, timeout_s: float = 10) -> tuple[Provider, Probe]:
    """Asks a provider that answers so."""
    async with Upstream([answer]) as up:
        asked = provider(up.url)
        result = await probe(asked, now_ms=7, now_s=1, timeout_s=timeout_s)
        assert up.requests[0].target == "/v1/models"
        assert up.requests[0].header("authorization") == "Bearer sk-1"
        await asked.sender.close()
    return asked, result


@pytest.mark.parametrize(
    ("body", "models"),
    [
        ({"object": "list", "data": [{"id": "a"}, {"id": "b", "owned_by": None}]}, ("a", "b")),
        ([{"id": "a", "name": "A"}], ("a",)),
        ({"models": [{"name": "models/g-1"}, {"name": "g-2", "size": 7}]}, ("g-1", "g-2")),
        ({"data": ["a", "b"]}, ("a", "b")),
        ({"data": [{"id": None}, {"id": 3}, 5, None, {"id": "a"}, {}]}, ("a",)),
        ({"data": None, "models": [{"name": "a"}]}, ("a",)),
        ({"data": [{"id": "x" * 999}]}, ("x" * 200,)),
        ({"data": [{"id": ""}, {"id": "models/"}]}, ()),
        ({"data": {"id": "a"}}, ()),
        ({"error": "no"}, ()),
        ("nothing", ()),
        (b"", ()),
        (b"<html>", ()),
        (b'{"data":[{"id":"\xff"}]}', ()),
        (b'{"data":[{"id":"a"}],"x":' + b"[" * 50_000, ()),
        (b'{"data":[' + b"[" * 50_000 + b"]" * 50_000 + b',{"id":"a"}]}', ()),
    ],
)
async def test_a_models_list_is_read_however_it_is_wrapped(
    body: object, models: tuple[str, ...]
) -> None:
    asked, result = await probed(respond(body))

    assert result.ok
    assert asked.models == models
    assert result.models == len(models)
    assert asked.state(1) == "up"


async def test_a_list_without_end_is_read_so_far_and_no_further() -> None:
    many = [{"id": f"m{n}"} for n in range(5_000)]
    piece = json.dumps(many).encode()
    long, _ = await probed(respond(piece))
    endless, result = await probed(stream([b"[" + b" " * 1_000_000] * 9))

    assert len(long.models) == 2_000
    assert result.ok
    assert endless.models == ()


async def test_a_list_that_cannot_be_read_today_does_not_forget_yesterdays() -> None:
    async with Upstream([respond({"data": [{"id": "a"}]}), respond(b"?")]) as up:
        asked = provider(up.url)
        await probe(asked, now_ms=1, now_s=1)
        await probe(asked, now_ms=2, now_s=2)
        await asked.sender.close()

    assert asked.models == ("a",)


@pytest.mark.parametrize(
    ("status", "ok", "error_type"),
    [
        (200, True, ""),
        (400, True, ""),
        (404, True, ""),
        (429, True, ""),
        (401, False, "upstream_auth"),
        (403, False, "upstream_auth"),
        (500, False, "upstream_server_error"),
        (503, False, "upstream_overloaded"),
    ],
)
async def test_a_status_says_whether_the_provider_is_well(
    status: int, ok: bool, error_type: str
) -> None:
    asked, result = await probed(respond({}, status=status))

    assert (result.ok, result.status) == (ok, status)
    assert [error.error_type for error in asked.health.last_errors] == [error_type] * (not ok)
    assert asked.state(1) == ("up" if ok else "degraded")


@pytest.mark.parametrize(
    ("answer", "error_type", "words"),
    [
        ([Hang()], "upstream_timeout", "no answer within 0.2 s"),
        (garbage(), "upstream_invalid", "did not answer in HTTP"),
        ([End()], "upstream_unreachable", "without an answer"),
        (respond({}, content_length=500), "upstream_cut", "broke off"),
        ([Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[]"), End("rst")], "upstream_cut", ""),
    ],
)
async def test_a_provider_that_fails_is_named_with_its_kind_of_failure(
    answer: Answer, error_type: str, words: str
) -> None:
    asked, result = await probed(answer, timeout_s=0.2 if answer == [Hang()] else 10)

    assert not result.ok
    assert words in result.error
    assert [error.error_type for error in asked.health.last_errors] == [error_type]
    assert asked.health.last_errors[0].message.startswith("probe: ")


async def test_three_failed_probes_are_down_and_one_good_one_is_up() -> None:
    gone = provider(f"http://127.0.0.1:{free_port()}")
    for now_s in (1, 2, 3):
        await probe(gone, now_ms=now_s, now_s=now_s)

    assert gone.state(3) == "down"
    assert gone.health.in_flight == 0
    assert {error.error_type for error in gone.health.last_errors} == {"upstream_unreachable"}
