"""Every captured answer, recorded and replayed to another provider that answers the same: the
request goes out byte for byte, and the answers are found to be equal.
"""

import json
from pathlib import Path
from typing import Any

from tests.conformance.captures import Capture, captures, needs_captures
from tests.flows.configs import raw
from tests.flows.replaying import Stage
from tests.support.answers import Answer, respond
from tests.support.inside import inside
from tests.support.upstream import Request, Upstream

pytestmark = needs_captures

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.completions": "/v1/completions",
    "openai.responses": "/v1/responses",
    "anthropic.messages": "/v1/messages",
}
CONFIG = """
providers:
  one: {{kind: openai-compatible, base_url: "{0}/v1", api_key: sk-of-one-1234567}}
  two: {{kind: openai-compatible, base_url: "{1}/v1", api_key: sk-of-two-1234567}}
  ant: {{kind: anthropic-compatible, base_url: "{0}", api_key: sk-ant-one-1234567}}
  ant2: {{kind: anthropic-compatible, base_url: "{1}", api_key: sk-ant-two-1234567}}
routes:
  messages: {{match: {{path: /v1/messages}}, targets: [{{provider: ant}}]}}
  others: {{match: {{model: "*"}}, targets: [{{provider: one}}]}}
health: {{every_s: 0}}
"""


def request_of(capture: Capture, number: int) -> bytes:
    """The captured request, or the smallest there is, told apart by a number."""
    body: dict[str, Any] = dict(capture.request) if isinstance(capture.request, dict) else {}
    body.setdefault("model", "captured")
    words = [{"role": "user", "content": "hi"}]
    body.setdefault("input" if capture.protocol == "openai.responses" else "messages", words)
    body["stream"] = capture.stream
    return json.dumps(body | {"metadata": {"capture": f"number-{number}"}}).encode()


async def test_every_capture_is_replayed_and_found_equal(tmp_path: Path) -> None:
    found = list(captures())

    def answer(request: Request) -> Answer:
        name = json.loads(request.raw_body)["metadata"]["capture"]
        capture = found[int(name.removeprefix("number-"))]
        kind = "text/event-stream" if capture.stream else "application/json"
        headers = (("content-type", kind),)
        return respond(capture.body, status=capture.status, headers=headers)

    sent = [request_of(capture, number) for number, capture in enumerate(found)]
    async with Upstream(answer) as one, Upstream(answer) as two:
        async with inside(CONFIG.format(one.url, two.url), tmp_path) as gateway:
            stage = Stage(gateway, one, two)
            ids: dict[str, list[str]] = {"two": [], "ant2": []}
            for capture, body in zip(found, sent, strict=True):
                got = await raw(gateway.url, PATHS[capture.protocol], body)
                target = "ant2" if capture.protocol.startswith("anthropic") else "two"
                ids[target].append(got.headers["x-llmgate-id"])
            await stage.over()
            cells = []
            for target, some in ids.items():
                view = await stage.replayed(ids=some, targets=[{"provider": target}])
                matrix = await stage.ask("GET", f"replays/{view['id']}/matrix")
                cells += [row["cells"] for row in matrix["rows"]]

    assert len(found) > 90
    assert sorted(request.raw_body for request in two.requests) == sorted(sent)
    assert [new["state"] for _, new in cells] == [old["state"] for old, _ in cells]
    counted = [pair for pair in cells if pair[0].get("usage_basis") == "reported"]
    assert len(counted) > 60
    assert all(old["output_tokens"] == new["output_tokens"] for old, new in counted)
    alike = [(old.get("similarity"), new.get("similarity")) for old, new in cells]
    assert set(alike) <= {(1.0, 1.0), (None, None)}
    assert alike.count((1.0, 1.0)) > 70
