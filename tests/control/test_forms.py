"""Forms over the control API: each is an edit of the file, which keeps its comments and order."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from llmgate.config.load import etag_of
from tests.flows.configs import CHAT, chat_answer, raw
from tests.support.answers import respond
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

CONFIG = """\
# the config of the tests
providers:
  up:   # the first
    kind: openai-compatible
    base_url: {url}/v1
    api_key: sk-upstream-secret-1234
  spare: {{kind: openai-compatible, base_url: "http://127.0.0.1:9/v1", headers: {{x-a: b, x-c: d}}}}

routes:
  fast:
    match: {{model: "gpt-*", key: [ide]}}   # of the IDE
    targets:
      - {{provider: up, weight: 50}}   # most of it
      - {{provider: spare, weight: 0}}
  rest: {{match: {{model: "*"}}, targets: [{{provider: up}}]}}

keys:
  ide: {{key: "ide-key-000111", limits: {{requests_per_day: 100}}}}   # of the IDE

health: {{every_s: 0}}
"""


class Forms:
    """Edits a running gateway's file and reads what became of it."""

    def __init__(self, gateway: Inside, file: Path) -> None:
        self.gateway = gateway
        self.file = file

    async def ask(
        self, method: str, path: str, body: object = None, if_match: str = "*", **headers: str
    ) -> httpx.Response:
        sent = {"if-match": if_match, **headers} if if_match else headers
        url = f"/admin/v1/{path}"
        return await self.gateway.admin.request(method, url, json=body, headers=sent)

    async def done(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """An edit that was made: the file has it, and the answer its ETag."""
        answer = await self.ask(method, path, body, **headers)
        assert answer.status_code in {200, 201}, answer.text
        verdict = answer.json()
        assert verdict["ok"] is True
        assert answer.headers["etag"] == verdict["etag"] == etag_of(self.text)
        assert self.text.startswith("# the config of the tests\n")
        return verdict

    async def get(self, path: str) -> Any:
        answer = await self.gateway.admin.get(f"/admin/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def text(self) -> str:
        """The file as it is now."""
        return self.file.read_text("utf-8")


@pytest.fixture
async def forms(tmp_path: Path) -> AsyncIterator[Forms]:
    async with Upstream(lambda _: respond(chat_answer())) as up:
        async with inside(CONFIG.format(url=up.url), tmp_path) as gateway:
            yield Forms(gateway, tmp_path / "config.yaml")


async def test_a_provider_is_added_changed_and_removed(forms: Forms) -> None:
    before = forms.text
    settings = {"kind": "groq", "api_key": "${GROQ:-gsk_0123456789}", "timeout": {"idle_s": 9}}
    added = await forms.done("POST", "providers", {"name": "groq", "settings": settings})
    changed = await forms.done("PATCH", "providers/groq", {"timeout": None, "enabled": False})
    view = await forms.get("providers/groq")
    await forms.done("DELETE", "providers/groq")

    assert added["applied"] is True
    assert "provider groq added" in (await forms.get("config/history"))["revisions"][2]["summary"]
    assert "idle_s" not in changed["diff"].replace("-    ", "") or "idle_s" in changed["diff"]
    assert view["state"] == "disabled"
    assert forms.text == before


async def test_a_provider_is_replaced_as_a_whole(forms: Forms) -> None:
    await forms.done(
        "PUT", "providers/spare", {"kind": "vllm", "base_url": "http://127.0.0.1:7/v1"}
    )
    view = await forms.get("providers/spare")

    assert (view["kind"], view["base_url"]) == ("vllm", "http://127.0.0.1:7/v1")
    assert "x-a" not in forms.text


async def test_one_field_of_a_flow_mapping_is_removed_and_the_rest_stays(forms: Forms) -> None:
    await forms.done("PATCH", "providers/spare", {"headers": {"x-a": None, "x-e": "f"}})

    assert "x-c: d" in forms.text
    assert "x-e: f" in forms.text
    assert "x-a" not in forms.text


async def test_a_provider_that_a_route_sends_to_cannot_go(forms: Forms) -> None:
    before = forms.text
    answer = await forms.ask("DELETE", "providers/spare")
    verdict = answer.json()

    assert answer.status_code == 422
    assert verdict["ok"] is False
    assert "no provider is called `spare`" in verdict["problems"][0]["message"]
    assert verdict["problems"][0]["line"] > 0
    assert answer.headers["etag"] == verdict["etag"] == etag_of(before)
    assert forms.text == before


async def test_disabled_and_enabled_again(forms: Forms) -> None:
    before = forms.text
    nothing = await forms.done("POST", "providers/up/enable")
    untouched = forms.text
    await forms.done("POST", "routes/fast/disable")
    disabled = await forms.get("routes/fast")
    await forms.done("POST", "routes/fast/enable")

    assert nothing.get("applied", False) is False
    assert untouched == before
    assert disabled["enabled"] is False
    assert (await forms.get("routes/fast")).get("enabled", True) is True
    assert forms.text.replace("    enabled: true\n", "") == before


async def test_what_names_a_provider_follows_its_new_name(forms: Forms) -> None:
    await forms.done("POST", "providers/up/rename", {"to": "main"})
    routes = await forms.get("routes")

    assert [t["provider"] for route in routes for t in route["targets"]] == [
        "main",
        "spare",
        "main",
    ]
    assert "  main:   # the first\n" in forms.text
    assert "{provider: main, weight: 50}   # most of it" in forms.text


async def test_routes_are_added_at_a_place_moved_and_removed(forms: Forms) -> None:
    before = forms.text
    new = {"match": {"model": "x"}, "targets": [{"provider": "up"}]}
    await forms.done("POST", "routes", {"name": "new", "settings": new, "index": 1})
    added = [route["name"] for route in await forms.get("routes")]
    await forms.done("POST", "routes/new/move", {"to": 0})
    moved = [route["name"] for route in await forms.get("routes")]
    await forms.done("POST", "routes/new/rename", {"to": "newer"})
    renamed = [route["name"] for route in await forms.get("routes")]
    await forms.done("DELETE", "routes/newer")

    assert added == ["fast", "new", "rest"]
    assert moved == ["new", "fast", "rest"]
    assert renamed == ["newer", "fast", "rest"]
    assert forms.text == before


async def test_a_route_is_changed_and_replaced(forms: Forms) -> None:
    await forms.done("PATCH", "routes/fast", {"streaming": "only", "match": {"key": None}})
    patched = await forms.get("routes/fast")
    await forms.done("PUT", "routes/rest", {"targets": [{"provider": "spare"}]})
    replaced = await forms.get("routes/rest")

    assert (patched["streaming"], patched["match"]) == ("only", {"model": "gpt-*"})
    assert "# of the IDE" in forms.text
    assert (replaced["match"], replaced["targets"][0]["provider"]) == ({}, "spare")


async def test_a_weight_is_shifted_and_undone(forms: Forms) -> None:
    before = forms.text
    verdict = await forms.done("PATCH", "routes/fast/targets/1", {"weight": 50})
    shifted = forms.text
    await forms.done("POST", "config/undo")
    undone = forms.text
    await forms.done("POST", "config/redo")

    assert shifted == before.replace("weight: 0}", "weight: 50}")
    assert verdict["routes"][0]["route"] == "fast"
    assert [share.get("after") for share in verdict["routes"][0]["shares"]] == [0.5, 0.5]
    assert undone == before
    assert forms.text == shifted


async def test_targets_are_added_moved_and_removed(forms: Forms) -> None:
    before = forms.text
    path = "routes/fast/targets"
    await forms.done("POST", path, {"settings": {"provider": "up", "model": "m"}, "index": 1})
    await forms.done("POST", path, {"settings": {"provider": "up", "model": "last"}})
    await forms.done("POST", f"{path}/1/move", {"to": 0})
    models = [target.get("model", "") for target in (await forms.get("routes/fast"))["targets"]]
    await forms.done("DELETE", f"{path}/3")
    await forms.done("DELETE", f"{path}/0")

    assert models == ["m", "", "", "last"]
    assert forms.text == before


async def test_a_new_key_works_at_once_is_shown_once_and_can_be_refused(forms: Forms) -> None:
    new = {"name": "bot", "settings": {"models": ["gpt-*"]}, "variable": "BOT_KEY"}
    verdict = await forms.done("POST", "keys", new)
    secret = {"authorization": f"Bearer {verdict['secret']}"}
    let_in = await raw(forms.gateway.url, "/v1/chat/completions", CHAT, **secret)
    view = await forms.get("keys/bot")
    texts = [str(await forms.get(path)) for path in ("config", "keys", "config/history")]
    await forms.done("POST", "keys/bot/disable")
    refused = await raw(forms.gateway.url, "/v1/chat/completions", CHAT, **secret)
    await forms.done("PATCH", "keys/bot", {"enabled": None, "limits": {"concurrency": 1}})
    limited = await forms.get("limits/key/bot")
    await forms.done("DELETE", "keys/bot")

    assert (let_in.status_code, refused.status_code) == (200, 401)
    assert view["variable"] == "BOT_KEY"
    assert not any(verdict["secret"] in text for text in texts)
    assert verdict["secret"] not in forms.text
    assert limited["limits"][0]["name"] == "concurrency"


async def test_routes_that_match_a_key_by_name_follow_its_new_one(forms: Forms) -> None:
    await forms.done("POST", "keys/ide/rename", {"to": "editor"})

    assert (await forms.get("routes/fast"))["match"]["key"] == "editor"
    assert '  editor: {key: "ide-key-000111"' in forms.text


async def test_limits_are_set_and_removed_whatever_the_model_is_called(forms: Forms) -> None:
    before = forms.text
    path = "limits/model/org%2Fgpt-%2A%3F"
    await forms.done("PUT", path, {"requests_per_day": 3})
    view = await forms.get(path)
    await forms.done("PUT", "limits/key/ide", {"requests_per_minute": 5})
    key = await forms.get("limits/key/ide")
    await forms.done("PUT", "limits/provider/up", {"concurrency": 2})
    provider = await forms.get("providers/up")
    await forms.done("DELETE", path)
    gone = await forms.ask("GET", path)
    await forms.done("DELETE", "limits/provider/up")

    assert (view["name"], view["limits"][0]["limit"]) == ("org/gpt-*?", 3)
    assert [one["name"] for one in key["limits"]] == ["requests_per_minute"]
    assert provider["limits"]["limits"][0]["limit"] == 2
    assert gone.status_code == 404
    assert forms.text.replace("requests_per_minute: 5", "requests_per_day: 100") == (
        f"{before}\nlimits: {{}}\n"
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "providers", {"name": "up", "settings": {}}, 409, "exists already"),
        ("POST", "routes", {"name": "fast", "settings": {}}, 409, "exists already"),
        ("POST", "keys", {"name": "ide"}, 409, "exists already"),
        ("POST", "providers/spare/rename", {"to": "up"}, 409, "exists already"),
        ("POST", "providers", {"name": "a b", "settings": {"kind": "vllm"}}, 422, "is no name"),
        ("POST", "providers", {"name": "x", "settings": {"kynd": "vllm"}}, 422, "kind"),
        ("POST", "providers", {"settings": {}}, 400, "name"),
        ("PUT", "providers/nobody", {}, 404, "no provider is called 'nobody'"),
        ("PATCH", "routes/nobody", {}, 404, "no route is called 'nobody'"),
        ("DELETE", "keys/nobody", None, 404, "no key is called 'nobody'"),
        ("DELETE", "keys/ide", None, 422, "no key is called `ide`"),
        ("POST", "routes/nobody/move", {"to": 0}, 404, "no route is called"),
        ("PATCH", "routes/fast/targets/2", {"weight": 1}, 404, "no target 2"),
        ("DELETE", "routes/rest/targets/0", None, 422, "has no targets"),
        ("PATCH", "routes/fast/targets/0", {"weight": -1}, 422, "weight"),
        ("POST", "routes/nobody/targets", {"settings": {}}, 404, "no route is called"),
        ("PUT", "limits/key/nobody", {}, 404, "no key is called 'nobody'"),
        ("DELETE", "limits/model/x", None, 404, "model 'x' has no limits"),
        ("PUT", "limits/model/x", {"requests_per_dya": 1}, 422, "requests_per_day"),
        ("POST", "config/rollback/999", None, 404, ""),
        ("GET", "config/history/999", None, 404, ""),
    ],
)
async def test_an_edit_that_cannot_be_made_changes_nothing(
    forms: Forms, method: str, path: str, body: object, status: int, words: str
) -> None:
    before = forms.text
    answer = await forms.ask(method, path, body)

    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert forms.text == before


