"""The providers of the running config: connections, credentials, health and models of each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from llmgate.config.catalog import (
    KINDS,
    ProviderKind,
    base_url_of,
    keys_of,
    protocols_of,
    upstream_url,
)
from llmgate.config.credentials import CALLER_KEY_HEADERS
from llmgate.config.model import Config, ProviderConfig
from llmgate.recording.rules import Rules
from llmgate.upstream.cassette import CassetteSender, Settings
from llmgate.upstream.client import HttpSender
from llmgate.upstream.forward import own_credential, towards_provider
from llmgate.upstream.health import Health
from llmgate.upstream.recorded import RecordedSender
from llmgate.upstream.reply import Outbound, Sender
from llmgate.wire.exchanges import Protocol
from llmgate.wire.gateway import HealthState, Probe, ProviderView
from llmgate.wire.limits import LimitsView

RawHeaders = Sequence[tuple[bytes, bytes]]


class Provider:
    """One provider as configured now; ``health`` and the models list outlive a reload."""

    def __init__(self, name: str, config: ProviderConfig, sender: Sender) -> None:
        self.name = name
        self.config = config
        self.kind: ProviderKind = KINDS[config.kind]
        self.base_url = base_url_of(config)
        self.protocols = frozenset(protocols_of(config))
        self.sender = sender
        self.health = Health()
        self.probe: Probe | None = None
        self.models: tuple[str, ...] = ()
        self.draining = False  # takes nothing new; what is in flight goes on
        self._credentials = keys_of(config)
        self._turn = 0
        self._own = {n.lower(): v for n, v in config.headers.items()}
        self._usual = [(n, v) for n, v in self.kind.headers if n not in self._own]

    @property
    def needs_key(self) -> bool:
        """The provider wants a credential and none is configured."""
        given = self._credentials or not self._own.keys().isdisjoint(CALLER_KEY_HEADERS)
        return self.kind.auth != "none" and not given and not self.kind.local

    def headers(self, caller: RawHeaders, *, lend_credential: bool) -> list[tuple[str, str]]:
        """Builds the request headers; ``lend_credential`` forwards the caller's own when we have
        none. The caller's headers beat what is usual for the kind; configured ones beat both.
        """
        headers = towards_provider(caller)
        if self._usual:
            present = {name for name, _ in headers}
            headers += [(n, v) for n, v in self._usual if n not in present]
        if self._own:
            headers = [(n, v) for n, v in headers if n not in self._own]
            headers += self._own.items()
        if self._credentials:
            headers.append(self._credential())
        elif lend_credential and self.needs_key:
            headers += own_credential(caller)
        return headers

    def url(self, path: str, query: str) -> str:
        """The whole address for a caller's path."""
        return upstream_url(self.base_url, self.kind.keeps_v1, path, query)

    def probe_request(self) -> Outbound:
        """The models list, asked for by the active probe."""
        return Outbound(
            method="GET",
            url=self.url(self.kind.probe, ""),
            headers=self.headers((), lend_credential=False),
            body=b"",
            protocol="openai.models",
            path="/v1/models",
        )

    def rotate_credential(self) -> None:
        """Uses the next of ``api_keys`` from now on (after 401, 402, 403, 429)."""
        if len(self._credentials) > 1:
            self._turn = (self._turn + 1) % len(self._credentials)

    def state(self, now_s: float) -> HealthState:
        """What a glance should say."""
        if not self.config.enabled:
            return "disabled"
        if self.draining:
            return "draining"
        state = self.health.state(now_s)
        if self.needs_key and state == "unknown":
            return "no_key"
        if state == "unknown" and self.probe is not None:
            return "up" if self.probe.ok else "down"
        return state

    def view(self, now_s: float, now_ms: int, limits: LimitsView | None = None) -> ProviderView:
        """Everything the terminal shows of it; ``limits`` are those of the config."""
        health = self.health
        requests = health.requests_per_minute(now_s)
        errors = health.errors_by_type(now_s)
        count = sum(errors.values())
        return ProviderView(
            name=self.name,
            kind=self.config.kind,
            base_url=self.base_url,
            protocols=sorted(self.protocols),
            state=self.state(now_s),
            enabled=self.config.enabled,
            key_hint=self._key_hint(),
            in_flight=health.in_flight,
            requests_per_minute=requests,
            errors_per_minute=float(count),
            error_share=min(1.0, count / requests) if requests else 0.0,
            errors_by_type=errors,
            ttfb=health.ttfb(),
            total=health.total(),
            last_errors=list(health.last_errors),
            last_ok_ms=health.last_ok_ms,
            probe=self.probe,
            models=list(self.models[:500]),
            rate_limits=dict(health.rate_limits),
            rate_limits_ms=health.rate_limits_ms,
            draining=self.draining,
            spark=health.spark.line(now_ms),
            queued=limits.queued if limits else 0,
            limits=limits,
        )

    def _credential(self) -> tuple[str, str]:
        key = self._credentials[self._turn]
        if self.kind.auth == "bearer":
            return ("authorization", f"Bearer {key}")
        return (self.kind.auth if self.kind.auth != "none" else "authorization", key)

    def _key_hint(self) -> str:
        if not self._credentials:
            return ""
        key = self._credentials[self._turn]
        return f"…{key[-4:]}" if len(key) >= 12 else "set"


