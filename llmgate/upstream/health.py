"""How a provider is doing, as its traffic shows; pure bookkeeping that is told the time.

A call the caller spoiled (a bad request, an unknown model) says nothing about the provider and does
not count as its error. count_tokens calls take no part at all: an agent fires dozens at once.
"""

from collections import Counter, deque
from collections.abc import Sequence

from llmgate.upstream.spark import Spark
from llmgate.wire.gateway import HealthState, LastError, Quantiles

_WINDOW_S = 60
_KEPT_TIMES = 256
_KEPT_ERRORS = 20
_KEPT_LIMITS = 24
_DOWN_AFTER = 3  # consecutive failures

_NOT_ITS_FAULT = {"upstream_bad_request", "upstream_not_found"}
_LIMIT_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit", "retry-after")


class Health:
    """One provider's recent past."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.failures_in_a_row = 0
        self.last_ok_ms: int | None = None
        self.last_errors: deque[LastError] = deque(maxlen=_KEPT_ERRORS)
        self.rate_limits: dict[str, str] = {}
        self.rate_limits_ms: int | None = None
        self.spark = Spark()
        self._second = 0
        self._requests: deque[tuple[int, int]] = deque()  # (second, count)
        self._errors: deque[tuple[int, str]] = deque(maxlen=4096)  # (second, error type)
        self._ttfb_us: deque[int] = deque(maxlen=_KEPT_TIMES)
        self._total_us: deque[int] = deque(maxlen=_KEPT_TIMES)

    def begun(self, now_s: float) -> None:
        """A request is on its way."""
        self.in_flight += 1
        second = int(now_s)
        if self._requests and self._requests[-1][0] == second:
            self._requests[-1] = (second, self._requests[-1][1] + 1)
        else:
            self._requests.append((second, 1))
            self._trim(second)

    def succeeded(self, now_ms: int, *, ttfb_us: int | None, total_us: int) -> None:
        """An answer came."""
        self.in_flight -= 1
        self.failures_in_a_row = 0
        self.last_ok_ms = now_ms
        if ttfb_us is not None:
            self._ttfb_us.append(ttfb_us)
            self.spark.add(now_ms, ttfb_us)
        self._total_us.append(total_us)

    def failed(self, now_s: float, error: LastError) -> None:
        """An error came, or nothing did."""
        self.in_flight -= 1
        self.note_error(now_s, error)

    def abandoned(self) -> None:
        """The caller left: nothing is known of the provider."""
        self.in_flight -= 1

    def note_error(self, now_s: float, error: LastError) -> None:
        """Remembers an error that belongs to no request in flight (a probe's)."""
        self.last_errors.append(error)
        self._errors.append((int(now_s), error.error_type))
        if error.error_type not in _NOT_ITS_FAULT:
            self.failures_in_a_row += 1

    def saw_headers(self, headers: Sequence[tuple[str, str]], now_ms: int) -> None:
        """Keeps the rate-limit headers last seen, and when."""
        for name, value in headers:
            room = name in self.rate_limits or len(self.rate_limits) < _KEPT_LIMITS
            if room and name.startswith(_LIMIT_PREFIXES):
                self.rate_limits[name] = value[:80]
                self.rate_limits_ms = now_ms

    def requests_per_minute(self, now_s: float) -> float:
        """Requests begun in the last minute."""
        self._trim(int(now_s))
        return float(sum(count for _, count in self._requests))

    def errors_by_type(self, now_s: float) -> dict[str, int]:
        """Errors of the last minute."""
        since = int(now_s) - _WINDOW_S
        return dict(Counter(kind for second, kind in self._errors if second > since))

    def ttfb(self) -> Quantiles:
        """Time to first byte of the last answers."""
        return quantiles(self._ttfb_us)

    def total(self) -> Quantiles:
        """Total time of the last answers."""
        return quantiles(self._total_us)

    def state(self, now_s: float) -> HealthState:
        """What a glance should say."""
        if self.failures_in_a_row >= _DOWN_AFTER:
            return "down"
        requests = self.requests_per_minute(now_s)
        errors = sum(
            count
            for kind, count in self.errors_by_type(now_s).items()
            if kind not in _NOT_ITS_FAULT
        )
        if errors and (self.failures_in_a_row or errors >= 0.2 * max(requests, 1)):
            return "degraded"
        return "up" if self.last_ok_ms is not None else "unknown"

    def _trim(self, second: int) -> None:
        while self._requests and self._requests[0][0] <= second - _WINDOW_S:
            self._requests.popleft()


def quantiles(times_us: Sequence[int] | deque[int]) -> Quantiles:
    """p50 and p95 in milliseconds."""
    if not times_us:
        return Quantiles()
    ordered = sorted(times_us)
    last = len(ordered) - 1
    return Quantiles(
        p50_ms=ordered[round(last * 0.5)] / 1000,
        p95_ms=ordered[round(last * 0.95)] / 1000,
        count=len(ordered),
    )
