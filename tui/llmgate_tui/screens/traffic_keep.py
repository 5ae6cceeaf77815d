"""What the Traffic screen keeps and compares: marks that last, notes, tags, files, differences."""

from collections.abc import Collection

from llmgate.wire.exchanges import LIVE, ExchangeSummary
from llmgate.wire.keeping import Annotation
from llmgate_tui.api import ApiProblem
from llmgate_tui.connection import Link
from llmgate_tui.screens import export_acts, note_acts, resend_acts
from llmgate_tui.screens.body import OpenCompare
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.review import asked
from llmgate_tui.screens.traffic_seek import TrafficSeek


class TrafficKeep(TrafficSeek):
    """Acts on the marked exchanges if there are any, else on the one under the cursor."""

    _saving = False

    # -- marks ---------------------------------------------------------------

    def put_marks(self, ids: Collection[str], on: bool) -> None:
        """At once here, then in the gateway, which keeps what is marked."""
        super().put_marks(ids, on)
        self.traffic.unsaved.update(dict.fromkeys(ids, on))
        self._save_marks()

    def take(self, rows: list[ExchangeSummary], *, merge: bool = False) -> None:
        """New or changed exchanges; the mark of one that has ended can be kept now."""
        super().take(rows, merge=merge)
        unsaved = self.traffic.unsaved
        if unsaved and any(row.id in unsaved and row.state not in LIVE for row in rows):
            self._save_marks()

    def link_changed(self, link: Link) -> None:
        """Marks put while nobody answered are told now."""
        super().link_changed(link)
        self._save_marks()

    def _save_marks(self) -> None:
        if self.traffic.unsaved and self._up() and not self._saving:
            self._saving = True
            self.run_worker(self._save(), group="marks", exit_on_error=False)

    async def _save(self) -> None:
        """Until everything is told; what is still on its way can only be marked when it ends."""
        try:
            while ready := self._ready():
                await self._save_once(ready)
        except ApiProblem as problem:
            self.notify(f"marks: {problem.message}", severity="warning", markup=False)
        finally:
            self._saving = False

    def _ready(self) -> dict[str, bool]:
        """Unsaved marks of exchanges that have ended."""
        found = ((id_, on, self.traffic.find(id_)) for id_, on in self.traffic.unsaved.items())
        return {id_: on for id_, on, row in found if row is None or row.state not in LIVE}

    async def _save_once(self, marks: dict[str, bool]) -> None:
        for on in (True, False):
            ids = [id_ for id_, wanted in marks.items() if wanted == on]
            if not ids:
                continue
            try:
                kept = await self.desk.keeping.annotate(Annotation(ids=ids, marked=on))
            except ApiProblem as problem:
                if problem.status:  # refused: not as it was shown
                    self._undo(ids, not on)
                raise
            self._saved(ids, on, {row.id for row in kept})

    def _saved(self, ids: list[str], on: bool, kept: set[str]) -> None:
        unsaved = self.traffic.unsaved
        for id_ in ids:
            if unsaved.get(id_) == on:  # else it was marked otherwise meanwhile
                del unsaved[id_]
        if on and (lost := len(set(ids) - kept)):
            what = "this exchange" if lost == 1 else f"{lost} of them"
            said = f"the gateway does not keep {what}: marked here only"
            self.notify(said, severity="warning", markup=False)

    def _undo(self, ids: list[str], on: bool) -> None:
        for id_ in ids:
            self.traffic.unsaved.pop(id_, None)
        super().put_marks(set(ids), on)

    def action_unmark(self) -> None:
        """No marks, after a question: they last, and keep what nothing brings back."""
        if self.traffic.marks:
            self.run_worker(self._unmark(), group="unmark", exit_on_error=False)

    async def _unmark(self) -> None:
        count = len(self.traffic.marks)
        what = "1 exchange" if count == 1 else f"{count:,} exchanges"
        said = f"Unmark {what}? Then they are removed in their turn, like all others."
        if await asked(self, Confirm(said, "unmark")):
            super().action_unmark()

    # -- what is acted on ----------------------------------------------------

    def chosen(self) -> list[ExchangeSummary]:
        """The marked exchanges; without marks the one under the cursor, or those of the run."""
        marked = [row for row in self.traffic.rows if row.id in self.traffic.marks]
        if marked or self.has_class("-nothing"):
            return marked
        if (run := self.table.run) is not None:
            return [self.traffic.row(index) for index in run.rows]
        row = self.table.row
        return [] if row is None else [row]

    def action_note(self) -> None:
        """A line about the exchange under the cursor."""
        if (row := self.table.row) is not None:
            self.run_worker(note_acts.note(self, row), group="note", exit_on_error=False)

    def action_tags(self) -> None:
        """Words to find exchanges by."""
        if rows := self.chosen():
            self.run_worker(note_acts.tags(self, rows), group="note", exit_on_error=False)

    def action_export(self) -> None:
        """Into files."""
        if rows := self.chosen():
            self.run_worker(export_acts.export(self, rows), group="export", exit_on_error=False)

    def action_edit(self) -> None:
        """Change the request under the cursor and send it again."""
        if (row := self.table.row) is not None:
            self.run_worker(resend_acts.edit(self, row), group="edit", exit_on_error=False)

    def action_compare(self) -> None:
        """The two marked exchanges, or this one with the one it sends again."""
        marked = [row for row in self.traffic.rows if row.id in self.traffic.marks]
        row = self.table.row
        if len(marked) == 2:
            self.post_message(OpenCompare(marked[0].id, marked[1].id))
        elif row is not None and row.parent:
            self.post_message(OpenCompare(row.parent, row.id))
        else:
            count = f"{len(marked)} are marked" if marked else "none is marked"
            hint = f"d compares two marked exchanges ({count}), or a replay with its original"
            self.notify(hint, markup=False)
