"""Puts the running gateway together and takes it apart again: every task has an owner here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, time

import msgspec

from llmgate.access.access import Access
from llmgate.config.credentials import Scrubber
from llmgate.config.model import Config
from llmgate.config.sealing import secrets_of
from llmgate.config.snapshot import Snapshot
from llmgate.config.watch import ConfigHolder
from llmgate.control.calendar import local_calendar
from llmgate.control.core import Core, now_ms
from llmgate.control.editor import Editor
from llmgate.control.exporting import rules_of
from llmgate.errors import ConfigProblem
from llmgate.exchange import Exchange
from llmgate.gateway import Gateway, Running
from llmgate.live import Hub
from llmgate.logs import Log
from llmgate.metrics import Metrics
from llmgate.recording.library import shipped_folder
from llmgate.recording.rules import Rules
from llmgate.relay.after import Aftermath
from llmgate.relay.minder import Minder, Pace
from llmgate.replay.replays import Replays
from llmgate.routing.router import Router
from llmgate.server.cleaning import Cleaning
from llmgate.server.recorder import Recorder
from llmgate.store.folder import store_file
from llmgate.store.writer import Store
from llmgate.upstream.probe import probe
from llmgate.upstream.providers import Providers
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.feed import Level
from llmgate.wire.gateway import ProviderView, Status

_LIMITS = frozenset(
    {"policy_rate_limited", "policy_budget", "policy_queue_full", "policy_too_large"}
)
_MOST_FORMER = 32
_CALLERS = frozenset({"caller_cancelled", "caller_invalid_request", "caller_path_unknown"})


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen and what to keep, decided by the command."""

    data_folder: Path
    token: str
    quiet: bool = False  # the terminal belongs to the TUI
    pace: Pace = Pace()
    record_to: Path | None = None  # a folder for a recording of every exchange


