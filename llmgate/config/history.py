"""What undo and redo would go to, told from the revisions alone: an editor's stack of texts.

The stack is a list of texts and a place in it. An edit or a rollback cuts off what lies behind the
place and adds its text; undo and redo only move the place. The ``of`` of an undo or a redo names
the revision whose text it brought back, so the same stack comes of the same revisions at every
start. A ``first`` revision begins a new stack: what the file was before it, under another gateway
or no gateway at all, is reached by a rollback only.
"""

from collections.abc import Iterable
from typing import Self

import msgspec

from llmgate.wire.editing import Revision


class Step(msgspec.Struct, frozen=True):
    """A text: a revision that has it, and the one that brought it first, which an ``of`` names.

    They differ when the bound on revisions has taken the first.
    """

    number: int
    root: int
    etag: str


class Stack(msgspec.Struct, frozen=True):
    """The texts, oldest first; ``at`` is the place of the running one."""

    steps: tuple[Step, ...] = ()
    at: int = -1

    @property
    def running(self) -> Step | None:
        """The text that runs."""
        return self.steps[self.at] if self.steps else None

    @property
    def undo(self) -> Step | None:
        """The text an undo goes to."""
        return self.steps[self.at - 1] if self.at > 0 else None

    @property
    def redo(self) -> Step | None:
        """The text a redo goes to."""
        return self.steps[self.at + 1] if self.at + 1 < len(self.steps) else None

    def after(self, revision: Revision) -> Self:
        """The stack once a revision is accepted."""
        back = revision.of or revision.number
        match revision.kind:
            case "first":
                return type(self)((_step(revision, revision.number),), 0)
            case "undo":
                return self._back(_step(revision, back))
            case "redo":
                return self._forth(_step(revision, back))
            case _ if self.running and revision.etag == self.running.etag:
                return self  # only variables changed: the text is no other
            case _:
                return self._cut(_step(revision, revision.number))

    def _back(self, step: Step) -> Self:
        if self.undo and _alike(self.undo, step):
            return type(self)(self.steps, self.at - 1)
        place = max(self.at, 0)
        return type(self)((*self.steps[:place], step, *self.steps[place:]), place)

    def _forth(self, step: Step) -> Self:
        if self.redo and _alike(self.redo, step):
            return type(self)(self.steps, self.at + 1)
        return self._cut(step)

    def _cut(self, step: Step) -> Self:
        return type(self)((*self.steps[: self.at + 1], step), self.at + 1)


def _step(revision: Revision, root: int) -> Step:
    return Step(revision.number, root, revision.etag)


def _alike(one: Step, other: Step) -> bool:
    return one.root == other.root or one.etag == other.etag


def stack_of(revisions: Iterable[Revision]) -> Stack:
    """The stack that some revisions make, oldest first."""
    stack = Stack()
    for revision in revisions:
        stack = stack.after(revision)
    return stack
