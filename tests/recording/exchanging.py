"""A gateway between a scripted provider and a folder of recordings, and what a test asks of it."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from llmgate.recording.format import Recording, read
from tests.support.answers import EVENTS, JSON, Answer, Headers, respond, stream
from tests.support.gateway import until
from tests.support.inside import Inside, inside
from tests.support.upstream import Request, Upstream

PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.completions": "/v1/completions",
    "openai.responses": "/v1/responses",
    "openai.embeddings": "/v1/embeddings",
    "anthropic.messages": "/v1/messages",
    "anthropic.count_tokens": "/v1/messages/count_tokens",
}


def pieces(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The bytes cut into pieces of these sizes, in turn: any cut, also inside a character."""
    cut: list[bytes] = []
    at = 0
    while at < len(data):
        size = sizes[len(cut) % len(sizes)]
        cut.append(data[at : at + size])
        at += size
    return cut


def answer(chunks: Iterable[bytes], *, events: bool, status: int = 200) -> Answer:
    """A provider's answer in these chunks."""
    headers: Headers = [*(EVENTS if events else JSON), ("x-request-id", "req_1")]
    return stream(chunks, status=status, headers=headers)


class Stage:
    """The gateway, and the two providers behind it: ``live`` and ``kept``."""

    def __init__(self, gateway: Inside, client: httpx.AsyncClient, folder: Path) -> None:
        self.gateway = gateway
        self.client = client
        self.folder = folder

    async def ask(
        self, provider: str, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> tuple[str, bytes]:
        """Sends a request; gives the exchange's id and the bytes that arrived before the end."""
        url = f"{self.gateway.url}/p/{provider}{path}"
        given = {"content-type": "application/json", **(headers or {})}
        got = b""
        async with self.client.stream("POST", url, content=body, headers=given) as reply:
            try:
                async for chunk in reply.aiter_raw():
                    got += chunk
            except httpx.RemoteProtocolError:
                pass  # the answer broke, as it should
        return reply.headers["x-llmgate-id"], got

    async def export(self, exchange_id: str, **wish: str) -> bytes:
        """The recording of an exchange, once that has ended."""
        found: list[bytes] = []

        async def ended() -> bool:
            reply = await self.gateway.admin.get(
                f"/admin/v1/exchanges/{exchange_id}/export", params=wish
            )
            if reply.status_code == 409 and b"still on its way" in reply.content:
                return False
            assert reply.status_code == 200, reply.text
            found.append(reply.content)
            return True

        await until(ended)
        return found[0]

    async def recording(self, exchange_id: str) -> Recording:
        """The same, read."""
        return read(await self.export(exchange_id))


@asynccontextmanager
async def stage(
    folder: Path,
    script: Callable[[Request], Answer],
    *,
    files: Iterable[bytes] = (),
    extra: str = "",
    secret: str = "a-provider-key",
) -> AsyncIterator[Stage]:
    """Sets it up in a folder; the provider ``kept`` answers with ``files``."""
    kept = folder / "kept"
    kept.mkdir(parents=True)
    for number, data in enumerate(files):
        (kept / f"{number:04}.llmrec.jsonl").write_bytes(data)

    def answered(request: Request) -> Answer:
        """The gateway asks for the models by itself."""
        return respond({"data": []}) if request.method == "GET" else script(request)

    async with Upstream(answered) as upstream:
        config = msgspec.yaml.encode(
            {
                "providers": {
                    "live": {
                        "kind": "vllm",
                        "base_url": f"{upstream.url}/v1",
                        "api_key": secret,
                    },
                    "kept": {"kind": "recording", "recordings": str(kept), "speed": 0},
                }
            }
        ).decode()
        async with (
            inside(config + extra, folder) as gateway,
            httpx.AsyncClient(timeout=30) as client,
        ):
            yield Stage(gateway, client, kept)
