"""Whole gateways on damaged stores: every page of every table, cuts of file and log, many seeds.

python -m tests.store.soak_damage [cases] [seed] [store]

Of each case is asked: requests are served, whatever the control API reads answers 200, 404, 409 or
503 and never 500, no body is another one, recording goes on, and a file that was set aside is said
and kept. Prints what went wrong, and how often each place was hit. With a third argument the store
alone is asked (much faster).
"""

# ruff: noqa: ASYNC240 - small local files

import asyncio
import contextlib
import logging
import random
import sqlite3
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx

from llmgate.store.annotations import annotate
from llmgate.store.pages import empty_wal
from llmgate.store.replays import KeptReplays
from llmgate.store.writer import Store
from llmgate.wire.keeping import Annotation
from tests.flows.configs import CHAT, chat_answer, openai
from tests.store.making import begin, finish
from tests.store.sessions import session
from tests.store.test_damage import Bodies, prove
from tests.support.answers import respond
from tests.support.inside import Inside, inside
from tests.support.upstream import Upstream

PAGE = 4096
ALLOWED = {200, 400, 404, 409, 410, 422, 503}
FOLDER_READS = (
    "exchanges?limit=500",
    "exchanges?text=lighthouse",
    "exchanges?text=word&provider=openai",
    "exchanges?body=nowhere",
    "exchanges?header=content-type=json",
    "exchanges?provider=nobody&count=true",
    "exchanges?marked=true",
    "exchanges?status=200&count=true",
    "exchanges?replay=*",
    "replays",
    "config/history",
    "spend",
    "spend/export",
    "status",
    "store",
    "limits",
)
OF_ONE = ("", "/chunks", "/chat", "/export", "/export?format=har", "/prompt")


class Left(NamedTuple):
    """Files as a kill leaves them, what was in them, and to whom each page belongs."""

    file: bytes
    log: bytes
    whole: bytes
    bodies: Bodies
    owners: dict[str, list[int]]  # table or index: numbers of pages


class Case(NamedTuple):
    """Files, and where they were damaged."""

    where: str
    file: bytes
    log: bytes


async def fill(folder: Path) -> Left:
    """A store with something in every table, its log not empty."""
    path = folder / "exchanges.sqlite"
    store = await Store.open(path, keep_days=0, keep_mb=8)
    bodies: Bodies = {}
    draw = random.Random(9)
    turns = [turn for seed in range(3) for turn in session("messages", 14, 90_000, seed)]
    for number, turn in enumerate(turns):
        request = turn.request if number % 3 else draw.randbytes(number + 20_000 * (number % 2))
        one = begin(number, request=request or b"x")
        store.begun(one)
        store.ended(finish(one, *turn.chunks))
        bodies[one.id] = (request or b"x", b"".join(turn.chunks))
        await store.flush()
        if number == len(turns) * 2 // 3:
            await furnish(store)
            await store.change(empty_wal)
    await annotate(
        store, ["x000001", "x000030"], Annotation(marked=True, add_tags=["kept"], note="n")
    )
    await store.indexing.catch_up()
    file, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    await store.close()
    whole = path.read_bytes()
    return Left(file, log, whole, bodies, owners(path, whole))


async def furnish(store: Store) -> None:
    """Fills the tables that requests do not fill, and leaves gaps."""
    await store.indexing.catch_up()
    replays = KeptReplays(store)
    for number in range(30):
        await replays.keep(f"r{number}", number, b'{"replay":%d}' % number * 40)
    store.keep_counters({f"key:k{n}": b"\x01" * 300 for n in range(30)})
    await store.flush()

    async def rows(db: object) -> None:
        assert hasattr(db, "executemany")
        await db.executemany("INSERT INTO blocks VALUES (?, 1, 2)", [(-n,) for n in range(1, 900)])
        await db.executemany(
            "INSERT INTO block_names VALUES (0, ?, ?)", [(f"p{n}", -n) for n in range(1, 900)]
        )
        await db.executemany(
            "INSERT INTO revisions VALUES (?, 1, 'file', ?, 'edit', NULL, 's', 0, ?)",
            [(n, f"e{n}", b"text" * 500) for n in range(1, 8)],
        )

    await store.change(rows)
    await store.write("DELETE FROM parts WHERE id % 16 = 3 AND id < 150")


