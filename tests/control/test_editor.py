"""Edits of the config's file: what is written, what becomes of it, and what is refused."""

import asyncio
import stat
from pathlib import Path

import pytest

from llmgate.config.find import Source, built_from_environment, demo_config
from llmgate.control.refused import NoSuchRevision, NotEditable, Refused, Stale
from llmgate.wire.editing import EditRequest, NewKey, Remove, Set
from tests.control.editing import TEXT, WEIGHT, stage, weight


async def test_an_edit_changes_its_line_alone_and_makes_one_version(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        verdict = await on.editor.apply(weight(70), on.etag, "tui")

        assert on.raw.decode() == TEXT.replace("weight: 50, model", "weight: 70, model")
        assert (verdict.ok, verdict.applied, verdict.version, verdict.revision) == (
            True,
            True,
            2,
            2,
        )
        assert verdict.etag == on.etag
        assert "-      - {provider: openai, weight: 50" in verdict.diff
        assert await on.holder.reload_now() == []
        assert on.versions == [2]
        assert on.leftovers() == []


async def test_a_verdict_tells_what_share_moves(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        verdict = await on.editor.validate(weight(150), on.etag)

        [effect] = verdict.routes
        assert (effect.route, effect.change) == ("fast", "changed")
        shares = [
            (s.provider, s.weight_before, s.weight_after, s.before, s.after) for s in effect.shares
        ]
        assert shares == [("openai", 50, 150, 0.5, 0.75), ("groq", 50, 50, 0.5, 0.25)]
        assert verdict.effects == [f"{WEIGHT} 50 → 150"]
        assert (on.raw.decode(), verdict.applied, on.versions) == (TEXT, False, [])


async def test_a_validated_mistake_says_path_line_and_nearest_name(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        wrong = EditRequest(edits=[Set(["server", "prot"], 1)])
        verdict = await on.editor.validate(wrong, on.etag)

        assert not verdict.ok
        [problem] = verdict.problems
        assert "did you mean `port`?" in problem.message
        assert (problem.path, problem.line) == ("server.prot", 2)
        with pytest.raises(Refused) as refused:
            await on.editor.apply(wrong, on.etag, "api")
        assert refused.value.verdict.problems == verdict.problems
        assert on.raw.decode() == TEXT


async def test_an_edit_that_leads_nowhere_is_a_problem_too(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        verdict = await on.editor.validate(EditRequest(edits=[Remove(["routes", "no"])]), "*")

        assert not verdict.ok
        assert "routes.no" in verdict.problems[0].path


async def test_a_stale_edit_shows_both_sides_and_writes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        base = on.etag
        theirs = TEXT.replace("port: 8484", "port: 9000")
        await on.save(theirs)

        with pytest.raises(Stale) as stale:
            await on.editor.apply(weight(70), base, "tui")

        conflict = stale.value.conflict
        assert (conflict.etag, conflict.version, conflict.base_known) == (on.etag, 2, True)
        assert "+server: {port: 9000}" in conflict.theirs
        assert "weight: 70" in conflict.yours
        assert "9000" not in conflict.yours
        assert "weight: 70" in conflict.merged
        assert "+server" not in conflict.merged
        assert on.raw.decode() == theirs
        await on.editor.apply(weight(70), conflict.etag, "tui")
        assert on.raw.decode() == theirs.replace("weight: 50, model", "weight: 70, model")


async def test_a_refused_text_on_disk_is_a_conflict_and_is_not_overwritten(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        running = on.etag
        await on.save("server: {prot: 1}\n")
        assert on.holder.problems

        with pytest.raises(Stale) as stale:
            await on.editor.apply(weight(70), running, "api")

        assert "+server: {prot: 1}" in stale.value.conflict.theirs
        assert stale.value.conflict.merge_problem
        assert on.raw == b"server: {prot: 1}\n"


async def test_an_unknown_base_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        with pytest.raises(Stale) as stale:
            await on.editor.validate(weight(70), '"never"')

        conflict = stale.value.conflict
        assert (conflict.base_known, conflict.yours, conflict.theirs) == (False, "", "")
        assert "weight: 70" in conflict.merged


async def test_edits_wait_for_each_other(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        requests = [
            EditRequest(
                edits=[Set(["prices", f"m{n}"], {"input_per_mtok": n, "output_per_mtok": 1})]
            )
            for n in range(8)
        ]
        async with asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(on.editor.apply(request, "*", "api"))

        assert sorted(on.holder.snapshot.config.prices) == [f"m{n}" for n in range(8)]
        assert on.versions == list(range(2, 10))


@pytest.mark.parametrize(
    "raw", [b"\xef\xbb\xbf" + TEXT.encode(), TEXT.replace("\n", "\r\n").encode()]
)
async def test_marks_and_line_ends_survive_an_edit_and_its_undo(tmp_path: Path, raw: bytes) -> None:
    async with stage(tmp_path, raw) as on:
        await on.put(70)
        assert on.raw == raw.replace(b"weight: 50, model", b"weight: 70, model")

        await on.editor.undo(on.etag, "api")
        assert on.raw == raw


async def test_a_link_is_followed_and_rights_stay(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "llmgate.yaml"
    real.parent.mkdir()
    real.write_text(TEXT)
    real.chmod(0o640)
    (tmp_path / "config.yaml").symlink_to(real)
    async with stage(tmp_path, None) as on:
        await on.put(70)

        assert on.file.is_symlink()
        assert "weight: 70" in real.read_text()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640


async def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.file.chmod(0o444)
        with pytest.raises(NotEditable, match="read-only"):
            await on.put(70)

        assert on.raw.decode() == TEXT


async def test_a_new_text_may_repeat_the_replacements_it_was_shown(tmp_path: Path) -> None:
    text = TEXT.replace('"${OPENAI_API_KEY}"', "sk-literal-in-the-file")
    async with stage(tmp_path, text) as on:
        shown = on._scrub(text).replace("8484", "9000")
        assert "literal" not in shown
        await on.editor.apply(EditRequest(text=shown), on.etag, "tui")

        assert on.raw.decode() == text.replace("8484", "9000")


async def test_a_new_key_is_told_once_and_stands_in_the_file(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        verdict = await on.editor.new_key(
            NewKey(name="ide", settings={"models": ["fast"]}), "*", "tui"
        )

        assert verdict.secret.startswith("llmgate-")
        assert len(verdict.secret) == len("llmgate-") + 32
        assert on.holder.snapshot.config.keys["ide"].key == verdict.secret
        assert verdict.secret not in verdict.diff
        assert "callers need a key from now on" in verdict.effects
        with pytest.raises(Refused, match="already"):
            await on.editor.new_key(NewKey(name="ide"), "*", "tui")


async def test_a_new_key_in_a_variable_gets_a_line_in_env(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.env.write_text("A=1")
        on.env.chmod(0o600)
        await on.holder.reload_now()
        new = NewKey(name="ide", variable="IDE_KEY")
        verdict = await on.editor.new_key(new, on.etag, "api")

        assert on.env.read_text() == f"A=1\nIDE_KEY={verdict.secret}\n"
        assert "${IDE_KEY}" in on.raw.decode()
        assert verdict.secret not in on.raw.decode()
        assert on.holder.snapshot.config.keys["ide"].key == verdict.secret
        assert (verdict.secret_name, on.versions) == ("IDE_KEY", [2, 3])
        with pytest.raises(Refused, match="exists already"):
            await on.editor.new_key(NewKey(name="b", variable="IDE_KEY"), on.etag, "api")
        with pytest.raises(Refused, match="exists already"):
            await on.editor.new_key(NewKey(name="b", variable="GROQ_API_KEY"), on.etag, "api")


async def test_a_key_that_cannot_be_written_leaves_no_line_in_env(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.file.chmod(0o444)
        with pytest.raises(NotEditable):
            await on.editor.new_key(NewKey(name="ide", variable="IDE_KEY"), on.etag, "api")

        assert not on.env.exists()


async def test_a_new_env_file_is_private(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.editor.new_key(NewKey(name="ide", variable="IDE_KEY"), on.etag, "api")

        assert stat.S_IMODE(on.env.stat().st_mode) == 0o600


async def test_a_config_from_the_environment_gets_its_file_and_is_edited_then(
    tmp_path: Path,
) -> None:
    source = Source(built_from_environment({}), tmp_path / "config.yaml", (tmp_path / ".env",))
    async with stage(tmp_path, None, source=source) as on:
        edit = EditRequest(edits=[Set(["server", "port"], 9000)])
        with pytest.raises(NotEditable, match="no file yet"):
            await on.editor.apply(edit, "*", "api")
        assert (await on.editor.validate(edit, on.etag)).ok
        assert not on.editor.editable

        written = await on.editor.write_file()

        assert (written.applied, written.version, on.editor.editable) == (True, 2, True)
        assert on.raw.decode() == on.holder.snapshot.text
        with pytest.raises(NotEditable, match="there already"):
            await on.editor.write_file()
        verdict = await on.editor.apply(edit, on.etag, "api")
        assert "server.port 8484 → 9000: restart llmgate to listen there" in verdict.effects


async def test_the_demo_has_nothing_to_edit(tmp_path: Path) -> None:
    async with stage(tmp_path, None, source=Source(demo_config(), None, ())) as on:
        with pytest.raises(NotEditable):
            await on.editor.apply(weight(70), "*", "api")
        with pytest.raises(NotEditable):
            await on.editor.write_file()


async def test_a_file_that_is_gone_is_written_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.file.unlink()
        with pytest.raises(NotEditable, match="no such file"):
            await on.put(70)
        await on.editor.write_file()

        assert on.raw.decode() == TEXT


async def test_what_a_killed_write_left_is_removed_by_the_next(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        left = tmp_path / f".config.yaml.llmgate-{2**22 + 1}-0123abcd.tmp"
        left.write_text("half")
        mine = tmp_path / ".config.yaml.swp"
        mine.write_text("somebody else's")
        await on.put(70)

        assert not left.exists()
        assert mine.exists()


async def test_an_unknown_revision_is_said(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        with pytest.raises(NoSuchRevision):
            await on.editor.roll_back(99, on.etag, "api")
        with pytest.raises(NoSuchRevision):
            await on.editor.revision(99)


async def test_a_write_that_nobody_waits_for_any_more_is_carried_through(tmp_path: Path) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def moment(name: str) -> None:
        if name == "written":
            loop.call_soon_threadsafe(begun.set)

    async with stage(tmp_path, moment=moment) as on:
        editing = asyncio.ensure_future(on.editor.apply(weight(70), on.etag, "api"))
        await begun.wait()
        editing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await editing
        async with on.holder.lock:
            assert on.versions == [2]

        assert (await on.editor.history(1)).revisions[0].who == "api"