class Providers(Mapping[str, Provider]):
    """All providers by name. A reload keeps what did not change and retires the rest gently."""

    def __init__(
        self,
        recordings: Callable[[str | None], Path],
        rules: Callable[[], Rules] = Rules,
    ) -> None:
        self._recordings = recordings
        self._rules = rules  # of what may not be in a recording
        self._by_name: dict[str, Provider] = {}
        self.draining: frozenset[str] = frozenset()
        self._retired: list[Provider] = []

    def __getitem__(self, name: str) -> Provider:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def apply(self, config: Config) -> None:
        """Makes ``config`` the running set; requests under way keep the provider they have."""
        old = self._by_name
        new: dict[str, Provider] = {}
        for name, wanted in config.providers.items():
            before = old.get(name)
            if before is not None and before.config == wanted:
                new[name] = before
            else:
                new[name] = self._successor(name, wanted, before)
        self._retired += [p for name, p in old.items() if new.get(name) is not p]
        self._by_name = new
        self._note_draining()

    def listed(self) -> dict[str, Sequence[str]]:
        """The models each enabled provider is known to have, from its last probe."""
        return {p.name: p.models for p in self._by_name.values() if p.config.enabled and p.models}

    def usable(self, name: str) -> bool:
        """Enabled and configured."""
        provider = self._by_name.get(name)
        return provider is not None and provider.config.enabled

    def drain(self, name: str, *, draining: bool) -> None:
        """Sends a provider nothing new, or again; what is in flight goes on."""
        self._by_name[name].draining = draining
        self._note_draining()

    async def close_retired(self) -> None:
        """Closes the connections of replaced providers whose last request has ended."""
        idle = [p for p in self._retired if p.health.in_flight <= 0]
        for provider in idle:
            self._retired.remove(provider)
            await provider.sender.close()

    async def close(self) -> None:
        """Closes everything; at the end of the process."""
        for provider in (*self._by_name.values(), *self._retired):
            await provider.sender.close()
        self._by_name, self._retired = {}, []

    def _note_draining(self) -> None:
        self.draining = frozenset(p.name for p in self._by_name.values() if p.draining)

    def _successor(self, name: str, wanted: ProviderConfig, before: Provider | None) -> Provider:
        provider = Provider(name, wanted, self._sender(name, wanted))
        if before is not None and before.config.kind == wanted.kind:
            provider.draining = before.draining
            provider.models = before.models
            provider.probe = before.probe
            provider.health.last_errors = before.health.last_errors
            provider.health.last_ok_ms = before.health.last_ok_ms
            provider.health.rate_limits = before.health.rate_limits
            provider.health.rate_limits_ms = before.health.rate_limits_ms
            provider.health.spark = before.health.spark
        return provider

    def _sender(self, name: str, wanted: ProviderConfig) -> Sender:
        if wanted.kind == "recording":
            return self._recorded(wanted, self._recordings(wanted.recordings))
        return HttpSender(name, timeout=wanted.timeout, tls=wanted.tls)

    def _recorded(self, wanted: ProviderConfig, folder: Path) -> Sender:
        if wanted.mode is None:
            return RecordedSender(folder, wanted.speed)
        settings = Settings(
            mode=wanted.mode,
            volatile=tuple(wanted.volatile),
            ordered=wanted.ordered,
            speed=wanted.speed,
        )
        return CassetteSender(folder, settings, lambda: self._source(wanted), self._rules)

    def _source(self, wanted: ProviderConfig) -> Provider | None:
        """Who is asked for what a folder of recordings lacks."""
        name = wanted.source
        return self._by_name[name] if name is not None and self.usable(name) else None


def speaks(provider: Provider, protocol: Protocol) -> bool:
    """Whether the provider carries the caller's protocol as it is."""
    return protocol in provider.protocols or protocol == "raw"