def owners(path: Path, data: bytes) -> dict[str, list[int]]:
    """To which table or index each page belongs, by walking its tree; the rest is ``other``."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        roots = db.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0").fetchall()
    found = {name: tree(data, root) for name, root in [("schema", 1), *roots]}
    known = {page for pages in found.values() for page in pages}
    free, trunk = [], int.from_bytes(data[32:36], "big")
    while trunk and trunk not in free:
        at = (trunk - 1) * PAGE
        leaves = int.from_bytes(data[at + 4 : at + 8], "big")
        free += [trunk, *(word(data, at + 8 + 4 * n) for n in range(leaves))]
        trunk = word(data, at)
    found["freelist"] = free
    every = set(range(1, len(data) // PAGE + 1))
    found["overflow and map"] = sorted(every - known - set(free))
    return {name: pages for name, pages in found.items() if pages}


def word(data: bytes, at: int) -> int:
    """A big-endian number of four bytes."""
    return int.from_bytes(data[at : at + 4], "big")


def tree(data: bytes, page: int) -> list[int]:
    """The pages of a b-tree, without those of overflowing cells."""
    start = (page - 1) * PAGE
    head = start + (100 if page == 1 else 0)
    if data[head] not in {2, 5}:
        return [page]
    cells = int.from_bytes(data[head + 3 : head + 5], "big")
    children = [word(data, head + 8)]
    for number in range(cells):
        at = head + 12 + 2 * number
        children.append(word(data, start + int.from_bytes(data[at : at + 2], "big")))
    return [page, *(below for child in children for below in tree(data, child))]


def flipped(draw: random.Random, left: Left, name: str) -> Case:
    """Some bytes of one of its pages, often in the page's head, or the page as a whole."""
    page = draw.choice(left.owners[name])
    data, start = bytearray(left.whole), (page - 1) * PAGE
    how = draw.randrange(6)
    if how == 0:
        data[start : start + PAGE] = draw.choice((bytes(PAGE), draw.randbytes(PAGE)))
    else:
        within = draw.choice((12, 100, PAGE, PAGE))
        for _ in range(draw.choice((1, 1, 3, 30))):
            data[start + draw.randrange(within)] = draw.randrange(256)
    return Case(f"{name}, page {page}, way {how}", bytes(data), b"")