class Runtime:
    """The parts of one running gateway."""

    def __init__(
        self, holder: ConfigHolder, store: Store, scrubber: Scrubber, options: Options, address: str
    ) -> None:
        snapshot = holder.snapshot
        self.cleaning = Cleaning(scrubber)
        self._rules: tuple[Scrubber, Rules] | None = None
        self._former: list[tuple[str, str]] = []  # secrets that requests in flight may still hold
        self.holder = holder
        self.store = store
        self.log = Log(
            snapshot.config.log,
            options.data_folder / "llmgate.log",
            self.scrub_text,
            echo=not options.quiet,
        )
        store.indexing.on_notice = store.queries.on_damage = self.store_notice
        self.metrics = Metrics(store.status, lambda: holder.snapshot.version)
        clean = self.cleaning.rows
        self.hub = Hub(self._status, self._provider_views, first_seq=now_ms(), clean=clean)
        after = Aftermath(store, self.hub, self.metrics, self.failed, self._sent, self.scrub_text)
        self.recorder = Recorder(options.record_to, self.rules) if options.record_to else None
        if self.recorder is not None:
            after.on_ended = self._record
        self.minder = Minder(after.progress, options.pace)
        self.providers = Providers(_recordings, lambda: rules_of(holder.snapshot))
        self.providers.apply(snapshot.config)
        self.gateway = Gateway(
            _running(snapshot, None),
            self.providers,
            self.minder,
            after,
        )
        self.editor = Editor(holder, store, self.scrub_text)
        self.replays = Replays(
            self.gateway,
            store,
            note=self.note,
            scrub=self.scrub,
            on_mistake=lambda error: self.log.failure("a replay failed in the gateway", error),
            now_ms=now_ms,
            live=self._live_row,
        )
        self.core = Core(
            gateway=self.gateway,
            replays=self.replays,
            holder=holder,
            store=store,
            hub=self.hub,
            metrics=self.metrics,
            editor=self.editor,
            address=address,
            scrub_text=self.scrub_text,
            scrub=self.scrub,
            clean=clean,
        )

    def _live_row(self, exchange_id: str) -> ExchangeSummary | None:
        """An exchange in memory, as it will be kept."""
        live = self.core.in_memory(exchange_id)
        return None if live is None else self.cleaning.row(live.summary())

    def scrub_text(self, text: str) -> str:
        """Takes the secrets of the running config out of a text."""
        return self.cleaning.text(text)

    def scrub(self, data: bytes) -> bytes:
        """The same for bytes; their number stays."""
        return self.cleaning.body(data)

    def rules(self) -> Rules:
        """What may not get into a recording, by the running config."""
        snapshot = self.holder.snapshot
        if self._rules is None or self._rules[0] is not self.cleaning.scrubber:
            secrets = [*secrets_of(snapshot), *self._former]
            self._rules = (self.cleaning.scrubber, Rules(secrets, snapshot.config.recording.redact))
        return self._rules[1]

    def _record(self, exchange: Exchange) -> None:
        """Into the folder of ``--record``, unless the answer came out of that folder."""
        recorder = self.recorder
        provider = self.holder.snapshot.config.providers.get(exchange.provider)
        source = provider.recordings if provider is not None else None
        if recorder is not None and (
            source is None or Path(source).absolute() != recorder.folder.absolute()
        ):
            recorder.ended(exchange)

    async def start(self) -> None:
        """Numbers the running config among the revisions that earlier runs have kept."""
        if self.recorder is not None:
            self.recorder.start()
        await self.editor.start()
        self.gateway.running = _running(self.holder.snapshot, self.gateway.running)
        await self.restore_limits()

    async def finish(self) -> None:
        """Writes what is still in memory, but for the store."""
        await self.editor.flush()
        if self.recorder is not None:
            await asyncio.to_thread(self.recorder.close)
        self.keep_limits()

    def changed(self, old: Snapshot, new: Snapshot) -> None:
        """A new config was accepted: everything that reads it is replaced at once."""
        self.editor.noted(old, new)
        self.providers.apply(new.config)
        self.gateway.running = _running(new, self.gateway.running)
        self._former = _former(self._former, old)
        self.cleaning.scrubber = _scrubber(new, self._former)
        recording = new.config.recording
        self.store.configure(
            bodies=recording.bodies,
            keep_days=recording.keep_days,
            keep_mb=recording.keep_mb,
            scrubber=self.cleaning.scrubber,
        )
        self.log.configure(new.config.log)
        self.metrics.reloads.add(("accepted",))
        origin = new.origin
        by = f" by {origin.who}" if origin.who != "file" else " from the file"
        what = f": {origin.summary}" if origin.summary else ""
        text = f"config version {new.version} is running, {origin.kind}{by}{what}"
        self.note("info", "reload", text, warnings=list(new.warnings))
        for warning in self.holder.restart_needed:
            self.note("warning", "reload", warning)

    def rejected(self, problems: list[ConfigProblem]) -> None:
        """An edit was refused; the old config stays."""
        self.metrics.reloads.add(("rejected",))
        kept = self.holder.snapshot.version
        self.note("error", "reload", f"config edit refused, version {kept} stays: {problems[0]}")

    def restored(self) -> None:
        """The file is again what runs."""
        self.note("info", "reload", "the config file is again what runs")

    def store_problem(self, text: str | None) -> None:
        """Recording has stopped (text) or goes on again (None)."""
        if text is None:
            self.note("info", "store", "recording goes on")
        else:
            self.note("error", "store", f"recording has stopped: {text}")

    def store_notice(self, text: str) -> None:
        """Something about the store that is no problem of recording."""
        self.note("warning", "store", text)

    def failed(self, exchange: Exchange) -> None:
        """An exchange failed: a line in the log; limits of ours are news for viewers too."""
        what = f"{exchange.method} {exchange.path}: {exchange.error}"
        self.log.write(
            "info" if exchange.error_type in _CALLERS else "warning",
            what,
            exchange=exchange.id,
            error_type=exchange.error_type,
            status=exchange.status or 0,
            client=exchange.client,
            key=exchange.key,
            provider=exchange.provider,
            model=exchange.model,
        )
        if exchange.error_type in _LIMITS:
            text = self.scrub_text(exchange.error)
            kind = "budget" if exchange.error_type == "policy_budget" else "limit"
            self.hub.notice("warning", kind, text, at_ms=now_ms(), exchange=exchange.id)

    def note(self, level: Level, kind: str, text: str, **fields: object) -> None:
        """Says something to the log and to every viewer."""
        self.log.write(level, text, kind=kind, **fields)
        self.hub.notice(level, kind, self.scrub_text(text), at_ms=now_ms())

    async def probe_forever(self) -> None:
        """Asks every enabled provider for its models: at once, then every ``health.every_s``.

        0 turns probes off, but for recordings, whose list costs nobody anything.
        """
        while True:
            every_s = self.holder.snapshot.config.health.every_s
            async with asyncio.TaskGroup() as group:
                for provider in list(self.providers.values()):
                    if provider.config.enabled and (
                        every_s > 0 or provider.config.kind == "recording"
                    ):
                        group.create_task(
                            probe(provider, now_ms=now_ms(), now_s=monotonic()), name="probe"
                        )
            await asyncio.sleep(every_s if every_s > 0 else 30)

    async def housekeep(self) -> None:
        """Once a second: spend of the day, connections of replaced providers."""
        states: dict[str, str] = {}
        dropped = 0
        while True:
            await self.core.refresh_spend()
            await self.providers.close_retired()
            self.keep_limits()
            self._tell_changes(states)
            dropped = self._tell_drops(dropped)
            for text in self.recorder.news() if self.recorder is not None else ():
                self.note("warning", "drop", text)
            await asyncio.sleep(1)

    async def restore_limits(self) -> None:
        """Goes on with what limits counted before the restart."""
        kept = await self.store.queries.counters()
        for note in self.gateway.running.access.restore(kept, time()):
            self.note("warning", "limit", note)

    def keep_limits(self) -> None:
        """Writes what limits have counted, and says what is to be said of budgets."""
        access = self.gateway.running.access
        if counters := access.counters(time(), dirty=True):
            self.store.keep_counters(counters)
        for warning in access.take_warnings():
            self.note("warning", "budget", warning)

    def _tell_changes(self, states: dict[str, str]) -> None:
        for name, provider in self.providers.items():
            state = provider.state(monotonic())
            before = states.get(name)
            states[name] = state
            if before is not None and before != state:
                level: Level = "warning" if state in {"down", "degraded"} else "info"
                self.note(level, "health", f"provider '{name}' is {state} (was {before})")

    def _tell_drops(self, told: int) -> int:
        """Says that something could not be kept; how much was dropped in all."""
        status = self.store.status()
        dropped = status.dropped_bodies + status.dropped_exchanges
        if dropped > told:
            text = (
                f"{dropped - told} more could not be kept: {status.dropped_exchanges} exchanges"
                f" and {status.dropped_bodies} bodies dropped since the start"
            )
            self.note("warning", "drop", text)
        return dropped

    def _sent(self, exchange: Exchange) -> None:
        self.core.sent(exchange)

    def _status(self) -> Status:
        return self.core.status()

    def _provider_views(self) -> list[ProviderView]:
        return self.core.providers()


