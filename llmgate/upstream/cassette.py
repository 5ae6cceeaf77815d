"""Answers a request with the recording of that very request, and records what is missing.

``none`` never asks anybody; ``once`` records into a folder that was empty when it began;
``new_episodes`` records whatever is missing; ``all`` asks always and writes anew. What is recorded
is what the source said, its errors and streams that broke or fell silent included; what a caller
left before its end is not, and a source that sent no head of an answer has said nothing. Of equal
requests one is on its way to the source at a time, so that the next one finds what the first one
was answered.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

from llmgate.errors import LlmgateError, UpstreamUnreachable
from llmgate.formats.catalog import error_body
from llmgate.recording.files import keep, write_file
from llmgate.recording.format import RecordingProblem, write
from llmgate.recording.matching import Matching
from llmgate.recording.promote import promote
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.scrub import Scrubbing
from llmgate.recording.title import file_name
from llmgate.upstream.missing import explain, used_up
from llmgate.upstream.recorded import RecordedReply
from llmgate.upstream.reply import Outbound, Reply, Sender
from llmgate.upstream.shelf import Entry, Shelf
from llmgate.upstream.taping import Tape, TapedReply
from llmgate.upstream.whole import WholeReply, models_reply

Mode = Literal["none", "once", "new_episodes", "all"]

NAME_HEADER: Final = "x-llmgate-recording"
"""In every answer: the file it comes from, ``missing``, or ``recorded`` from the source now."""

MISSING: Final = "missing"
RECORDED: Final = "recorded"

_TRIES: Final = 3
_LAST_S: Final = 6.0  # for what is being written when the gateway stops
_log = logging.getLogger("llmgate.upstream")


class Source(Protocol):
    """Who is asked for what is missing."""

    name: str
    protocols: frozenset[str]
    sender: Sender

    def headers(
        self, caller: Sequence[tuple[bytes, bytes]], *, lend_credential: bool
    ) -> list[tuple[str, str]]: ...

    def url(self, path: str, query: str) -> str: ...


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the config says of a provider that has a mode."""

    mode: Mode
    volatile: tuple[str, ...] = ()
    ordered: bool = False
    speed: float = 1.0


