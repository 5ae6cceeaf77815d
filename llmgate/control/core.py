"""The running gateway as the control API sees it: the place that says how everything is doing."""

from collections.abc import Callable
from time import localtime, mktime, monotonic, time_ns

from llmgate import __version__
from llmgate.config.watch import ConfigHolder
from llmgate.exchange import Exchange
from llmgate.gateway import Gateway
from llmgate.live import Hub
from llmgate.metrics import Metrics
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.gateway import (
    ConfigView,
    HealthDetail,
    KeyView,
    Problem,
    ProviderView,
    RouteView,
    Spend,
    Status,
    TargetView,
)

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
        address: str,
        scrub_text: Callable[[str], str],
    ) -> None:
        self.gateway = gateway
        self.holder = holder
        self.store = store
        self.hub = hub
        self.metrics = metrics
        self.address = address
        self.scrub_text = scrub_text
        self.started_ms = now_ms()
        self.spend = Spend()
        self._spend_at = 0.0

    def in_memory(self, exchange_id: str) -> Exchange | None:
        """An exchange that is live, or ended so lately that it is not written yet."""
        return self.hub.live.get(exchange_id) or self.store.pending(exchange_id)

    async def refresh_spend(self, *, fresh: bool = False) -> None:
        """Sums today's spend anew, at most every two seconds unless ``fresh``."""
        if fresh or monotonic() - self._spend_at >= _SPEND_EVERY_S:
            self._spend_at = monotonic()
            self.spend = await self.store.queries.spend_since(midnight_ms())

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
            streaming=sum(1 for e in live.values() if e.state == "streaming"),
            requests=self.metrics.count,
            errors=self.metrics.errors_count,
            today=self.spend,
            recording=self.store.status(),
            keyless=not config.keys,
            demo=any(p.kind == "recording" and p.enabled for p in config.providers.values()),
        )

    def providers(self) -> list[ProviderView]:
        """Every provider's state."""
        now_s = monotonic()
        return [provider.view(now_s, now_ms()) for provider in self.gateway.providers.values()]

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
        snapshot = self.holder.snapshot
        return ConfigView(
            version=snapshot.version,
            file=snapshot.file,
            loaded_ms=snapshot.loaded_ms,
            etag=snapshot.etag,
            text=self.scrub_text(snapshot.text),
            problems=[
                Problem(message=p.message, file=p.file, line=p.line, column=p.column, path=p.path)
                for p in self.holder.problems
            ],
            rejected_version=self.holder.rejected_version,
            warnings=list(snapshot.warnings),
            restart_needed=list(self.holder.restart_needed),
        )

    def routes(self) -> list[RouteView]:
        """Routes in the order they are tried."""
        views = []
        for name, route in self.holder.snapshot.config.routes.items():
            total = sum(target.weight for target in route.targets)
            targets = [
                TargetView(
                    provider=target.provider,
                    model=target.model or "",
                    weight=target.weight,
                    share=target.weight / total if total else 0.0,
                )
                for target in route.targets
            ]
            match = route.match
            shown = {
                field: _shown(value)
                for field, value in (
                    ("model", match.model),
                    ("path", match.path),
                    ("key", match.key),
                    ("header", [f"{k}: {v}" for k, v in match.header.items()]),
                )
                if value
            }
            views.append(
                RouteView(name=name, match=shown, strategy=route.strategy, targets=targets)
            )
        return views

    def keys(self) -> list[KeyView]:
        """Callers' keys, without the keys."""
        return self.gateway.running.access.views(monotonic())


def now_ms() -> int:
    """The time, in epoch milliseconds."""
    return time_ns() // 1_000_000


def midnight_ms() -> int:
    """The beginning of today, local time."""
    today = localtime()
    return int(mktime((today.tm_year, today.tm_mon, today.tm_mday, 0, 0, 0, 0, 0, -1))) * 1000


def _shown(value: str | list[str] | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)
