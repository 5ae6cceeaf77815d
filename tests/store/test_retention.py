"""The age and size caps hold while running, oldest first."""

# ruff: noqa: ASYNC240 - small local files and a child that is killed at once

import os
from pathlib import Path

import pytest

from llmgate.store.folder import data_folder, store_file
from llmgate.store.writer import Store
from tests.store.conftest import OpenStore
from tests.store.making import NOW_MS, begin, finish

DAY_MS = 86_400_000


class Clock:
    """Told the time."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def __call__(self) -> int:
        return self.ms


async def fill(store: Store, numbers: range, size: int, step_ms: int = 1) -> None:
    for number in numbers:
        one = begin(number, request=os.urandom(size), started_ms=NOW_MS + number * step_ms)
        store.begun(one)
        store.ended(finish(one))
        if number % 20 == 19:
            await store.flush()
    await store.flush()


async def settle(store: Store) -> None:
    """Maintains until there is nothing more to do."""
    await store.maintain()
    for _ in range(200):
        if store._maintain_at:
            return
        await store.maintain()
    pytest.fail("maintaining does not come to an end")


def on_disk(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


async def test_what_is_too_old_goes_and_the_rest_stays(
    open_store: OpenStore, tmp_path: Path
) -> None:
    clock = Clock()
    store = await open_store(tmp_path / "s.sqlite", keep_days=10, keep_mb=0, now_ms=clock)
    await fill(store, range(200), 100, step_ms=DAY_MS // 10)
    clock.ms = NOW_MS + 15 * DAY_MS + 1

    await settle(store)

    found = await store.queries.newest(500)
    parts = await store.queries._rows("SELECT count(DISTINCT id / 8) FROM parts", [])
    assert [one.id for one in found] == [f"x{number:06d}" for number in range(51, 200)]
    assert parts == [(149,)]
    assert store.status().kept == 149
    await store.close()


async def test_the_file_stays_below_its_cap_and_keeps_the_newest(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path = tmp_path / "s.sqlite"
    store = await open_store(path, keep_days=0, keep_mb=3)
    for start in range(0, 600, 60):
        await fill(store, range(start, start + 60), 12_000)
        await settle(store)
        assert store.status().size_bytes <= 3_000_000
        assert on_disk(path) < 4_000_000  # the shm file and pages not yet given back

    found = [one.id for one in await store.queries.newest(1000)]

    assert found[-1] == "x000599"
    assert 150 < len(found) < 260
    assert found == [f"x{number:06d}" for number in range(600 - len(found), 600)]
    await store.close()


async def test_a_smaller_cap_applies_while_running_and_the_file_shrinks(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path = tmp_path / "s.sqlite"
    store = await open_store(path, keep_days=0, keep_mb=100)
    await fill(store, range(400), 12_000)
    await settle(store)
    assert store.status().kept == 400

    store.configure(bodies="full", keep_days=0, keep_mb=2)
    await settle(store)
    store.configure(bodies="full", keep_days=0, keep_mb=2)
    await settle(store)

    assert store.status().size_bytes <= 2_000_000
    assert on_disk(path) < 4_500_000
    await store.close()


async def test_the_write_ahead_log_does_not_grow_for_ever(
    open_store: OpenStore, tmp_path: Path
) -> None:
    path = tmp_path / "s.sqlite"
    store = await open_store(path, keep_days=0, keep_mb=8)
    await store.queries.newest(1)  # a reader is there
    for start in range(0, 400, 100):
        await fill(store, range(start, start + 100), 12_000)
        await settle(store)

    assert Path(f"{path}-wal").stat().st_size <= 1_100_000
    await store.close()


async def test_no_step_removes_more_than_a_batch(open_store: OpenStore, tmp_path: Path) -> None:
    clock = Clock()
    store = await open_store(tmp_path / "s.sqlite", keep_days=1, keep_mb=0, now_ms=clock)
    await fill(store, range(300), 10)
    clock.ms = NOW_MS + 5 * DAY_MS

    await store.maintain()

    assert store.status().kept == 250
    await settle(store)
    assert store.status().kept == 0
    await store.close()


def test_the_data_folder_is_the_one_asked_for_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMGATE_DATA_DIR", str(tmp_path / "env"))

    assert data_folder(str(tmp_path / "given")) == tmp_path / "given"
    assert data_folder() == tmp_path / "env"
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o700
    assert store_file(tmp_path).name == "exchanges.sqlite"


def test_the_data_folder_of_the_platform_is_used_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLMGATE_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")

    assert data_folder(create=False) == tmp_path / "llmgate"
    assert not (tmp_path / "llmgate").exists()