@asynccontextmanager
async def running_gateway(
    holder: ConfigHolder, options: Options, address: str
) -> AsyncIterator[Runtime]:
    snapshot = holder.snapshot
    recording, scrubber = snapshot.config.recording, _scrubber(snapshot, [])
    early_problems: list[str | None] = []
    tell = [early_problems.append]

    def on_problem(problem: str | None) -> None:
        tell[-1](problem)  # the runtime, once there is one

    store = await Store.open(
        store_file(options.data_folder),
        bodies=recording.bodies,
        keep_days=recording.keep_days,
        keep_mb=recording.keep_mb,
        scrubber=scrubber,
        on_problem=on_problem,
    )
    runtime = Runtime(holder, store, scrubber, options, address)
    tell.append(runtime.store_problem)
    for problem in early_problems:
        runtime.store_problem(problem)
    await runtime.start()
    holder.on_change = runtime.changed
    holder.on_reject = runtime.rejected
    holder.on_restore = runtime.restored
    runtime.log.write("info", "gateway started", address=address, config=snapshot.file)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_forever(runtime.log, work))
                for work in (
                    store.run,
                    store.indexing.run,
                    holder.run,
                    runtime.hub.run,
                    runtime.minder.run,
                    runtime.editor.run,
                    runtime.probe_forever,
                    runtime.housekeep,
                    runtime.replays.run,
                )
            ]
            yield runtime
            for task in tasks:
                task.cancel()
    finally:
        await runtime.providers.close()
        await runtime.finish()
        await store.close()
        if lost := len(store.backlog):
            runtime.log.write("error", f"{lost} exchanges could not be recorded and are lost")
        runtime.log.write("info", "gateway stopped")
        runtime.log.close()


def _scrubber(snapshot: Snapshot, former: list[tuple[str, str]]) -> Scrubber:
    return Scrubber([*secrets_of(snapshot), *former], snapshot.config.recording.redact)


def _former(before: list[tuple[str, str]], old: Snapshot) -> list[tuple[str, str]]:
    """The newest secrets of earlier configs; each costs a search in every body."""
    return list(dict.fromkeys([*secrets_of(old), *before]))[:_MOST_FORMER]


def _running(snapshot: Snapshot, before: Running | None) -> Running:
    config: Config = snapshot.config
    return Running(
        snapshot=snapshot,
        access=Access(config, before.access if before else None, local_calendar),
        router=Router(config, before.router if before else None),
    )


async def _forever(log: Log, work: Callable[[], Awaitable[None]]) -> None:
    """Runs one of the gateway's loops; a mistake of ours in it must not end the others."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the last line of a background loop
            log.failure("a background task failed and is started again", error)
        else:
            return
        await asyncio.sleep(1)


def _recordings(folder: str | None) -> Path:
    return Path(folder) if folder else shipped_folder()
