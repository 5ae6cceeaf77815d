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


class Stack(msgspec.Struct, frozen=True):
    """``texts`` by the number of a revision that has them, oldest first; ``at`` is the running one.

    ``roots`` are the revisions that brought each text first, which an ``of`` names: the bound on
    revisions may have taken them.
    """

    texts: tuple[int, ...] = ()
    roots: tuple[int, ...] = ()
    at: int = -1
    etag: str = ""

    @property
    def undo(self) -> int | None:
        """The revision an undo goes to."""
        return self.texts[self.at - 1] if self.at > 0 else None

    @property
    def redo(self) -> int | None:
        """The revision a redo goes to."""
        return self.texts[self.at + 1] if self.at + 1 < len(self.texts) else None

    def root_of(self, number: int) -> int:
        """What an undo or a redo to a revision of ``texts`` writes as its ``of``."""
        return self.roots[self.texts.index(number)]

    def after(self, revision: Revision) -> Self:
        """The stack once a revision is accepted."""
        number, root = revision.number, revision.of
        match revision.kind:
            case "first":
                return self._new((number,), (number,), 0, revision)
            case "undo" if root is not None:
                return self._back(number, root, revision)
            case "redo" if root is not None:
                return self._forth(number, root, revision)
            case _ if revision.etag == self.etag:
                return self  # only variables changed: the text is no other
            case _:
                return self._cut(number, number, revision)

    def _back(self, number: int, root: int, revision: Revision) -> Self:
        if root in self.roots[: max(self.at, 0)]:
            place = self.roots.index(root)
            return self._new(self.texts, self.roots, place, revision)
        before, place = max(self.at, 0), max(self.at, 0)
        texts = (*self.texts[:before], number, *self.texts[before:])
        roots = (*self.roots[:before], root, *self.roots[before:])
        return self._new(texts, roots, place, revision)

    def _forth(self, number: int, root: int, revision: Revision) -> Self:
        if root in self.roots[self.at + 1 :]:
            place = self.roots.index(root)
            return self._new(self.texts, self.roots, place, revision)
        return self._cut(number, root, revision)

    def _cut(self, number: int, root: int, revision: Revision) -> Self:
        texts = (*self.texts[: self.at + 1], number)
        roots = (*self.roots[: self.at + 1], root)
        return self._new(texts, roots, len(texts) - 1, revision)

    def _new(
        self, texts: tuple[int, ...], roots: tuple[int, ...], at: int, revision: Revision
    ) -> Self:
        return type(self)(texts, roots, at, revision.etag)


def stack_of(revisions: Iterable[Revision]) -> Stack:
    """The stack that some revisions make, oldest first."""
    stack = Stack()
    for revision in revisions:
        stack = stack.after(revision)
    return stack