class CassetteSender:
    """The way out that ends in a folder of recordings, or leads through it to a source."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        source: Callable[[], Source | None],
        rules: Callable[[], Rules],
    ) -> None:
        self._settings = settings
        self._matching = Matching(settings.volatile)
        self._shelf = Shelf(folder, self._matching)
        self._source = source
        self._rules = rules
        self._was_empty = False
        self._used: dict[str, set[str]] = defaultdict(set)  # names of recordings, by request
        self._busy: dict[str, asyncio.Event] = {}  # requests that are on their way to the source
        self._looking = asyncio.Lock()
        self._writing: set[asyncio.Task[None]] = set()

    async def send(self, request: Outbound) -> Reply:
        """Answers with the recording of this request, or as the mode says."""
        asked_at = asyncio.get_running_loop().time()
        if self._shelf.stale():
            await self._look()
        if request.protocol == "openai.models" and request.method in {"GET", "HEAD"}:
            models = sorted({entry.model for entry in self._shelf.all() if entry.model})
            return models_reply(models, request.path)
        key = self._key(request, request.body)
        while (busy := self._busy.get(key)) is not None:
            await busy.wait()
            asked_at = asyncio.get_running_loop().time()  # that wait was never recorded
        if not self._asks:
            found = await self._found(key, request, asked_at)
            return found or await self._missing(key, request)
        self._busy[key] = asyncio.Event()
        try:
            return await self._found_or_recorded(key, request, asked_at)
        except BaseException:
            self._let_go(key)
            raise

    @property
    def writing(self) -> int:
        """How many recordings are on their way into the folder."""
        return len(self._writing)

    async def close(self) -> None:
        """Has no connections of its own; waits for what is still being written."""
        if self._writing:
            _, late = await asyncio.wait(self._writing, timeout=_LAST_S)
            if late:
                _log.error("%d answers could not be recorded in time", len(late))

    @property
    def _asks(self) -> bool:
        mode = self._settings.mode
        return mode in {"new_episodes", "all"} or (mode == "once" and self._was_empty)

    async def _look(self) -> None:
        async with self._looking:
            first = not self._shelf.looked
            await asyncio.to_thread(self._shelf.look)
            if first:
                self._was_empty = self._shelf.empty

    def _key(self, request: Outbound, body: bytes) -> str:
        return self._matching.key(request.protocol, request.path, body, stream=request.stream)

    # Playing.

    async def _found(self, key: str, request: Outbound, asked_at: float) -> Reply | None:
        """The recording of this request whose turn it is."""
        entry = self._next(key)
        if entry is None:  # perhaps a file was edited in place, or a secret was blanked in it
            await self._look()
            entry = self._next(key) or self._next(await self._scrubbed_key(request))
        for _ in range(_TRIES):
            if entry is None:
                break
            self._used[entry.key].add(entry.name)
            try:
                recording = await asyncio.to_thread(self._shelf.read, entry)
            except RecordingProblem:  # gone, or changed this very moment
                await self._look()
                entry = self._next(entry.key)
                continue
            return await self._played(recording, asked_at)
        return None

    def _next(self, key: str) -> Entry | None:
        entries = self._shelf.entries.get(key, ())
        if not self._settings.ordered:
            return entries[0] if entries else None
        used = self._used[key]
        return next((entry for entry in entries if entry.name not in used), None)

    async def _scrubbed_key(self, request: Outbound) -> str:
        """The key of the request as it would have been recorded."""
        rules = self._rules()
        body = await asyncio.to_thread(lambda: Scrubbing(rules).body(request.body))
        return self._key(request, body)

    async def _played(self, recording: Recording, asked_at: float) -> Reply:
        reply = RecordedReply(recording, started=asked_at, speed=self._settings.speed)
        reply.headers = [*reply.headers, (NAME_HEADER, _header(recording.name))]
        await reply.head()
        return reply

    # Recording.

    async def _found_or_recorded(self, key: str, request: Outbound, asked_at: float) -> Reply:
        """Plays it, unless it is missing or asked for anew; ``key`` is busy until it is let go."""
        anew = self._settings.mode == "all"
        found = None if anew else await self._found(key, request, asked_at)
        source = self._source()
        if found is None and source is None:
            raise UpstreamUnreachable("the source of these recordings is not enabled")
        if found is None and source is not None and request.protocol in source.protocols:
            return await self._recorded(key, request, source)
        self._let_go(key)
        return found or await self._missing(key, request, source)

    async def _recorded(self, key: str, request: Outbound, source: Source) -> Reply:
        """Asks the source; what it says passes by."""
        caller = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers]
        query = request.url.partition("?")[2]
        onward = msgspec.structs.replace(
            request,
            url=source.url(request.path, query),
            headers=source.headers(caller, lend_credential=False),
        )
        tape = Tape.begin(msgspec.structs.replace(request, headers=onward.headers), source.name)
        reply = await source.sender.send(onward)
        return TapedReply(reply, tape, (NAME_HEADER, RECORDED), partial(self._passed, key))

    def _passed(self, key: str, tape: Tape) -> None:
        """Writes it in a task of its own: that of the request may be cancelled at any moment."""
        writing = asyncio.get_running_loop().create_task(self._write(tape), name="cassette")
        self._writing.add(writing)
        writing.add_done_callback(partial(self._written, key))

    def _written(self, key: str, writing: asyncio.Task[None]) -> None:
        self._writing.discard(writing)
        self._let_go(key)
        if not writing.cancelled() and (error := writing.exception()):
            _log.error("an answer could not be recorded", exc_info=error)

    def _let_go(self, key: str) -> None:
        if busy := self._busy.pop(key, None):
            busy.set()

    async def _write(self, tape: Tape) -> None:
        """Writes a recording; the caller has its answer whatever becomes of it."""
        try:
            written = await asyncio.to_thread(self._write_now, tape, self._rules())
        except LlmgateError as problem:
            _log.warning("an answer could not be recorded: %s", problem)
            return
        if written is not None:
            key, name = written
            await self._look()
            self._used[key].add(name)

    def _write_now(self, tape: Tape, rules: Rules) -> tuple[str, str] | None:
        """The key and the name of what was written; the key is that of the scrubbed request.

        None: its caller left before its end.
        """
        if not tape.worth_keeping():
            return None
        it = promote(tape.kept(), rules)
        key = self._matching.key(it.dialect, it.path, it.body, stream=it.stream)
        data = write(it)
        if self._settings.mode == "all" and (old := self._next(key)):  # written anew
            write_file(self._shelf.folder / old.name, data)
            return key, old.name
        return key, keep(self._shelf.folder, file_name(it), data)[0].name

    # Missing.

    async def _missing(self, key: str, request: Outbound, source: Source | None = None) -> Reply:
        """Says, in the caller's protocol, that there is no recording and what comes near."""
        entries = self._shelf.entries.get(key, ())
        if self._settings.ordered and entries:
            message = used_up(self._shelf, entries)
        else:
            message = await asyncio.to_thread(
                explain,
                self._shelf,
                self._matching,
                request,
                self._advice(source),
                self._rules(),
            )
        body = error_body(request.protocol, 404, message, code="recording_not_found")
        reply = WholeReply(404, msgspec.Raw(body))
        reply.headers.append((NAME_HEADER, MISSING))
        return reply

    def _advice(self, source: Source | None) -> str:
        if source is not None:
            return f"source '{source.name}' does not speak its protocol and could not be asked"
        if self._settings.mode == "once":
            return (
                "mode once records only into a folder that was empty: use new_episodes to add it,"
                " or name what changes every time in `volatile`"
            )
        return "record it with mode new_episodes, or name what changes every time in `volatile`"


def _header(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text[:200])
