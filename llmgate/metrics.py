"""Counts and times for ``/metrics``: plain dictionaries on the hot path, Prometheus shapes when
scraped.

``prometheus_client`` locks and looks up labels on every increment; here an increment is a
dictionary update, and a collector turns the tallies into its metric families once per scrape.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from llmgate import __version__
from llmgate.exchange import Exchange
from llmgate.wire.gateway import Recording

Labels = tuple[str, ...]
_MAX_SERIES = 2_000  # a caller that makes up model names must not grow us
_LIMITS = frozenset(
    {"policy_rate_limited", "policy_budget", "policy_queue_full", "policy_too_large"}
)
_LONG_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320)
_GAP_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)
_OWN_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Tally:
    """A counter with labels."""

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self.name, self.text, self.labels = name, text, list(labels)
        self.values: dict[Labels, float] = {}

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Counts; over the bound of series the labels become ``other``."""
        values = self.values
        if labels not in values and len(values) >= _MAX_SERIES:
            labels = ("other",) * len(labels)
        values[labels] = values.get(labels, 0) + amount

    def family(self) -> Metric:
        """Its Prometheus shape."""
        family = CounterMetricFamily(self.name, self.text, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        return family


class Spread:
    """A histogram with labels, in seconds."""

    def __init__(
        self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        self.name, self.text, self.labels, self.bounds = name, text, list(labels), bounds
        self._values: dict[Labels, tuple[list[int], list[float]]] = {}

    def observe(self, labels: Labels, seconds: float) -> None:
        """Takes one measurement."""
        self.observe_all(labels, (seconds,))

    def observe_all(self, labels: Labels, many: Sequence[float]) -> None:
        """Takes many measurements of one series."""
        found = self._values.get(labels)
        if found is None:
            if len(self._values) >= _MAX_SERIES:
                labels = ("other",) * len(labels)
            empty: tuple[list[int], list[float]] = ([0] * (len(self.bounds) + 1), [0.0])
            found = self._values.setdefault(labels, empty)
        counts, total = found
        bounds = self.bounds
        for seconds in many:
            counts[bisect_left(bounds, seconds)] += 1
        total[0] += sum(many)

    def family(self) -> Metric:
        """Its Prometheus shape: cumulative buckets."""
        family = HistogramMetricFamily(self.name, self.text, labels=self.labels)
        for labels, (counts, total) in self._values.items():
            running, buckets = 0, []
            for bound, count in zip((*self.bounds, None), counts, strict=True):
                running += count
                buckets.append(("+Inf" if bound is None else str(bound), running))
            family.add_metric(labels, buckets, total[0])
        return family


class Metrics(Collector):
    """Everything ``/metrics`` shows."""

    def __init__(self, recording: Callable[[], Recording], version: Callable[[], int]) -> None:
        self._recording = recording
        self._version = version
        self.in_flight = 0
        self.queued = 0
        self.count = 0
        self.errors_count = 0
        named = ["provider", "model"]
        self.requests = Tally(
            "llmgate_requests",
            "Exchanges that ended, by how.",
            [*named, "route", "protocol", "client", "state", "status"],
        )
        self.errors = Tally(
            "llmgate_errors", "Exchanges that failed, by type.", ["provider", "error_type"]
        )
        self.tokens = Tally(
            "llmgate_tokens", "Tokens, by type and basis.", [*named, "type", "basis"]
        )
        self.cost = Tally("llmgate_cost_usd", "US dollars, by basis.", [*named, "basis"])
        self.unpriced = Tally("llmgate_unpriced_requests", "Exchanges without a price.", named)
        self.refusals = Tally(
            "llmgate_limit_refusals",
            "Requests that a limit of ours refused.",
            ["scope", "name", "limit"],
        )
        self.reloads = Tally("llmgate_config_reloads", "Config edits, by result.", ["result"])
        self.duration = Spread(
            "llmgate_request_duration_seconds", "Whole exchange.", ["provider", "protocol"], _LONG_S
        )
        self.ttfb = Spread(
            "llmgate_time_to_first_byte_seconds", "Until the provider's first byte.", named, _LONG_S
        )
        self.gap = Spread(
            "llmgate_inter_chunk_gap_seconds", "Between chunks of a stream.", ["provider"], _GAP_S
        )
        self.overhead = Spread(
            "llmgate_overhead_seconds",
            "The gateway's own share of an exchange.",
            ["protocol"],
            _OWN_S,
        )
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def begun(self, _exchange: Exchange) -> None:
        """A request is on its way to a provider."""
        self.in_flight += 1

    def ended(self, exchange: Exchange, *, asked: bool) -> None:
        """An exchange is over; ``asked`` when it had reached a provider."""
        self.in_flight -= asked
        self.count += 1
        model = exchange.served or "-" if asked else "-"
        self.requests.add(
            (
                exchange.provider,
                model,
                exchange.route,
                exchange.protocol,
                exchange.client,
                exchange.state,
                str(exchange.status or 0),
            )
        )
        if exchange.error_type:
            self.errors_count += 1
            self.errors.add((exchange.provider, exchange.error_type))
            if exchange.limited_by and exchange.error_type in _LIMITS:
                self.refusals.add(_limit_labels(exchange.limited_by))
        if asked:
            self._times(exchange, model)
            self._money(exchange, model)

    def text(self) -> bytes:
        """The page, in the Prometheus text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead of time: series appear when they have values."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Turns tallies into metric families."""
        for kept in (self.requests, self.errors, self.tokens, self.cost, self.unpriced):
            yield kept.family()
        for kept in (self.refusals, self.reloads):
            yield kept.family()
        for spread in (self.duration, self.ttfb, self.gap, self.overhead):
            yield spread.family()
        yield from self._gauges()

    def _times(self, exchange: Exchange, model: str) -> None:
        self.duration.observe((exchange.provider, exchange.protocol), (exchange.done_us or 0) / 1e6)
        self.overhead.observe((exchange.protocol,), (exchange.own_us or 0) / 1e6)
        if exchange.ttfb_us is not None:
            self.ttfb.observe((exchange.provider, model), exchange.ttfb_us / 1e6)
        times = exchange.chunk_us
        if exchange.stream and len(times) > 1:
            gaps = [(b - a) / 1e6 for a, b in pairwise(times)]
            self.gap.observe_all((exchange.provider,), gaps)

    def _money(self, exchange: Exchange, model: str) -> None:
        usage, basis, name = exchange.usage, exchange.usage_basis, exchange.provider
        if basis == "unknown":
            return
        for kind, tokens in (
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_write", usage.cache_write_tokens),
            ("reasoning", usage.reasoning_tokens),
        ):
            if tokens:
                self.tokens.add((name, model, kind, basis), tokens)
        if exchange.cost_usd is None:
            self.unpriced.add((name, model))
        else:
            self.cost.add((name, model, exchange.cost_basis), exchange.cost_usd)

    def _gauges(self) -> Iterator[Metric]:
        recording = self._recording()
        yield _gauge("llmgate_in_flight", "Requests at providers now.", self.in_flight)
        yield _gauge("llmgate_queued", "Requests waiting for a limit's slot.", self.queued)
        yield _gauge("llmgate_config_version", "Version of the running config.", self._version())
        yield _gauge("llmgate_store_queue", "Exchanges waiting to be written.", recording.queued)
        on = float(recording.state == "recording")
        yield _gauge("llmgate_store_recording", "1 while exchanges are recorded.", on)
        yield _gauge("llmgate_store_bytes", "Size of the store.", recording.size_bytes)
        dropped = CounterMetricFamily(
            "llmgate_store_dropped", "Not recorded for want of room.", labels=["what"]
        )
        dropped.add_metric(["bodies"], recording.dropped_bodies)
        dropped.add_metric(["exchanges"], recording.dropped_exchanges)
        yield dropped
        info = GaugeMetricFamily("llmgate_info", "The running version.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


def _limit_labels(limit: str) -> Labels:
    """``key ide: concurrency`` as scope, name and limit: words of the config, few of them."""
    holder, _, which = limit.rpartition(": ")
    scope, _, name = holder.partition(" ")
    return (scope, name, which)


def _gauge(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
