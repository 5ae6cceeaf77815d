"""The Keys screen: limits with what is left, edits that become a draft, keys made and revoked."""

import msgspec
import pytest
from textual.pilot import Pilot

from llmgate.wire.editing import EditRequest, NewKey, Remove, Set, Verdict
from llmgate.wire.gateway import KeyView
from llmgate.wire.limits import LimitsView, LimitView
from llmgate_tui.app import LlmgateApp
from llmgate_tui.glyphs import ASCII
from llmgate_tui.screens.keys import KeysBody
from llmgate_tui.screens.keys_secret import Secret
from tests.tui import sample
from tests.tui.conftest import open_app, screen_text, shown, typed, until
from tests.tui.fake_gateway import FakeGateway, Reply
from tests.tui.limited import ETAG, GROQ, IDE, limit, tell_file
from tests.tui.test_hostile import EVIL, RAW

SECRET = "llmgate-sk-0123456789abcdefWXYZ"


@pytest.fixture
def limited(busy: FakeGateway) -> FakeGateway:
    """A gateway with two keys, and limits of every kind."""
    limit(busy)
    return busy


def keys(app: LlmgateApp) -> KeysBody:
    found = app.main.bodies.made["keys"]
    assert isinstance(found, KeysBody)
    return found


async def opened(pilot: Pilot[None]) -> str:
    await pilot.press("4")
    return await shown(pilot, "requests per minute")


async def go(pilot: Pilot[None], app: LlmgateApp, row: str) -> None:
    keys(app).grid.select(row)
    await until(pilot, lambda: keys(app).grid.selected == row)


def edits(app: LlmgateApp) -> list[object]:
    return list(app.desk.draft.edits)


