"""The lines that belong to an entry of a block list or mapping: its comments above and beside."""

from typing import NamedTuple

from llmgate.config.edit.tree import Document, Entry, Node


class Patch(NamedTuple):
    """Puts ``new`` in the place of the characters from ``start`` to ``end``."""

    start: int
    end: int
    new: str


def patched(text: str, patches: list[Patch]) -> str:
    """The text with all patches made; they must not overlap."""
    parts: list[str] = []
    place = 0
    for patch in sorted(patches, key=lambda one: (one.start, one.end)):
        assert patch.start >= place, "patches overlap"
        parts += [text[place : patch.start], patch.new]
        place = patch.end
    return "".join([*parts, text[place:]])


class Lines:
    """Questions about the lines of a document."""

    def __init__(self, document: Document) -> None:
        self.text = document.text

    def begin(self, place: int) -> int:
        """Where the line of a place begins."""
        return self.text.rfind("\n", 0, place) + 1

    def finish(self, place: int) -> int:
        """Where the line of a place ends, before its line end."""
        found = self.text.find("\n", place)
        if found < 0:
            return len(self.text)
        return found - 1 if found > place and self.text[found - 1] == "\r" else found

    def following(self, place: int) -> int:
        """Where the next line begins, the end of the text after the last."""
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def column(self, place: int) -> int:
        """How far from its line's beginning a place is."""
        return place - self.begin(place)

    def leads(self, place: int) -> bool:
        """True when nothing but spaces is before a place on its line."""
        return not self.text[self.begin(place) : place].strip()

    def top(self, begin: int, floor: int) -> int:
        """The line where an entry begins, with the comments directly above that are in line with
        it; they begin after ``floor``.
        """
        top = self.begin(begin)
        column = begin - top
        while top > 0:
            line = self.begin(top - 1)
            written = self.text[line : top - 1]
            comment = written.lstrip(" ")
            if (
                line <= floor
                or not comment.startswith("#")
                or len(written) - len(comment) != column
            ):
                break
            top = line
        return top

    def bottom(self, entry: Entry) -> int:
        """The end of an entry's last line, with the comments below that are further in than it."""
        column = self.column(entry.begin)
        last = self.finish(entry.end)
        place = self.following(entry.end)
        while place < len(self.text):
            written = self.text[place : self.finish(place)]
            comment = written.lstrip(" \t")
            if comment.startswith("#") and len(written) - len(comment) > column:
                last = self.finish(place)
            elif comment.strip():
                break
            place = self.following(place)
        return last

    def floor(self, parent: Node, index: int) -> int:
        """The place after which an entry's comments may begin: the end of what is before it."""
        if index:
            return self.begin(parent.entries[index - 1].end)
        return self.begin(parent.props) if parent.props > parent.outer else -1

    def blank_before(self, place: int) -> int:
        """Where the blank lines directly above a line begin, the line itself without any."""
        while place > 0:
            line = self.begin(place - 1)
            if self.text[line:place].strip():
                break
            place = line
        return place

    def blank_after(self, place: int) -> int:
        """Where the blank lines that begin at a place end."""
        while place < len(self.text):
            line = self.following(place)
            if self.text[place:line].strip():
                break
            place = line
        return place
