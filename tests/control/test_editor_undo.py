"""Many edits of the example config through the editor: all undone, the file is what it was."""

import random
from pathlib import Path

import pytest

from llmgate.wire.editing import Edit, EditRequest, Insert, Move, Remove, Rename, Set
from llmgate.wire.editing import Path as KeyPath
from tests.control.editing import stage

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def edit(dice: random.Random, number: int) -> list[Edit]:
    """Something a person would change; what is added has a name of its own."""
    price: KeyPath = ["prices", f"m{number}"]
    model: KeyPath = ["limits", f"m{number}-*"]
    prices = {"input_per_mtok": dice.random(), "output_per_mtok": 1}
    target = {"provider": "demo", "weight": dice.randrange(1, 9)}
    choices: list[list[Edit]] = [
        [Set(["routes", "fast", "targets", dice.randrange(2), "weight"], 10 + number)],
        [Set(["keys", "ide", "limits", "requests_per_day"], 1000 + number)],
        [Set(price, prices)],
        [Set(price, prices), Rename(price, f"n{number}"), Remove(["prices", f"n{number}"])],
        [Set(model, {"tokens_per_day": 1 + number})],
        [Insert(["routes", "fast", "targets"], dice.randrange(3), target)],
        [Move(["routes", "team-a"], dice.randrange(2)), Set(["log", "keep"], number)],
        [Set(["providers", "anthropic", "headers"], {"x-n": str(number)})],
        [Set(["recording", "redact"], [f"secret-{number}", "a|b"])],
    ]
    return dice.choice(choices)


@pytest.mark.parametrize(
    "raw",
    [EXAMPLE.read_bytes(), b"\xef\xbb\xbf" + EXAMPLE.read_bytes().replace(b"\n", b"\r\n")],
    ids=["as it is", "of another system"],
)
async def test_after_as_many_undos_as_edits_every_byte_is_as_before(
    tmp_path: Path, raw: bytes
) -> None:
    dice, texts = random.Random(7), [raw]
    async with stage(tmp_path, raw) as on:
        for number in range(60):
            request = EditRequest(edits=edit(dice, number))
            verdict = await on.editor.apply(request, on.etag, "tui")
            if verdict.diff:  # an edit that says what is there already is no edit
                texts.append(on.raw)
        edited = on.raw
        for before in reversed(texts[:-1]):
            await on.editor.undo(on.etag, "tui")
            assert on.raw == before
        undone = on.raw
        for _ in texts[1:]:
            await on.editor.redo(on.etag, "tui")

        assert len(texts) > 50
        assert (undone, on.raw) == (raw, edited)