def cut(draw: random.Random, left: Left) -> Case:
    """The file, its log or both end early: anywhere, in a header, or near the end of a frame."""
    frame = draw.randrange(len(left.log) // (PAGE + 24)) * (PAGE + 24) + 32
    log_at = draw.choice((draw.randrange(len(left.log)), draw.randrange(33), frame + 24, frame + 5))
    file_at = draw.choice((draw.randrange(len(left.file)), draw.randrange(101), PAGE * 3))
    match draw.randrange(3):
        case 0:
            return Case(f"log cut at {log_at}", left.file, left.log[:log_at])
        case 1:
            return Case(f"file cut at {file_at}", left.whole[:file_at], b"")
        case _:
            where = f"file cut at {file_at}, log at {log_at}"
            return Case(where, left.file[:file_at], left.log[:log_at])


def log_flipped(draw: random.Random, left: Left) -> Case:
    """Bytes of the log: its header, a frame's header, anything."""
    data = bytearray(left.log)
    frame = draw.randrange(len(data) // (PAGE + 24)) * (PAGE + 24) + 32
    start, within = draw.choice(((0, 32), (frame, 24), (0, len(data))))
    for _ in range(draw.choice((1, 3, 30))):
        data[min(start + draw.randrange(within), len(data) - 1)] = draw.randrange(256)
    return Case(f"log flipped from {start}", left.file, bytes(data))


def cases(draw: random.Random, left: Left, count: int) -> list[Case]:
    """So many, every place in turn."""
    places: list[Callable[[], Case]] = [
        *(lambda name=name: flipped(draw, left, name) for name in left.owners),
        *(lambda: cut(draw, left),) * 6,
        *(lambda: log_flipped(draw, left),) * 4,
    ]
    draw.shuffle(places)
    return [places[number % len(places)]() for number in range(count)]


async def serve(case: Case, folder: Path, bodies: Bodies, up: Upstream) -> str:
    """Runs a gateway on the damaged store and asks it everything."""
    config = openai(up.url, rest="recording: {keep_mb: 10}\n")
    async with inside(config, folder) as gateway, httpx.AsyncClient(timeout=20) as client:
        for number in range(3):
            await served(gateway, client)
            await asked(gateway, bodies if number == 0 else {})
        for path, body in (
            ("exchanges/annotate", {"ids": ["x000001"], "marked": True}),
            ("store/gc", {}),
            ("store/vacuum", {}),
        ):
            reply = await gateway.admin.post(f"/admin/v1/{path}", json=body, timeout=60)
            assert reply.status_code in {*ALLOWED, 201}, (path, reply.status_code, reply.text[:300])
        await served(gateway, client)
        status = (await gateway.admin.get("/admin/v1/status")).json()
        await gateway.admin.aclose()  # a connection that is left open delays the end
    problem = status["recording"].get("problem", "")
    assert status["recording"].get("state", "recording") == "recording", problem
    assert not status["recording"].get("dropped_exchanges"), status["recording"]
    aside = sorted(one.name for one in folder.glob("exchanges.damaged-*.sqlite"))
    log = "".join(one.read_text() for one in folder.glob("*.log"))
    assert "Traceback" not in log, next(one for one in log.splitlines() if "Traceback" in one)
    return "set aside" if aside else "kept"


async def served(gateway: Inside, client: httpx.AsyncClient) -> None:
    """A request is carried."""
    reply = await client.post(f"{gateway.url}/v1/chat/completions", json=CHAT)
    assert reply.status_code == 200, reply.text


async def asked(gateway: Inside, bodies: Bodies) -> None:
    """Everything that can be read, and every body."""
    for path in FOLDER_READS:
        reply = await gateway.admin.get(f"/admin/v1/{path}")
        assert reply.status_code in ALLOWED, (path, reply.status_code, reply.text[:300])
    for number, (name, (request, answer)) in enumerate(bodies.items()):
        for part, expected in (("request", request), ("answer", answer)):
            reply = await gateway.admin.get(f"/admin/v1/exchanges/{name}/body?part={part}")
            assert reply.status_code in ALLOWED, (name, part, reply.status_code, reply.text[:300])
            assert reply.status_code != 200 or reply.content == expected, (name, part, "is another")
        for path in OF_ONE if number % 4 == 0 else ():
            reply = await gateway.admin.get(f"/admin/v1/exchanges/{name}{path}")
            assert reply.status_code in ALLOWED, (name, path, reply.status_code, reply.text[:300])


async def alone(case: Case, folder: Path, bodies: Bodies) -> str:
    """The store alone, as in test_damage.py."""
    opened: list[Store] = []

    async def open_store(*args: object, **options: object) -> Store:
        opened.append(await Store.open(*args, **options))  # type: ignore[arg-type] # passed on
        return opened[-1]

    try:
        return await prove(open_store, folder, bodies)
    finally:
        for store in opened:
            await store.close()


async def main(count: int, seed: int, *, store_only: bool) -> int:
    """Runs the cases and prints what went wrong."""
    found: Counter[str] = Counter()
    logging.getLogger("llmgate.store").addHandler(logging.StreamHandler(sys.stdout))
    with tempfile.TemporaryDirectory() as made:
        left = await fill(Path(made))
    async with Upstream(lambda _: respond(chat_answer())) as up:
        for number, case in enumerate(cases(random.Random(seed), left, count)):
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                (folder / "exchanges.sqlite").write_bytes(case.file)
                (folder / "exchanges.sqlite-wal").write_bytes(case.log)
                try:
                    run = alone(case, folder, left.bodies)
                    if not store_only:
                        run.close()
                        run = serve(case, folder, left.bodies, up)
                    said = await run
                except Exception:  # noqa: BLE001 - the next case may say more
                    said = "WRONG"
                    lines = traceback.format_exc().splitlines()[-14:]
                    print(f"case {number} of seed {seed}: {case.where}", *lines, sep="\n")  # noqa: T201
            found[f"{case.where.partition(' cut')[0].partition(',')[0]}: {said}"] += 1
    for line, times in sorted(found.items()):
        print(f"{times:5} {line}")  # noqa: T201
    return sum(times for line, times in found.items() if line.endswith("WRONG"))


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    asked_for = (*given, *(200, 1)[len(given) :])
    wrong = asyncio.run(main(asked_for[0], asked_for[1], store_only="store" in sys.argv))
    sys.exit(bool(wrong))
