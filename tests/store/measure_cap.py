"""Whether the size cap holds while a real gateway is under constant load: file and log together.

python -m tests.store.measure_cap [seconds] [keep_mb]

Bodies of 100 kB that do not compress, mixed with small ones and with a conversation that grows; the
index of words is filled all the while. Prints the largest size seen and how that compares.
"""

import asyncio
import base64
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.flows.configs import chat_answer, openai
from tests.store.sessions import session
from tests.support.answers import respond
from tests.support.gateway import GatewayProcess
from tests.support.upstream import Upstream

PATH = "/v1/chat/completions"
EVERY_S = 0.1
ALLOWED = 1.05


def noise(draw: random.Random) -> bytes:
    """A request that does not compress, now and then a large one, with a few words in it."""
    size = 75_000 if draw.random() < 0.3 else draw.randrange(50, 3_000)
    words = " ".join("".join(draw.choices("abcdefghij", k=6)) for _ in range(40))
    image = base64.b64encode(draw.randbytes(size)).decode()
    text = [{"role": "user", "content": words}, {"role": "user", "content": image}]
    return json.dumps({"model": "gpt-test", "messages": text}).encode()


async def load(url: str, seed: int, sent: list[int]) -> None:
    """One caller after another request, for as long as it is let."""
    draw = random.Random(seed)
    async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
        while True:
            body = noise(draw)
            await client.post(PATH, content=body, headers={"content-type": "application/json"})
            sent.append(len(body))


async def talk(url: str, sent: list[int]) -> None:
    """A conversation after the other."""
    async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
        for seed in range(1 << 30):
            for turn in session("chat", 60, 150_000, seed):
                body = turn.request.replace(b'"model":"gpt-5"', b'"model":"gpt-test"', 1)
                body = body.replace(b'"stream":true', b'"stream":false', 1)
                await client.post(PATH, content=body, headers={"content-type": "application/json"})
                sent.append(len(body))


def size(folder: Path) -> int:
    """The store's file and its log."""
    total = 0
    for ending in ("", "-wal"):
        file = folder / f"exchanges.sqlite{ending}"
        total += file.stat().st_size if file.exists() else 0
    return total


async def watch(gateway: GatewayProcess, seconds: float) -> list[int]:
    """The sizes seen."""
    sizes: list[int] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sizes.append(size(gateway.data_dir))
        await asyncio.sleep(EVERY_S)  # allow sleep: it measures, it waits for nothing
    return sizes


async def main(seconds: float, keep_mb: float) -> None:
    """Loads a gateway, looks at its files and says what it saw."""
    rest = f"recording: {{keep_mb: {keep_mb:g}}}\n"
    sent: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Upstream(lambda _: respond(chat_answer())) as up,
            GatewayProcess(openai(up.url, rest=rest), folder=Path(folder)) as gateway,
        ):
            callers = [asyncio.ensure_future(load(gateway.url, seed, sent)) for seed in range(3)]
            callers.append(asyncio.ensure_future(talk(gateway.url, sent)))
            sizes = await watch(gateway, seconds)
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
            health = (await gateway.admin.get("/health/detailed")).json()
    cap, late = keep_mb * 1e6, sizes[len(sizes) // 3 :]
    sys.stdout.write(
        f"{len(sent)} requests, {sum(sent) / 1e6:.0f} MB in {seconds:g} s; file and log at most"
        f" {max(sizes) / 1e6:.2f} MB, {max(sizes) / cap:.1%} of {keep_mb:g} MB (once it was full at"
        f" least {min(late) / 1e6:.2f}); {sum(one > cap * ALLOWED for one in sizes)} of"
        f" {len(sizes)} looks over {ALLOWED:.0%}; recording: {health['recording']}\n"
    )


if __name__ == "__main__":
    asyncio.run(
        main(
            float(sys.argv[1]) if len(sys.argv) > 1 else 60,
            float(sys.argv[2]) if len(sys.argv) > 2 else 20,
        )
    )
