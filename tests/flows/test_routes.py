"""Routes on real requests: what they match on, and how models are renamed on the way."""

from tests.flows.configs import CHAT, chat_answer, raw
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream

CONFIG = """
server: {{model_prefix: Proxy}}
providers:
  a:
    kind: openai-compatible
    base_url: {a}/v1
    api_key: ${{KEY_A}}
    models: {{exact: one, "glob-*": two, "/re-(.*)/": "three-\\\\1"}}
  b: {{kind: openai-compatible, base_url: "{b}/v1", api_key: "${{KEY_B:-key-of-b-1}}"}}
routes:
  by-header: {{match: {{header: {{x-team: "red*"}}}}, targets: [{{provider: b, model: for-red}}]}}
  by-key: {{match: {{key: [ide]}}, targets: [{{provider: b, model: for-ide}}]}}
  by-path: {{match: {{path: /v1/embeddings}}, targets: [{{provider: b}}]}}
  rest: {{match: {{model: "*"}}, targets: [{{provider: a}}]}}
keys:
  ide: {{key: ide-key-000111}}
  cli: {{key: cli-key-000222}}
health: {{every_s: 0}}
"""


async def test_the_first_route_that_matches_decides() -> None:
    async with (
        Upstream([respond(chat_answer("a"))]) as a,
        Upstream([respond(chat_answer("b"))]) as b,
        GatewayProcess(CONFIG.format(a=a.url, b=b.url), env={"KEY_A": "key-of-a-1"}) as gateway,
    ):

        async def ask(model: str, key: str = "cli-key-000222", **more: str) -> str:
            headers = {"x-api-key": key, **more}
            body = {**CHAT, "model": model}
            answer = await raw(gateway.url, "/v1/chat/completions", body, **headers)
            assert answer.status_code == 200, answer.text
            model_header: str = answer.headers["x-llmgate-upstream-model"]
            return f"{answer.headers['x-llmgate-provider']} {model_header}"

        got = {
            "header": await ask("exact", **{"x-team": "red-1"}),
            "other header": await ask("exact", **{"x-team": "blue"}),
            "key": await ask("exact", "ide-key-000111"),
            "glob": await ask("glob-x"),
            "regex": await ask("re-xyz"),
            "prefix": await ask("Proxy/exact"),
            "plain": await ask("left-alone"),
        }
        await raw(
            gateway.url,
            "/v1/embeddings",
            {"model": "exact", "input": "x"},
            **{"x-api-key": "cli-key-000222"},
        )
        key_a, key_b = (up.requests[-1].header("authorization") for up in (a, b))

    assert got == {
        "header": "b for-red",
        "other header": "a one",
        "key": "b for-ide",
        "glob": "a two",
        "regex": "a three-xyz",
        "prefix": "a one",
        "plain": "a left-alone",
    }
    assert key_a == "Bearer key-of-a-1"
    assert key_b == "Bearer key-of-b-1"
    assert b.requests[-1].target == "/v1/embeddings"
