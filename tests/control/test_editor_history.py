"""Revisions of the config: undone, made again, rolled back to, kept over restarts, sealed."""

import stat
from pathlib import Path

import pytest

from llmgate.config.sealing import seal
from llmgate.config.vault import FILE
from llmgate.control.refused import NotEditable, Refused, Stale
from llmgate.wire.editing import EditRequest, Set
from tests.control.editing import TEXT, WEIGHT, Stage, stage


def with_weight(value: int) -> str:
    return TEXT.replace("weight: 50, model", f"weight: {value}, model")


async def told(on: Stage) -> list[tuple[int, str, str]]:
    """Number, kind and summary of every revision, oldest first."""
    history = await on.editor.history(1000)
    return [(one.number, one.kind, one.summary) for one in reversed(history.revisions)]


async def test_undo_goes_further_back_and_redo_forward_until_an_edit(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
        await on.put(70)

        first = await on.editor.undo(on.etag, "tui")
        assert on.raw.decode() == with_weight(60)
        await on.editor.undo(on.etag, "tui")
        assert on.raw.decode() == TEXT
        with pytest.raises(NotEditable, match="nothing to undo"):
            await on.editor.undo(on.etag, "tui")
        await on.editor.redo(on.etag, "tui")
        await on.editor.redo(on.etag, "tui")
        assert on.raw.decode() == with_weight(70)
        with pytest.raises(NotEditable, match="nothing to redo"):
            await on.editor.redo(on.etag, "tui")
        await on.editor.undo(on.etag, "tui")
        await on.save(with_weight(1))
        assert on.editor.redo_to is None

        assert (first.applied, first.revision) == (True, 4)
        assert (await told(on))[1:5] == [
            (2, "edit", f"{WEIGHT} 50 → 60"),
            (3, "edit", f"{WEIGHT} 60 → 70"),
            (4, "undo", f"undone: {WEIGHT} 60 → 70"),
            (5, "undo", f"undone: {WEIGHT} 50 → 60"),
        ]


async def test_a_rollback_is_an_edit_that_can_be_undone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
        await on.put(70)
        await on.editor.roll_back(1, on.etag, "api")
        assert on.raw.decode() == TEXT
        await on.editor.undo(on.etag, "api")

        assert on.raw.decode() == with_weight(70)


async def test_the_stack_and_the_numbers_survive_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
        await on.put(70)
        await on.editor.undo(on.etag, "api")
    async with stage(tmp_path, None) as on:
        assert on.holder.snapshot.version == 4
        assert len(await told(on)) == 4
        assert (await on.editor.history(1)).revisions[0].current
        await on.editor.redo(on.etag, "api")
        assert (on.raw.decode(), on.holder.snapshot.version) == (with_weight(70), 5)
        await on.editor.undo(on.etag, "api")
        await on.editor.undo(on.etag, "api")
        assert on.raw.decode() == TEXT


async def test_a_file_edited_meanwhile_starts_as_a_revision_of_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
    async with stage(tmp_path, with_weight(1)) as on:
        assert on.holder.snapshot.version == 3
        assert [kind for _, kind, _ in await told(on)] == ["first", "edit", "first"]
        assert on.editor.undo_to is None
        await on.editor.roll_back(2, on.etag, "api")
        assert on.raw.decode() == with_weight(60)


async def test_edits_of_the_file_are_revisions_with_a_summary(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.save(TEXT + "log: {level: debug}\n# more\n")
        await on.save(TEXT + "log: {level: debug}\n")

        assert [summary for _, _, summary in await told(on)][1:] == [
            "log.level info → debug",
            "comments and layout",
        ]
        assert [one.who for one in (await on.editor.history(9)).revisions] == ["file"] * 3


async def test_a_revision_shows_its_change_and_the_way_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
        await on.put(70)
        detail = await on.editor.revision(2)

        assert detail.text == with_weight(60)
        assert "+      - {provider: openai, weight: 60" in detail.diff
        assert "-      - {provider: openai, weight: 70" in detail.to_current
        assert "+      - {provider: openai, weight: 60" in detail.to_current


async def test_a_note_is_the_summary(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        request = EditRequest(edits=[Set(["log", "level"], "debug")], note="look\x1b[2J closer")
        await on.editor.apply(request, on.etag, "tui")

        assert (await told(on))[-1] == (2, "edit", "look\ufffd[2J closer")


async def test_an_undo_of_a_file_that_moved_is_refused(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.put(60)
        on.file.write_text(TEXT + "# by hand\n")
        with pytest.raises(Stale) as stale:
            await on.editor.undo(on.etag, "tui")

        assert "+# by hand" in stale.value.conflict.theirs
        assert on.raw.decode() == TEXT + "# by hand\n"


FIRST = "sk-planted-in-the-file-0001"
SECOND = "sk-planted-in-the-file-0002"
HEADER = "planted-header-token-003"
TYPED = "sk-planted-and-never-accepted"


def planted(secret: str) -> str:
    return TEXT.replace('"${OPENAI_API_KEY}"}', f'{secret}, headers: {{x-my-token: "{HEADER}"}}}}')


async def test_secrets_reach_neither_the_store_nor_an_answer(tmp_path: Path) -> None:
    said: list[object] = []
    async with stage(tmp_path, planted(FIRST)) as on:
        base = on.etag
        said.append(await on.editor.apply(EditRequest(text=planted(SECOND)), base, "api"))
        said.append(await on.editor.validate(EditRequest(text=TEXT), on.etag))
        said += [await on.editor.revision(1), await on.editor.revision(2)]
        said.append(await on.editor.undo(on.etag, "api"))
        assert on.raw.decode() == planted(FIRST)
        await on.put(70)
        on.file.write_text(TEXT.replace('"${OPENAI_API_KEY}"', TYPED) + "nonsense: 1\n")
        await on.holder.reload_now()
        with pytest.raises(Stale) as stale:
            await on.editor.apply(EditRequest(text=planted(SECOND)), base, "api")
        said.append(stale.value.conflict)
        wrong = EditRequest(edits=[Set(["nonsense"], 2)])
        with pytest.raises(Refused) as refused:
            await on.editor.apply(wrong, "*", "api")
        said += [refused.value.verdict, await on.editor.history(9)]
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("exchanges*"))
    answers = repr(said)

    assert b"revisions" in stored
    assert "x-my-token" in answers
    for secret in (FIRST, SECOND, HEADER, TYPED):
        assert secret.encode() not in stored
        assert secret not in answers
    vault = tmp_path / "data" / FILE
    assert FIRST in vault.read_text()
    assert stat.S_IMODE(vault.stat().st_mode) == 0o600


async def test_sealed_texts_come_back_after_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path, planted(FIRST)) as on:
        await on.editor.apply(EditRequest(text=planted(SECOND)), on.etag, "api")
    async with stage(tmp_path, None) as on:
        await on.editor.undo(on.etag, "api")

        assert on.raw.decode() == planted(FIRST)


async def test_a_revision_whose_secrets_are_gone_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, planted(FIRST)) as on:
        await on.editor.apply(EditRequest(text=TEXT), on.etag, "api")
    (tmp_path / "data" / FILE).unlink()
    async with stage(tmp_path, None) as on:
        with pytest.raises(NotEditable, match="holds secrets"):
            await on.editor.undo(on.etag, "api")

        assert on.raw.decode() == TEXT
        assert seal(planted(FIRST), [FIRST]).text != planted(FIRST)
