"""Undo and redo, told from revisions, against a plain list of texts with a place in it."""

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from llmgate.config.history import Stack, Step, stack_of
from llmgate.wire.editing import Revision

Kind = Literal["first", "edit", "undo", "redo", "rollback"]


def revision(number: int, text: str, kind: Kind = "edit", of: int | None = None) -> Revision:
    return Revision(number=number, at_ms=0, who="api", etag=text, kind=kind, of=of)


class Model:
    """An editor's undo as anybody would write it, and the revisions it makes."""

    def __init__(self) -> None:
        self.texts = ["t0"]
        self.at = 0
        self.revisions = [revision(1, "t0", "first")]
        self.count = 1

    def text_of(self, step: Step | None) -> str | None:
        """The text that the revision of a step has."""
        number = step.number if step else None
        return next((r.etag for r in self.revisions if r.number == number), None)

    def do(self, action: str, choice: int) -> None:
        stack = stack_of(self.revisions)
        if action == "edit":
            self._edit(f"t{choice}", "edit", None)
        elif action == "rollback":
            target = self.revisions[choice % len(self.revisions)]
            self._edit(target.etag, "rollback", target.number)
        elif action == "undo" and stack.undo is not None:
            self.at -= 1
            self._kept("undo", stack.undo.root)
        elif action == "redo" and stack.redo is not None:
            self.at += 1
            self._kept("redo", stack.redo.root)

    def _edit(self, text: str, kind: Kind, of: int | None) -> None:
        if text != self.texts[self.at]:
            self.texts[self.at + 1 :] = [text]
            self.at += 1
        self._kept(kind, of)

    def _kept(self, kind: Kind, of: int | None) -> None:
        self.count += 1
        self.revisions.append(revision(self.count, self.texts[self.at], kind, of))


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "edit", "undo", "undo", "redo", "rollback"]), st.integers(0, 9)
    ),
    max_size=40,
)


@given(ACTIONS)
def test_undo_and_redo_go_where_a_list_of_texts_says(actions: list[tuple[str, int]]) -> None:
    model = Model()
    for action, choice in actions:
        model.do(action, choice)

        stack = stack_of(model.revisions)
        before = model.texts[model.at - 1] if model.at else None
        after = model.texts[model.at + 1] if model.at + 1 < len(model.texts) else None
        assert model.text_of(stack.undo) == before
        assert model.text_of(stack.redo) == after


@given(ACTIONS, st.integers(1, 40))
def test_what_is_left_of_old_revisions_never_leads_to_a_text_that_is_not_kept(
    actions: list[tuple[str, int]], gone: int
) -> None:
    model = Model()
    for action, choice in actions:
        model.do(action, choice)
    kept = model.revisions[min(gone, len(model.revisions) - 1) :]
    stack = stack_of(kept)
    running = model.texts[model.at]

    assert {step.number for step in stack.steps} <= {one.number for one in kept}
    assert model.text_of(stack.running) == running
    before = model.texts[model.at - 1] if model.at else None
    assert stack.undo is None or model.text_of(stack.undo) == before


def numbers(stack: Stack) -> tuple[int | None, int | None]:
    """Where undo and redo go."""
    undo, redo = stack.undo, stack.redo
    return (undo.number if undo else None, redo.number if redo else None)


def test_a_first_revision_is_not_undone() -> None:
    stack = stack_of([revision(1, "a", "first"), revision(2, "b"), revision(3, "c", "first")])

    assert numbers(stack) == (None, None)


def test_a_change_of_variables_alone_is_no_step_and_ends_no_redo() -> None:
    kept = [revision(1, "a", "first"), revision(2, "b"), revision(3, "a", "undo", 1)]
    stack = stack_of([*kept, revision(4, "a")])

    assert numbers(stack) == (None, 2)


def test_an_edit_after_an_undo_ends_redo() -> None:
    kept = [revision(1, "a", "first"), revision(2, "b"), revision(3, "a", "undo", 1)]
    stack = stack_of([*kept, revision(4, "c")])

    assert numbers(stack) == (1, None)


def test_nothing_kept_is_nothing_to_undo() -> None:
    assert numbers(Stack()) == (None, None)
