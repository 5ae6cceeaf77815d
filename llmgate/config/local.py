"""Which model servers answer on this machine, asked all at once within a short time."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx
import msgspec

PORTS: Final[Mapping[int, str]] = {
    11434: "ollama",
    1234: "lmstudio",
    8080: "llamacpp",
    8000: "vllm",
}
BUDGET_S: Final = 0.15
_MOST_BYTES: Final = 1_000_000


class LocalServer(msgspec.Struct, frozen=True):
    """A server found: the kind of provider it is and its base URL."""

    kind: str
    base_url: str
    models: tuple[str, ...] = ()


class _Model(msgspec.Struct):
    id: str = ""


class _Page(msgspec.Struct):
    data: list[_Model]


async def local_servers(
    ports: Mapping[int, str] = PORTS, budget_s: float = BUDGET_S
) -> list[LocalServer]:
    """The servers whose models list answers in time. Proxies of the environment are not used."""
    limits = httpx.Timeout(budget_s)
    async with httpx.AsyncClient(timeout=limits, trust_env=False, verify=False) as client:  # noqa: S501 - plain HTTP to this machine
        found = await asyncio.gather(
            *(_ask(client, kind, port, budget_s) for port, kind in ports.items())
        )
    return [server for server in found if server is not None]


async def _ask(
    client: httpx.AsyncClient, kind: str, port: int, budget_s: float
) -> LocalServer | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(budget_s), client.stream("GET", f"{base_url}/models") as answer:
            if answer.status_code != 200:
                return None
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    return None
        models = _names(msgspec.json.decode(body, type=_Page))
    except (httpx.HTTPError, TimeoutError, OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None  # nothing there, or something else altogether
    return LocalServer(kind, base_url, tuple(models))


def _names(page: _Page) -> Sequence[str]:
    return [model.id for model in page.data[:100] if model.id.isprintable()]
