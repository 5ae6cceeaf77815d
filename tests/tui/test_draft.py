"""A draft: edits that wait, are taken back, made again, and survive."""

from llmgate.wire.editing import Conflict, Move, Path, Remove, Set, Verdict
from llmgate_tui.draft import Draft

WEIGHT: Path = ["routes", "fast", "targets", 0, "weight"]
OTHER: Path = ["routes", "fast", "targets", 1, "weight"]


def weighed(*weights: int) -> Draft:
    draft = Draft()
    for weight in weights:
        draft.add(Set(WEIGHT, weight), f"openai 50 to {weight}", etag='"e1"')
    return draft


def test_a_new_value_for_the_same_path_takes_the_old_ones_place() -> None:
    draft = weighed(51, 52, 70)

    assert draft.edits == [Set(WEIGHT, 70)]
    assert draft.notes == ["openai 50 to 70"]
    assert draft.value(WEIGHT) == 70
    assert draft.value(OTHER, 7) == 7


def test_a_draft_belongs_to_the_file_its_first_edit_was_made_on() -> None:
    draft = weighed(70)
    draft.add(Set(OTHER, 30), "groq 50 to 30", etag='"e2"')

    assert draft.etag == '"e1"'


def test_what_is_taken_back_can_be_made_again_until_something_else_is_drafted() -> None:
    draft = weighed(70)
    draft.add(Set(OTHER, 30), "groq 50 to 30", etag='"e1"')

    assert draft.take_back() == "groq 50 to 30"
    assert draft.take_back() == "openai 50 to 70"
    assert draft.take_back() == ""
    assert len(draft) == 0
    assert draft.make_again() == "openai 50 to 70"
    assert draft.etag == '"e1"'
    draft.add(Remove(["routes", "big"]), "big removed", etag='"e1"')
    assert draft.make_again() == ""
    assert draft.edits == [Set(WEIGHT, 70), Remove(["routes", "big"])]


def test_a_value_that_is_back_where_it_was_leaves_the_draft() -> None:
    draft = weighed(70)
    draft.add(Set(OTHER, 30), "groq 50 to 30", etag='"e1"')

    assert draft.leave_alone(WEIGHT)
    assert draft.edits == [Set(OTHER, 30)]
    assert draft.notes == ["groq 50 to 30"]


def test_a_value_is_not_forgotten_when_places_have_moved_since() -> None:
    draft = weighed(70)
    draft.add(Move(["routes", "fast", "targets", 0], 1), "openai down", etag='"e1"')

    assert not draft.leave_alone(WEIGHT)
    assert len(draft) == 2


def test_every_change_forgets_the_verdict_and_counts_up() -> None:
    draft = weighed(70)
    draft.verdict = verdict = Verdict(ok=True, etag='"e1"', version=1)
    before = draft.changed
    draft.take_back()

    assert draft.verdict != verdict
    assert draft.changed == before + 1


def test_the_draft_moves_to_the_file_as_it_is_now() -> None:
    draft = weighed(70)
    draft.conflict = conflict = Conflict(message="moved", etag='"e9"', version=9, base_known=True)
    draft.rebase(conflict)

    assert draft.etag == '"e9"'
    assert draft.conflict != conflict
    assert draft.edits == [Set(WEIGHT, 70)]


def test_dropping_forgets_everything() -> None:
    draft = weighed(70)
    draft.take_back()
    draft.add(Set(OTHER, 1), "x", etag='"e1"')
    draft.drop()

    assert (len(draft), draft.etag, draft.make_again()) == (0, "", "")


def test_the_note_for_the_history_says_each_thing_once_and_stays_short() -> None:
    draft = Draft()
    for number in range(60):
        draft.add(Remove(["routes", str(number)]), f"route {number % 30} removed", etag="e")

    assert draft.note().startswith("route 0 removed; route 1 removed; ")
    assert len(draft.note()) == 200
    assert draft.note().endswith("...")


def test_a_draft_has_a_bound() -> None:
    draft = Draft()
    for number in range(600):
        draft.add(Remove([str(number)]), "gone", etag="e")

    assert len(draft) == 500
    assert len(draft.notes) == 500
