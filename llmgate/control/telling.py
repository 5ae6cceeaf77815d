"""What the editor answers, without a secret in it: verdicts, conflicts, revisions."""

from collections.abc import Callable, Iterable

import msgspec

from llmgate.config.credentials import Scrubber
from llmgate.config.problems import as_wire
from llmgate.config.sealing import likely_secrets, secrets_of
from llmgate.config.snapshot import Snapshot
from llmgate.config.watch import ConfigHolder, restart_needed
from llmgate.control.drafting import Draft, difference
from llmgate.control.effects import route_effects, sentences
from llmgate.control.revision_log import RevisionLog
from llmgate.wire.editing import Conflict, Revision, RevisionDetail, Verdict
from llmgate.wire.gateway import Problem


class Telling:
    """Words what an edit does; everything that leaves here is scrubbed of every secret known."""

    def __init__(
        self, holder: ConfigHolder, log: RevisionLog, scrub_text: Callable[[str], str]
    ) -> None:
        self._holder = holder
        self._log = log
        self._scrub_text = scrub_text

    @property
    def name(self) -> str:
        """The name of the file in differences."""
        return self._holder.path.name if self._holder.path else "config.yaml"

    def secrets(self) -> list[tuple[str, str]]:
        """The secrets of the running config and of every kept text."""
        return [*secrets_of(self._holder.snapshot), *self._log.secrets()]

    def verdict(self, draft: Draft) -> Verdict:
        """What a draft would do to the running config."""
        running, new = self._holder.snapshot, draft.snapshot
        hide = self._hiding([draft.base, draft.text], new)
        verdict = Verdict(
            ok=not draft.problems,
            etag=running.etag,
            version=running.version,
            problems=[_hidden(problem, hide) for problem in draft.problems],
            diff=hide(difference(draft.base, draft.text, self.name)),
        )
        if new is None:
            return verdict
        restart = restart_needed(self._holder.listens_on, new.config.server)
        return msgspec.structs.replace(
            verdict,
            routes=route_effects(running.config, new.config),
            effects=[hide(line) for line in sentences(running.config, new.config, restart)],
            warnings=[hide(line) for line in new.warnings],
        )

    def refusal(self, problem: Problem) -> Verdict:
        """A verdict of one problem, of what was not even tried."""
        running = self._holder.snapshot
        hide = self._hiding([], None)
        return Verdict(
            ok=False,
            etag=running.etag,
            version=running.version,
            problems=[_hidden(problem, hide)],
        )

    def conflict(self, conflict: Conflict, now: Draft, etag: str) -> Conflict:
        """A conflict without secrets, with what the file is now."""
        hide = self._hiding([now.base, now.text, conflict.yours], now.snapshot)
        return msgspec.structs.replace(
            conflict,
            etag=etag,
            version=self._holder.snapshot.version,
            yours=hide(conflict.yours),
            theirs=hide(conflict.theirs),
            merged=hide(conflict.merged),
            merge_problem=hide(conflict.merge_problem),
        )

    def detail(self, revision: Revision, text: str, older: str) -> RevisionDetail:
        """A revision with its differences; ``older`` is the text of the one before."""
        running = self._holder.snapshot
        hide = self._hiding([text, older], None)
        if revision.number == running.version:
            revision = msgspec.structs.replace(revision, current=True)
        return RevisionDetail(
            revision=revision,
            text=hide(text.removeprefix("\ufeff")),
            diff=hide(difference(older, text, self.name)),
            to_current=hide(difference(running.raw, text, self.name)),
        )

    def rejected(self) -> tuple[str, list[Problem]]:
        """The text on disk that was refused and what is wrong with it; nothing when none was."""
        text = self._holder.rejected_text
        hide = self._hiding([text], None)
        return hide(text), [_hidden(as_wire(one), hide) for one in self._holder.problems]

    def running(self) -> str:
        """The running text; a key in a comment is hidden like any other."""
        snapshot = self._holder.snapshot
        names = snapshot.config.keys
        likely = [one for one in likely_secrets(snapshot.text, items=False) if one not in names]
        scrubber = Scrubber([("unnamed", one) for one in likely])
        return scrubber.scrub_text(self._scrub_text(snapshot.text))

    def _hiding(self, texts: Iterable[str], new: Snapshot | None) -> Callable[[str], str]:
        """A scrubber of what is secret in these texts too, accepted or not."""
        known = self.secrets() + (secrets_of(new) if new else [])
        names = self._holder.snapshot.config.keys
        likely = {one for text in texts for one in likely_secrets(text) if one not in names}
        scrubber = Scrubber([*known, *(("unnamed", one) for one in sorted(likely))])
        return lambda text: scrubber.scrub_text(self._scrub_text(text))


def _hidden(problem: Problem, hide: Callable[[str], str]) -> Problem:
    return msgspec.structs.replace(problem, message=hide(problem.message), path=hide(problem.path))
