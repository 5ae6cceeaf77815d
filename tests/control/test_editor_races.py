"""Two writers of one file, a watch that sees everything, and a process that is killed."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llmgate.config.writing import replace_file
from llmgate.control.refused import Stale
from llmgate.wire.editing import EditRequest, NewKey
from tests.control.editing import TEXT, stage, weight

THEIRS = TEXT + "# by hand\n"
MINE = TEXT.replace("weight: 50, model", "weight: 70, model")
BOTH = MINE + "# by hand\n"


def in_place(file: Path) -> None:
    file.write_text(THEIRS)


def by_rename(file: Path) -> None:
    fresh = file.with_suffix(".swp")
    fresh.write_text(THEIRS)
    fresh.replace(file)


@pytest.mark.parametrize("save", [in_place, by_rename])
@pytest.mark.parametrize("when", ["begun", "written"])
async def test_an_editor_that_saves_within_an_edit_wins_and_the_edit_is_told(
    tmp_path: Path, when: str, save: Callable[[Path], None]
) -> None:
    file = tmp_path / "config.yaml"
    async with stage(tmp_path, moment=lambda name: save(file) if name == when else None) as on:
        with pytest.raises(Stale) as stale:
            await on.editor.apply(weight(70), on.etag, "tui")

        assert on.raw.decode() == THEIRS
        conflict = stale.value.conflict
        assert "+# by hand" in conflict.theirs
        assert "weight: 70" in conflict.merged
        assert (on.versions, on.leftovers()) == ([], [])


@pytest.mark.parametrize("when", ["before", "begun", "written", "checked", "after"])
async def test_nothing_is_lost_between_two_writers(tmp_path: Path, when: str) -> None:
    def by_hand(name: str) -> None:
        if name == when:
            file = tmp_path / "config.yaml"
            file.write_text(file.read_text() + "# by hand\n")

    async with stage(tmp_path, moment=by_hand) as on:
        base = on.etag
        by_hand("before")
        try:
            await on.editor.apply(weight(70), base, "api")
            refused = False
        except Stale:
            refused = True
        by_hand("after")

        assert on.raw.decode() == (THEIRS if refused else BOTH)
        assert refused == (when != "after")
        assert on.leftovers() == []


async def test_the_watch_makes_no_second_version_of_an_edit(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, asyncio.TaskGroup() as group:
        watching = group.create_task(on.holder.run())
        for value in range(60, 70):
            await on.put(value)
        await on.editor.new_key(NewKey(name="ide", variable="IDE_KEY"), on.etag, "tui")
        await on.editor.undo(on.etag, "tui")
        await on.holder.reload_now()
        seen: asyncio.Queue[int] = asyncio.Queue()
        on.holder.on_change = lambda _, new: seen.put_nowait(new.version)
        on.file.write_text(TEXT + "# by hand\n")

        assert await seen.get() == 14
        assert on.versions == list(range(2, 14))
        whos = [one.who for one in (await on.editor.history(99)).revisions]
        assert whos == ["tui", "tui", *["api"] * 10, "file"]
        watching.cancel()


KILLED = """
import os, signal, sys
from pathlib import Path
from llmgate.config.writing import replace_file
file = Path(sys.argv[1])
def moment(name):
    if name == "written":
        os.kill(os.getpid(), signal.SIGKILL)
replace_file(file, b"new", file.read_bytes(), moment)
"""


def test_a_kill_before_the_rename_leaves_the_old_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(TEXT)
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)

    assert done.returncode == -9
    assert file.read_text() == TEXT
    assert len(list(tmp_path.glob(".config.yaml.llmgate-*.tmp"))) == 1
    replace_file(file, b"new", TEXT.encode())
    assert [one.name for one in tmp_path.iterdir()] == ["config.yaml"]


async def test_an_accepted_edit_is_a_revision_though_the_file_is_written_over_at_once(
    tmp_path: Path,
) -> None:
    def over_it(name: str) -> None:
        if name == "replaced":
            (tmp_path / "config.yaml").write_text(TEXT)  # by somebody who has not seen the edit

    async with stage(tmp_path, moment=over_it) as on:
        verdict = await on.editor.apply(weight(70), on.etag, "api")
        await on.holder.reload_now()

        assert verdict.revision == 2
        assert "weight: 70" in (await on.editor.revision(2)).text
        assert [one.who for one in (await on.editor.history(9)).revisions] == [
            "file",
            "api",
            "file",
        ]


@pytest.mark.parametrize("whole", [TEXT, None])
async def test_an_edit_of_any_version_leaves_what_was_saved_before_it_in_the_history(
    tmp_path: Path, whole: str | None
) -> None:
    async with stage(tmp_path) as on:
        on.file.write_text(THEIRS)
        request = weight(70) if whole is None else EditRequest(text=whole)

        verdict = await on.editor.apply(request, "*", "api")

        assert verdict.revision == 3
        assert (await on.editor.revision(2)).text == THEIRS
        assert [one.who for one in (await on.editor.history(9)).revisions] == [
            "api",
            "file",
            "file",
        ]
