"""The running gateway as the control API sees it: the place that says how everything is doing."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic, time, time_ns

import msgspec

from llmgate import __version__
from llmgate.config.snapshot import Snapshot
from llmgate.config.watch import ConfigHolder
from llmgate.control.calendar import midnight_ms
from llmgate.control.editor import Editor
from llmgate.control.route_views import route_views
from llmgate.control.written import key_variables
from llmgate.exchange import Exchange
from llmgate.gateway import Gateway
from llmgate.live import Hub
from llmgate.metrics import Metrics
from llmgate.replay.replays import Replays
from llmgate.routing.observed import Observed
from llmgate.store.problems import StoreProblem
from llmgate.store.writer import Store
from llmgate.upstream.providers import Provider
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import (
    ConfigView,
    HealthDetail,
    KeyView,
    ProviderView,
    RouteView,
    Spend,
    Status,
)
from llmgate.wire.limits import LimitsView

_SPEND_EVERY_S = 2.0
_SHOWN_FIRST = 1_000


class Core:
    """Joins the parts for those who ask; holds no state of its own but a cached day's spend."""

    def __init__(  # noqa: PLR0913 - one name for each part
        self,
        *,
        gateway: Gateway,
        holder: ConfigHolder,
        store: Store,
        hub: Hub,
        metrics: Metrics,
        editor: Editor,
        replays: Replays,
        address: str,
        scrub_text: Callable[[str], str],
        scrub: Callable[[bytes], bytes],
        clean: Callable[[Iterable[ExchangeSummary]], list[ExchangeSummary]],
    ) -> None:
        self.gateway = gateway
        self.holder = holder
        self.store = store
        self.hub = hub
        self.metrics = metrics
        self.editor = editor
        self.replays = replays
        self.observed = Observed()
        self.address = address
        self.scrub_text = scrub_text
        self.scrub = scrub
        self.clean = clean  # rows that were not read from the store
        self.started_ms = now_ms()
        self.spend = Spend()
        self._spend_at = 0.0
        self._variables: tuple[str, dict[str, str]] = ("", {})

    @property
    def snapshot(self) -> Snapshot:
        """The running config."""
        return self.holder.snapshot

    def in_memory(self, exchange_id: str) -> Exchange | None:
        """An exchange that is live, or ended so lately that it is not written yet."""
        return self.hub.live.get(exchange_id) or self.store.pending(exchange_id)

    async def refresh_spend(self, *, fresh: bool = False) -> None:
        """Sums today's spend anew, at most every two seconds unless ``fresh``."""
        if fresh or monotonic() - self._spend_at >= _SPEND_EVERY_S:
            self._spend_at = monotonic()
            with suppress(StoreProblem):  # what was known before is shown on
                self.spend = await self.store.queries.spend_since(midnight_ms(now_ms()))

    async def newest(self) -> list[ExchangeSummary]:
        """The newest kept exchanges, newest last: what a viewer begins with."""
        await self.store.flush()
        return await self.store.queries.newest(_SHOWN_FIRST)

    def status(self) -> Status:
        """The header line."""
        snapshot = self.holder.snapshot
        problems = self.holder.problems
        live = self.hub.live
        config = snapshot.config
        return Status(
            version=__version__,
            address=self.address,
            started_ms=self.started_ms,
            now_ms=now_ms(),
            config_version=snapshot.version,
            config_problem=str(problems[0]) if problems else "",
            rejected_version=self.holder.rejected_version,
            live=len(live),
            queued=self.gateway.running.access.queued,
            streaming=sum(1 for e in live.values() if e.state == "streaming"),
            requests=self.metrics.count,
            errors=self.metrics.errors_count,
            today=self.spend,
            recording=self.store.status(),
            keyless=not config.keys,
            demo=any(
                p.kind == "recording" and p.mode is None and p.enabled
                for p in config.providers.values()
            ),
        )

    def providers(self) -> list[ProviderView]:
        """Every provider's state."""
        return [self.provider(provider) for provider in self.gateway.providers.values()]

    def provider(self, provider: Provider) -> ProviderView:
        """One provider's state, with the limits it has."""
        limits = self.gateway.running.access.limits_of("provider", provider.name, time())
        return provider.view(monotonic(), now_ms(), limits)

    def health(self) -> HealthDetail:
        """``GET /health/detailed``."""
        status = self.status()
        providers = self.providers()
        ill = status.recording.state == "stopped" or any(p.state == "down" for p in providers)
        return HealthDetail(
            status="degraded" if ill or status.config_problem else "ok",
            version=__version__,
            uptime_s=round((status.now_ms - self.started_ms) / 1000, 1),
            config_version=status.config_version,
            config_problem=status.config_problem,
            recording=status.recording,
            in_flight=self.metrics.in_flight,
            providers=providers,
        )

    def config(self) -> ConfigView:
        """The running config and what is wrong with a refused edit."""
        snapshot = self.snapshot
        rejected_text, problems = self.editor.rejected()
        return ConfigView(
            version=snapshot.version,
            file=snapshot.file,
            loaded_ms=snapshot.loaded_ms,
            etag=snapshot.etag,
            text=self.editor.running(),
            problems=problems,
            rejected_text=rejected_text,
            rejected_version=self.holder.rejected_version,
            warnings=list(snapshot.warnings),
            restart_needed=list(self.holder.restart_needed),
            editable=self.editor.editable,
            undo=self.editor.undo_to,
            redo=self.editor.redo_to,
        )

    def routes(self) -> list[RouteView]:
        """Routes in the order they are tried."""
        running = self.gateway.running
        counts = self.observed.counts(monotonic())
        return route_views(running.snapshot.config.routes, counts, running.router.named)

    def sent(self, exchange: Exchange) -> None:
        """A request is on its way to a provider."""
        self.observed.sent(exchange.route, exchange.provider, exchange.served, monotonic())

    def key_views(self) -> list[KeyView]:
        """Callers' keys, without the keys."""
        running = self.gateway.running
        if self._variables[0] != running.snapshot.etag:
            self._variables = (running.snapshot.etag, key_variables(running.snapshot.text))
        variables = self._variables[1]
        return [
            msgspec.structs.replace(view, variable=variables.get(view.name, ""))
            for view in running.access.views(time())
        ]

    def limits(self) -> list[LimitsView]:
        """Every limit and what is used of it."""
        return self.gateway.running.access.limits(time())


def now_ms() -> int:
    """The time, in epoch milliseconds."""
    return time_ns() // 1_000_000