async def test_every_edit_names_its_base(forms: Forms) -> None:
    document = (await forms.gateway.admin.get("/schema/openapi.json")).json()
    asked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if any(p["name"] == "If-Match" for p in operation.get("parameters", ())):
                filled = path.replace("/admin/v1/", "").format(
                    name="up", of="key", number=1, index=0
                )
                body = {"name": "x", "settings": {}, "to": "x", "edits": []}
                sent = body if "move" not in path else {"to": 0}
                answer = await forms.ask(method, filled, sent, if_match="")
                asked += 1
                assert answer.status_code == 428, (method, path, answer.text)

    assert asked > 30


async def test_the_loser_of_two_writers_sees_the_three_way_difference(forms: Forms) -> None:
    base = (await forms.get("config"))["etag"]
    theirs = {
        "edits": [{"op": "set", "path": ["routes", "fast", "targets", 0, "weight"], "value": 7}]
    }
    await forms.done("PATCH", "config", theirs, **{"if-match": base})
    won = forms.text
    answer = await forms.ask("PATCH", "routes/fast/targets/1", {"weight": 9}, if_match=base)
    conflict = answer.json()

    assert answer.status_code == 412
    assert "weight: 7" in conflict["theirs"]
    assert "weight: 9" in conflict["yours"]
    assert "weight: 9" in conflict["merged"]
    assert answer.headers["etag"] == conflict["etag"] == etag_of(won)
    assert forms.text == won