async def test_keys_and_limits_are_shown_with_what_is_left(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        text = await opened(pilot)

        assert "…a1b2" in text
        assert "45 / 60" in text
        assert "in 12s" in text
        assert "1 of 4 queued" in text


async def test_what_is_used_is_read_again_while_it_is_shown(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        used = msgspec.structs.replace(IDE.limits[0], used=60)
        limited.answers["limits"] = [msgspec.structs.replace(IDE, limits=[used])]
        keys(app).shown()  # the clock of the tests stands still
        await shown(pilot, "60 / 60")
        await pilot.press("1")
        before = len(limited.requests)
        keys(app).hidden()
        await pilot.pause(1.2)

        assert not [path for path in limited.requests[before:] if path.endswith("limits")]


async def test_limits_are_edited_in_a_form_and_become_a_draft(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ide\nrequests_per_minute")
        await pilot.press("e")
        await shown(pilot, "Limits of key ide")
        await pilot.press("end", "backspace", "backspace", *"many")
        await shown(pilot, "requests per minute: 'many' is not a number")
        await pilot.press("ctrl+s")
        await shown(pilot, "Limits of key ide")  # a refused form stays, with what was typed
        await pilot.press(*["backspace"] * 4, *"100", "ctrl+s")
        await shown(pilot, "60 → 100")

        assert edits(app) == [Set(["keys", "ide", "limits", "requests_per_minute"], 100)]
        assert app.desk.draft.etag == ETAG


async def test_the_draft_is_what_the_form_begins_with_next(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        app.desk.draft.add(Set(["limits", "claude-*", "tokens_per_day"], 777), "x", etag=ETAG)
        await go(pilot, app, "model:claude-*")
        await pilot.press("enter")
        await shown(pilot, "777")


async def test_leaving_a_form_drafts_nothing(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await go(pilot, app, "provider:groq")
        await pilot.press("e")
        await shown(pilot, "Limits of provider groq")
        await pilot.press("ctrl+s")
        await shown(pilot, "nothing was changed")
        await pilot.press("e")
        await shown(pilot, "Limits of provider groq")
        await pilot.press(*"9", "escape")
        await until(pilot, lambda: app.screen is app.main)

        assert edits(app) == []


async def test_a_limit_can_be_added_for_a_model_or_a_provider(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("a", "m")
        await shown(pilot, "a name, glob or /regex/")
        await typed(pilot, "claude-")
        await pilot.press("asterisk")
        await shown(pilot, "has limits already")
        await pilot.press("backspace", "x", "down", "down", "down", "2", "ctrl+s")
        await shown(pilot, "claude-x")
        await pilot.press("a")
        await shown(pilot, "provider local")
        await pilot.press("2")
        await shown(pilot, "Limits of provider openai")
        await pilot.press("7", "ctrl+s")
        await until(pilot, lambda: len(edits(app)) == 2)

        assert edits(app) == [
            Set(["limits", "claude-x", "requests_per_minute"], 2),
            Set(["providers", "openai", "limits", "requests_per_minute"], 7),
        ]


async def test_a_new_key_is_made_at_once_and_shown_once(limited: FakeGateway) -> None:
    limited.answers["POST keys"] = Verdict(
        ok=True,
        etag='"v13"',
        version=13,
        secret=SECRET,
        secret_name="LLMGATE_BOT_KEY",
        effects=["callers need a key from now on"],
    )
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await shown(pilot, "New key")
        await typed(pilot, "bot")
        await shown(pilot, "LLMGATE_BOT_KEY")
        await pilot.press("ctrl+s")
        text = await shown(pilot, SECRET)
        assert "in .env beside config.yaml, as LLMGATE_BOT_KEY" in text
        assert "callers need a key from now on" in text
        assert app.clipboard == ""
        await pilot.press("y")
        await shown(pilot, "the key ends in WXYZ")
        assert app.clipboard == SECRET
        await pilot.press("c")
        await shown(pilot, "copied a request")
        assert app.clipboard.startswith("curl ")
        assert f"Bearer '{SECRET} " in app.clipboard
        await pilot.press("enter")
        assert isinstance(app.screen, Secret)  # only esc closes what is shown once
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)

        [asked] = [asked for asked in limited.asked if asked.path == "keys"]
        assert msgspec.json.decode(asked.body, type=NewKey) == NewKey(
            name="bot", settings={"models": ["*"]}, variable="LLMGATE_BOT_KEY"
        )
        assert asked.etag == ETAG
        assert SECRET not in screen_text(app)


async def test_a_new_key_waits_for_the_draft(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        app.desk.draft.add(Set(["keys", "ci", "enabled"], True), "x", etag=ETAG)
        await pilot.press("n")
        await shown(pilot, "apply the draft")

        assert limited.asked == []


async def test_a_key_that_is_refused_says_why(limited: FakeGateway) -> None:
    limited.answers["POST keys"] = Reply(409, {"detail": f"key {EVIL} is there already"})
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await shown(pilot, "New key")
        await pilot.press("b", "ctrl+s")
        text = await shown(pilot, "no key was made")

        assert not RAW.search(text)
        await shown(pilot, "LLMGATE_B_KEY")  # and the form is still there, as it was typed


async def test_a_key_without_a_name_is_not_asked_for(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await shown(pilot, "New key")
        await pilot.press("ctrl+s")
        await shown(pilot, "it needs one, such as ide")

        assert limited.asked == []


async def test_a_key_is_revoked_only_by_its_name(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ide")
        await pilot.press("x")
        await shown(pilot, "Revoke key ide")
        await pilot.press(*"id", "ctrl+s")
        await shown(pilot, "type the name of the key")
        assert edits(app) == []
        await pilot.press("e", "ctrl+s")
        await until(pilot, lambda: bool(edits(app)))

        assert edits(app) == [Remove(["keys", "ide"])]


async def test_disabling_a_key_shows_the_diff_and_applies_it_on_yes(limited: FakeGateway) -> None:
    verdict = Verdict(ok=True, etag=ETAG, version=12, diff="@@ -1 +1 @@\n-a\n+  enabled: false\n")
    limited.answers["POST config/validate"] = verdict
    limited.answers["PATCH config"] = msgspec.structs.replace(verdict, version=13, applied=True)
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ide")
        await pilot.press("space")
        await shown(pilot, "+  enabled: false")
        await pilot.press("y")
        await until(pilot, lambda: not edits(app))

        [applied] = [asked for asked in limited.asked if asked.method == "PATCH"]
        sent = msgspec.json.decode(applied.body, type=EditRequest)
        assert sent.edits == [Set(["keys", "ide", "enabled"], False)]
        assert sent.note == "key ide disabled"
        assert applied.etag == ETAG


async def test_a_limit_can_be_taken_away(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ide\ntokens_per_minute")
        await pilot.press("x")
        await shown(pilot, "200k → none")
        await go(pilot, app, "model:claude-*")
        await pilot.press("x")
        await shown(pilot, "removed in the draft")

        assert edits(app) == [
            Remove(["keys", "ide", "limits", "tokens_per_minute"]),
            Remove(["limits", "claude-*"]),
        ]


async def test_a_key_is_turned_on_and_off_and_its_models_are_edited(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ci")
        await pilot.press("m")
        await shown(pilot, "Models of key ci")
        await pilot.press("backspace", *"gpt-4o", "ctrl+s")
        await until(pilot, lambda: len(edits(app)) == 1)
        await pilot.press("space")
        await until(pilot, lambda: len(edits(app)) == 2)

        assert edits(app) == [
            Set(["keys", "ci", "models"], ["gpt-4o"]),
            Set(["keys", "ci", "enabled"], True),
        ]


async def test_counters_are_reset_after_a_question(limited: FakeGateway) -> None:
    limited.answers["POST limits/provider/groq/reset"] = GROQ
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await go(pilot, app, "provider:groq")
        await pilot.press("R")
        await shown(pilot, "from nothing again?")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert limited.asked == []
        await pilot.press("R", "y")
        await shown(pilot, "count from nothing")

        assert [asked.path for asked in limited.asked] == ["limits/provider/groq/reset"]


async def test_the_keys_of_a_key_are_not_offered_for_a_provider(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await shown(pilot, "space on/off")
        await go(pilot, app, "provider:groq")
        await until(pilot, lambda: "space on/off" not in screen_text(app))
        await pilot.press("space", "m")
        await pilot.pause()

        assert app.screen is app.main
        assert edits(app) == []


async def test_without_keys_the_screen_says_what_to_do(busy: FakeGateway) -> None:
    busy.answers.update(keys=[], limits=[])
    tell_file(busy, "providers: {}\n")
    app = open_app(busy)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("4")
        text = await shown(pilot, "callers on this machine need none")
        assert "n makes one" in text
        await pilot.press("e", "x", "R")
        assert app.screen is app.main


async def test_without_a_file_nothing_can_be_edited_yet(limited: FakeGateway) -> None:
    tell_file(limited, "", editable=False)
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("n")
        await shown(pilot, "Config (7) writes one")


async def test_a_file_that_cannot_be_read_here_is_not_edited_blindly(limited: FakeGateway) -> None:
    tell_file(limited, "keys: {ide: [")
    app = open_app(limited)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(pilot)
        await go(pilot, app, "key:ide")
        await pilot.press("e")
        await shown(pilot, "cannot be read here")

        assert app.screen is app.main


async def test_a_gateway_that_does_not_answer_is_said(limited: FakeGateway) -> None:
    limited.answers["keys"] = Reply(503, {"detail": f"busy {EVIL}"})
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4")
        text = await shown(pilot, "busy")

        assert not RAW.search(text)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 15), (40, 10)])
async def test_hostile_names_are_drawn_harmlessly_at_every_size(
    busy: FakeGateway, size: tuple[int, int]
) -> None:
    evil = LimitsView(
        scope="key",
        name=EVIL,
        refused=1,
        last_refused=EVIL,
        last_refused_ms=sample.NOON_MS,
        limits=[LimitView(name="requests_per_minute", unit="requests", limit=1, used=1)],
    )
    busy.answers["keys"] = [
        KeyView(name=EVIL, hint=EVIL, models=[EVIL], variable=EVIL, limits=evil)
    ]
    busy.answers["limits"] = [evil, msgspec.structs.replace(evil, scope="model")]
    tell_file(busy, f"keys: {{x: {{key: '{RAW.sub('', EVIL).replace(chr(39), '')}'}}}}\n")
    app = open_app(busy)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(pilot)
        for key in ("e", "escape", "m", "escape", "x", "escape", "space"):
            await pilot.press(key)
            await pilot.pause()
            assert not RAW.search(screen_text(app))


async def test_an_ascii_terminal_gets_ascii_only(limited: FakeGateway) -> None:
    app = open_app(limited, glyphs=ASCII)
    async with app.run_test(size=(80, 40)) as pilot:
        text = await opened(pilot)

        assert text.isascii()


async def test_the_row_under_the_cursor_is_remembered(limited: FakeGateway) -> None:
    app = open_app(limited)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await go(pilot, app, "provider:groq")
        kept = keys(app).memory()
        await go(pilot, app, "key:ide")
        keys(app).remember(kept)
        keys(app).redraw()

        assert keys(app).grid.selected == "provider:groq"
