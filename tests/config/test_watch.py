"""Edits of the file while the gateway runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from llmgate.config.dotenv import environment
from llmgate.config.find import Source, built_from_environment, demo_config
from llmgate.config.load import read_config
from llmgate.config.watch import ConfigHolder

Told = asyncio.Queue[str]
FIRST = "server: {max_body_mb: 1}\n"


class Watched:
    """A config in a folder, its holder, and what the holder told."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.file = folder / "config.yaml"
        self.env = folder / ".env"
        if not self.file.exists():
            self.file.write_text(FIRST)
        variables = environment([self.env], environ or {})
        source = Source(read_config(self.file, variables), self.file, (self.env,))
        self.holder = ConfigHolder(source, environ=environ or {}, now_ms=lambda: 42)
        self.told: Told = asyncio.Queue()
        self.holder.on_change = lambda old, new: self.told.put_nowait(
            f"{old.version} -> {new.version}"
        )
        self.holder.on_reject = lambda problems: self.told.put_nowait(str(problems[0]))
        self.holder.on_restore = lambda: self.told.put_nowait("restored")

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return await self.told.get()

    @property
    def size(self) -> float:
        return self.holder.snapshot.config.server.max_body_mb


@asynccontextmanager
async def running(watched: Watched) -> AsyncIterator[Watched]:
    """Runs the holder; returns when its watch is seen to work."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watched.holder.run())
        watched.file.write_text("server: {max_body_mb: 2}\n")
        assert await watched.next() == "1 -> 2"
        yield watched
        task.cancel()


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def by_rename(file: Path, text: str) -> None:
    fresh = file.with_suffix(".swp")
    fresh.write_text(text)
    fresh.replace(file)


def by_removal(file: Path, text: str) -> None:
    file.rename(file.with_suffix(".bak"))
    file.write_text(text)


@pytest.mark.parametrize("save", [in_place, by_rename, by_removal])
async def test_an_edit_takes_effect_within_half_a_second_however_it_is_saved(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    loop = asyncio.get_running_loop()
    async with running(Watched(tmp_path)) as watched:
        saved = loop.time()
        save(watched.file, "server: {max_body_mb: 3}\n")

        assert await watched.next() == "2 -> 3"
        assert loop.time() - saved < 0.5
        assert watched.size == 3
        assert watched.holder.snapshot.loaded_ms == 42


async def test_a_broken_edit_keeps_the_old_config_and_says_where(tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as watched:
        watched.file.write_text("server:\n  prot: 1\n")

        assert "did you mean `port`?" in await watched.next()
        holder = watched.holder
        assert (holder.problems[0].line, holder.rejected_version) == (2, 3)
        assert (watched.size, holder.snapshot.version) == (2, 2)

        watched.file.write_text("server: {max_body_mb: 4}\n")
        assert await watched.next() == "2 -> 3"
        assert (holder.problems, holder.rejected_version) == ([], None)


async def test_taking_a_broken_edit_back_restores_without_a_new_version(tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as watched:
        watched.file.write_text("a: [")
        assert "not YAML" in await watched.next()
        watched.file.write_text("server: {max_body_mb: 2}\n")

        assert await watched.next() == "restored"
        assert (watched.holder.snapshot.version, watched.holder.problems) == (2, [])


async def test_a_deleted_file_says_so_and_comes_back(tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as watched:
        text = watched.file.read_text()
        watched.file.unlink()
        assert "the file is gone; the last good config keeps running" in await watched.next()
        assert watched.size == 2

        watched.file.write_text(text)
        assert await watched.next() == "restored"


async def test_an_edit_of_the_env_file_counts_as_one_of_the_config(tmp_path: Path) -> None:
    async with running(Watched(tmp_path)) as watched:
        watched.file.write_text("server: {max_body_mb: '${SIZE:-5}'}\n")
        assert await watched.next() == "2 -> 3"
        watched.env.write_text("SIZE=6\n")
        assert await watched.next() == "3 -> 4"
        assert watched.size == 6

        watched.env.write_text("SIZE='open\n")
        assert "a quote is not closed" in await watched.next()
        assert watched.size == 6


async def test_a_config_behind_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles", tmp_path / "here"
    real.mkdir()
    link.mkdir()
    (real / "gate.yaml").write_text(FIRST)
    (link / "config.yaml").symlink_to(real / "gate.yaml")

    async with running(Watched(link)) as watched:
        by_rename(real / "gate.yaml", "server: {max_body_mb: 7}\n")

        assert await watched.next() == "2 -> 3"
        assert watched.size == 7


async def test_the_same_bytes_again_change_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    by_rename(watched.file, FIRST)

    assert await watched.holder.reload_now() == []
    assert (watched.holder.snapshot.version, watched.told.empty()) == (1, True)


async def test_a_reload_can_be_asked_for(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.file.write_text("server: {max_body_mb: 9}\n")
    assert await watched.holder.reload_now() == []
    assert watched.size == 9

    watched.file.write_text("x: 1\ny: 2\n")
    problems = await watched.holder.reload_now()
    assert [problem.line for problem in problems] == [1, 2]
    await watched.holder.reload_now()
    told = [watched.told.get_nowait() for _ in range(2)]
    assert told[0] == "1 -> 2"
    assert "unknown field `x`" in told[1]
    assert watched.told.empty()


async def test_another_address_asks_for_a_restart_and_for_none_when_it_is_taken_back(
    tmp_path: Path,
) -> None:
    watched = Watched(tmp_path)
    watched.file.write_text("server: {port: 9000, host: localhost}\n")
    await watched.holder.reload_now()
    assert watched.holder.restart_needed == [
        "server.host is localhost now: restart llmgate to listen there",
        "server.port is 9000 now: restart llmgate to listen there",
    ]

    watched.file.write_text("server: {max_body_mb: 8}\n")
    await watched.holder.reload_now()
    assert watched.holder.restart_needed == []


async def test_a_config_from_the_environment_takes_up_the_file_that_init_writes(
    tmp_path: Path,
) -> None:
    file = tmp_path / "config.yaml"
    holder = ConfigHolder(Source(built_from_environment({}), file, ()), environ={})
    assert await holder.reload_now() == []
    assert (holder.snapshot.version, holder.snapshot.file) == (1, "")

    file.write_text(FIRST)
    await holder.reload_now()
    assert (holder.snapshot.version, holder.snapshot.file) == (2, str(file))


async def test_the_demo_follows_nothing() -> None:
    holder = ConfigHolder(Source(demo_config(), None, ()), environ={})

    async with asyncio.timeout(1):
        await holder.run()
    assert await holder.reload_now() == []


async def test_a_file_that_grows_is_not_read_before_its_writer_pauses(tmp_path: Path) -> None:
    holder = Watched(tmp_path).holder
    waiting = asyncio.ensure_future(holder.quiet())
    await asyncio.sleep(0)
    with (tmp_path / "config.yaml").open("a") as file:
        file.write("health: {every_s: 0}\n")

    assert await waiting == await holder.quiet()