async def test_the_history_tells_who_did_what_and_leads_back(forms: Forms) -> None:
    before = forms.text
    await forms.done(
        "PATCH", "routes/fast/targets/0", {"weight": 70}, **{"x-llmgate-author": "tui"}
    )
    await forms.done("DELETE", "routes/rest")
    history = await forms.get("config/history?limit=2")
    first = (await forms.get("config/history"))["revisions"][-1]["number"]
    detail = await forms.get(f"config/history/{history['revisions'][1]['number']}")
    await forms.done("POST", f"config/rollback/{first}")
    config = await forms.get("config")

    assert [revision["who"] for revision in history["revisions"]] == ["api", "tui"]
    assert "+      - {provider: up, weight: 70}" in detail["diff"]
    assert "sk-upstream-secret-1234" not in detail["text"]
    assert forms.text == before
    assert config["undo"] is not None


async def test_a_dry_run_changes_nothing_and_tells_what_would(forms: Forms) -> None:
    before = forms.text
    edits = [{"op": "set", "path": ["routes", "fast", "targets", 1, "weight"], "value": 50}]
    verdict = (await forms.ask("POST", "config/validate", {"edits": edits})).json()
    bad = (await forms.ask("POST", "config/validate", {"text": "provders: {}\n"})).json()

    assert verdict["ok"] is True
    assert "+      - {provider: spare, weight: 50}" in verdict["diff"]
    assert bad["ok"] is False
    assert (bad["problems"][0]["line"], "providers" in bad["problems"][0]["message"]) == (1, True)
    assert forms.text == before


