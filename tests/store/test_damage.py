"""A store cut at any byte, or with damaged pages, opens or is set aside; no body is ever another.

Cuts are what a kill or a full disk leaves behind, flipped bytes what a failing disk does.
"""

# ruff: noqa: ASYNC240 - small local files

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from llmgate.store.filters import Filter
from llmgate.store.problems import BrokenBody, StoreProblem
from llmgate.store.queries import Part
from llmgate.store.upkeep import collect, stats
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangePage
from tests.flows.configs import CHAT, chat_answer, openai
from tests.store.conftest import OpenStore
from tests.store.making import begin, finish
from tests.store.sessions import session
from tests.support.answers import respond
from tests.support.inside import inside
from tests.support.upstream import Upstream

Bodies = dict[str, tuple[bytes, bytes]]


class Left(NamedTuple):
    """What a gateway that was killed left behind: a file with its log, and what was in them."""

    file: bytes
    log: bytes
    bodies: Bodies


async def _fill(path: Path) -> Bodies:
    """Conversations, bodies that do not compress, tiny ones, some removed again."""
    store = await Store.open(path, keep_days=0, keep_mb=2)
    bodies: Bodies = {}
    draw = random.Random(9)
    turns = [turn for seed in range(3) for turn in session("messages", 12, 90_000, seed)]
    for number, turn in enumerate(turns):
        request = (
            turn.request if number % 3 else draw.randbytes(number + (20_000 if number % 2 else 50))
        )
        one = begin(number, request=request)
        store.begun(one)
        store.ended(finish(one, *turn.chunks))
        bodies[one.id] = (request, b"".join(turn.chunks))
        await store.flush()
        if number % 6 == 5:
            await store.maintain()
    assert store._file.db is not None
    await store._file.db.execute_fetchall("DELETE FROM parts WHERE id % 16 = 3 AND id < 100")
    await store._file.db.commit()
    Path(f"{path}.copy").write_bytes(path.read_bytes())
    Path(f"{path}.copy-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    await store.close()
    return bodies


@pytest.fixture
async def left(tmp_path: Path) -> Left:
    source = tmp_path / "source.sqlite"
    bodies = await _fill(source)
    with contextlib.closing(sqlite3.connect(source)) as db:
        assert db.execute("SELECT count(*) FROM generations").fetchone()[0] >= 1
    file, log = Path(f"{source}.copy"), Path(f"{source}.copy-wal")
    assert len(log.read_bytes()) > 50_000
    return Left(file.read_bytes(), log.read_bytes(), bodies)


def whole(left: Left, folder: Path) -> bytes:
    """The file with everything that was in its log."""
    path = folder / "whole.sqlite"
    path.write_bytes(left.file)
    Path(f"{path}-wal").write_bytes(left.log)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.read_bytes()


async def prove(open_store: OpenStore, folder: Path, bodies: Bodies) -> str:
    """Opens, reads and writes what lies in a folder; ``kept`` or ``set aside``."""
    path = folder / "exchanges.sqlite"
    said: list[str | None] = []
    store = await open_store(path, keep_days=0, keep_mb=2, on_problem=said.append)
    await _read(store, bodies)
    for number in (900, 901):
        one = begin(number, request=b'{"messages":["%s"]}' % (b"new " * 2000))
        store.begun(one)
        store.ended(finish(one))
        await store.flush()
        await store.maintain()
        await store.flush()
        assert store.status().state == "recording", store.status().problem
        with contextlib.suppress(StoreProblem):
            found = await store.queries.body(one.id, "request")
            assert found in {None, one.request_body}  # an index may be damaged, and not show it
    with contextlib.suppress(StoreProblem):
        await collect(store)
    with contextlib.suppress(StoreProblem):
        await stats(path)
    await store.flush()
    assert store.status().state == "recording", store.status().problem
    await store.close()
    aside = (folder / "exchanges.damaged-1.sqlite").exists()
    assert aside == any(text and "damaged-1" in text for text in said)
    return "set aside" if aside else "kept"


async def _read(store: Store, bodies: Bodies) -> None:
    """Every list and every body is what it was, or a problem that is said."""
    with contextlib.suppress(StoreProblem):
        page = await store.queries.page(Filter(), limit=500)
        msgspec.json.decode(msgspec.json.encode(page), type=ExchangePage)
    with contextlib.suppress(StoreProblem):
        await store.queries.page(Filter(body="nowhere to be found"), limit=500)
    for name, (request, answer) in bodies.items():
        for part, expected in (("request", request), ("sent", request), ("answer", answer)):
            with contextlib.suppress(StoreProblem):
                found = await store.queries.body(name, part)  # type: ignore[arg-type] # of the pairs
                assert found is None or found == expected, (name, part)
        with contextlib.suppress(StoreProblem):
            await store.queries.detail(name)
        with contextlib.suppress(StoreProblem):
            await store.queries.chunks(name)


def cases(folder: Path, count: int) -> Iterator[Path]:
    """Folders that are gone again when the next one is asked for."""
    for number in range(count):
        case = folder / f"case-{number}"
        case.mkdir()
        yield case
        shutil.rmtree(case)


@pytest.mark.parametrize("part", ["request", "sent", "answer"])
@pytest.mark.parametrize("size", [40, 900, 40_000])
async def test_a_part_with_the_number_of_another_is_never_that_one(
    open_store: OpenStore, tmp_path: Path, part: Part, size: int
) -> None:
    path = tmp_path / "exchanges.sqlite"
    store = await open_store(path, keep_days=0)
    for number in (1, 2):
        body = b'{"of":%d,"text":"%s"}' % (number, b"word " * (size // 5))
        one = begin(number, request=body)
        store.begun(one)
        one.sent_body = body
        store.ended(finish(one, body))
    await store.flush()
    await store.close()
    place = {"request": 1, "sent": 2, "answer": 3}[part]
    with contextlib.closing(sqlite3.connect(path)) as db:
        for old, new in ((8, 800), (16, 8), (800, 16)):
            db.execute("UPDATE parts SET id = ? WHERE id = ?", (new + place, old + place))
        db.commit()

    store = await open_store(path, keep_days=0)

    for name in ("x000001", "x000002"):
        with pytest.raises(BrokenBody):
            await store.queries.body(name, part)
    await store.close()


async def test_damage_that_only_a_reader_meets_is_said_once_and_serving_goes_on(
    tmp_path: Path,
) -> None:
    async with Upstream(lambda _: respond(chat_answer())) as up:
        async with inside(openai(up.url), tmp_path) as gateway:
            url = f"{gateway.url}/v1/chat/completions"
            first = (await gateway.admin.post(url, json=CHAT)).headers["x-llmgate-id"]
            status = (await gateway.admin.get("/admin/v1/status")).json()
            with contextlib.closing(sqlite3.connect(tmp_path / "exchanges.sqlite")) as db, db:
                db.execute("UPDATE parts SET data = zeroblob(9) WHERE id % 8 = 1")
                db.execute("ALTER TABLE spend RENAME COLUMN slot_ms TO gone")
            body = f"/admin/v1/exchanges/{first}/body?part=request"
            answers = [(await gateway.admin.get(body)).status_code for _ in range(3)]
            after = (await gateway.admin.get("/admin/v1/status")).json()
            with contextlib.closing(sqlite3.connect(tmp_path / "exchanges.sqlite")) as db, db:
                db.execute("ALTER TABLE spend RENAME COLUMN gone TO slot_ms")
            second = await gateway.admin.post(url, json=CHAT)
            await gateway.admin.aclose()

    assert "damage" not in status["recording"]
    assert answers == [503, 503, 503]
    assert after["recording"]["damage"].startswith("exchanges.sqlite is damaged")
    assert second.status_code == 200
    assert (tmp_path / "llmgate.log").read_text().count("is damaged") == 1


async def test_a_log_cut_at_any_byte_loses_the_newest_and_nothing_else(
    open_store: OpenStore, left: Left, tmp_path: Path
) -> None:
    draw = random.Random(1)
    for case in cases(tmp_path, 40):
        at = draw.randrange(len(left.log))
        (case / "exchanges.sqlite").write_bytes(left.file)
        (case / "exchanges.sqlite-wal").write_bytes(left.log[:at])

        assert await prove(open_store, case, left.bodies) == "kept"


async def test_a_file_cut_at_any_byte_opens_or_is_set_aside(
    open_store: OpenStore, left: Left, tmp_path: Path
) -> None:
    draw, file = random.Random(2), whole(left, tmp_path)
    found = set()
    for case in cases(tmp_path, 60):
        (case / "exchanges.sqlite").write_bytes(file[: draw.randrange(len(file))])
        found.add(await prove(open_store, case, left.bodies))
    assert "set aside" in found


async def test_a_file_and_its_log_cut_at_any_byte_open_or_are_set_aside(
    open_store: OpenStore, left: Left, tmp_path: Path
) -> None:
    draw = random.Random(3)
    for case in cases(tmp_path, 40):
        (case / "exchanges.sqlite").write_bytes(left.file[: draw.randrange(len(left.file))])
        (case / "exchanges.sqlite-wal").write_bytes(left.log[: draw.randrange(len(left.log))])
        await prove(open_store, case, left.bodies)


@pytest.mark.parametrize("seed", range(3))
async def test_flipped_bytes_anywhere_never_show_as_another_body(
    open_store: OpenStore, left: Left, tmp_path: Path, seed: int
) -> None:
    draw, file = random.Random(seed), whole(left, tmp_path)
    for case in cases(tmp_path, 40):
        data = bytearray(file)
        page = draw.randrange(len(data) // 4096) * 4096
        for _ in range(draw.choice((1, 3, 30))):
            data[page + draw.randrange(4096)] = draw.randrange(256)
        (case / "exchanges.sqlite").write_bytes(data)
        await prove(open_store, case, left.bodies)


async def test_whole_pages_of_zeros_or_noise_never_show_as_another_body(
    open_store: OpenStore, left: Left, tmp_path: Path
) -> None:
    draw, file = random.Random(5), whole(left, tmp_path)
    for number, case in enumerate(cases(tmp_path, 60)):
        page = draw.randrange(len(file) // 4096) * 4096
        noise = bytes(4096) if number % 2 else draw.randbytes(4096)
        (case / "exchanges.sqlite").write_bytes(file[:page] + noise + file[page + 4096 :])
        await prove(open_store, case, left.bodies)
