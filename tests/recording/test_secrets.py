"""No secret gets out: wherever it is planted and however it is written."""

import asyncio
import itertools
import json
from pathlib import Path

import msgspec
import pytest

from llmgate.recording.checking import check
from llmgate.recording.format import read
from llmgate.recording.rules import Rules
from llmgate.wire.exchanges import ExchangePage
from tests.recording.exchanging import Stage, stage
from tests.recording.planting import CONFIGURED, FORMS, SHAPED, Plant, plants, traces
from tests.support.answers import Answer
from tests.support.upstream import Request

PLANTS = {
    plant.name: plant
    for (kind, secret), (form, written) in itertools.product(
        {"configured": CONFIGURED, "shaped": SHAPED}.items(), FORMS.items()
    )
    for plant in plants(kind, form, written(secret))
}
DOCUMENTS = ("har", "curl", "python", "jsonl")


def script(request: Request) -> Answer:
    """What the provider answers to the plant that a request names, or that its query names."""
    name = request.raw_body.split(b"plant ", 1)[1].split(b".", 1)[0].decode()
    return PLANTS[name].answer


def secret_of(plant: Plant) -> str:
    return CONFIGURED if plant.name.startswith("configured") else SHAPED


def seen_in(data: bytes, secret: str, where: str) -> list[str]:
    return [f"{where}: {trace!r}" for trace in traces(secret) if trace in data]


async def send(scene: Stage, plant: Plant) -> str:
    url = f"/v1/chat/completions{plant.query}"
    return (await scene.ask("live", url, plant.request, plant.headers))[0]


async def documents(scene: Stage, exchanges: list[str]) -> list[str]:
    """Where a secret shows in documents of these exchanges, in every format but recordings."""
    found = []
    for wanted in DOCUMENTS:
        reply = await scene.gateway.admin.post(
            "/admin/v1/recordings/export", json={"ids": exchanges, "format": wanted}
        )
        assert reply.status_code == 200, reply.text
        for secret in (CONFIGURED, SHAPED):
            found += seen_in(reply.content, secret, wanted)
    return found


def leaks(plant: Plant, data: bytes) -> list[str]:
    """Where the secret of a plant still shows in its recording."""
    secret = secret_of(plant)
    recording = read(data)
    said = [recording.text, *(call.arguments for call in recording.tool_calls)]
    found = seen_in(data, secret, plant.name)
    found += seen_in("\n".join(said).encode(), secret, f"{plant.name}, said")
    events = b"".join(recording.chunks)
    found += [
        f"{plant.name}: the piece {piece!r}"
        for piece in plant.pieces
        if len(piece) > 5 and json.dumps(piece)[1:-1].encode() in events
    ]
    found += [] if recording.chunks and recording.body else [f"{plant.name}: left out"]
    return found + [str(it) for it in check(data, plant.name, Rules()) if it.level == "error"]


@pytest.mark.timeout(240)
async def test_no_secret_is_in_a_recording_or_another_export(tmp_path: Path) -> None:
    wrong: list[str] = []
    waiting = list(PLANTS.values())
    async with stage(tmp_path / "it", script, secret=CONFIGURED) as scene:
        while waiting:
            group, waiting = waiting[:16], waiting[16:]
            exchanges = await asyncio.gather(*(send(scene, plant) for plant in group))
            made = await asyncio.gather(*map(scene.export, exchanges))
            for plant, data in zip(group, made, strict=True):
                wrong += leaks(plant, data)
            wrong += await documents(scene, list(exchanges))
        kept = await in_the_store(scene)
    files = [path for path in (tmp_path / "it").rglob("*") if path.is_file()]
    for path in files:
        if path.name not in {"config.yaml", "config-secrets.json"}:  # they are there to hold it
            wrong += seen_in(path.read_bytes(), CONFIGURED, path.name)

    assert wrong + kept == []
    assert {"llmgate.log", "config.yaml"} < {path.name for path in files}


async def in_the_store(scene: Stage) -> list[str]:
    """Where the configured secret shows in what the control API gives of the store."""
    admin, found = scene.gateway.admin, []
    page = await admin.get("/admin/v1/exchanges", params={"limit": 1000})
    for row in msgspec.json.decode(page.content, type=ExchangePage).exchanges:
        url = f"/admin/v1/exchanges/{row.id}"
        parts = [await admin.get(url), await admin.get(f"{url}/chunks")]
        parts += [
            await admin.get(f"{url}/body", params={"part": part})
            for part in ("request", "sent", "answer")
        ]
        for part in parts:
            found += seen_in(part.content, CONFIGURED, str(part.url.path))
    return found + seen_in(page.content, CONFIGURED, "the list")