async def test_a_route_is_explained_as_a_draft_would_have_it(forms: Forms) -> None:
    edits = [{"op": "set", "path": ["routes", "fast", "targets", 1, "weight"], "value": 150}]
    question = {"model": "gpt-5", "key": "ide", "edits": edits}
    answer = (await forms.ask("POST", "routes/explain", question)).json()
    broken = {**question, "edits": [{"op": "set", "path": ["routes"], "value": 5}]}
    problem = (await forms.ask("POST", "routes/explain", broken)).json()["problem"]

    assert [(t["provider"], t.get("before"), t["after"]) for t in answer["targets"]] == [
        ("spare", None, 0.75),
        ("up", 1.0, 0.25),
    ]
    assert "routes" in problem
    assert (await forms.get("routes/fast"))["targets"][1]["weight"] == 0


async def test_what_stands_in_the_file_is_read_again_at_once(forms: Forms) -> None:
    text = forms.text.replace("weight: 50", "weight: 51")
    forms.file.write_text(text, "utf-8")
    answer = await forms.ask("POST", "config/reload")

    assert answer.headers["etag"] == answer.json()["etag"] == etag_of(text)
    assert (await forms.get("config/version"))["version"] == answer.json()["version"]
    assert (await forms.get("routes/fast"))["targets"][0]["weight"] == 51


async def test_providers_and_keys_are_moved(forms: Forms) -> None:
    before = forms.text
    await forms.done("POST", "providers/spare/move", {"to": 0})
    names = [view["name"] for view in await forms.get("providers")]
    await forms.done("POST", "keys/ide/move", {"to": 0})
    await forms.done("POST", "providers/spare/move", {"to": 1})

    assert names == ["spare", "up"]
    assert forms.text == before


async def test_one_limit_is_changed_and_the_others_stay(forms: Forms) -> None:
    await forms.done("PATCH", "limits/key/ide", {"concurrency": 3})
    await forms.done("PATCH", "limits/model/gpt-*", {"tokens_per_day": 9})
    both = await forms.get("limits/key/ide")
    await forms.done("PATCH", "limits/key/ide", {"requests_per_day": None, "queue": None})
    left = await forms.get("limits/key/ide")

    assert {limit["name"] for limit in both["limits"]} == {"requests_per_day", "concurrency"}
    assert [limit["name"] for limit in left["limits"]] == ["concurrency"]
    assert (await forms.get("limits/model/gpt-*"))["limits"][0]["limit"] == 9


@pytest.mark.parametrize("path", ["config/version", "config/history", "config/history/1"])
async def test_what_tells_of_the_config_tells_its_etag(forms: Forms, path: str) -> None:
    answer = await forms.gateway.admin.get(f"/admin/v1/{path}")

    assert answer.headers["etag"] == etag_of(forms.text)


async def test_a_key_in_a_comment_is_not_shown(forms: Forms) -> None:
    forms.file.write_text(forms.text + "# api_key: sk-commented-out-98765\n")
    await forms.gateway.admin.post("/admin/v1/config/reload")
    view = await forms.get("config")

    assert "sk-commented-out-98765" not in view["text"]
    assert "weight: 50" in view["text"]
