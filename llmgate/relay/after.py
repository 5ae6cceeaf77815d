"""Steps 8 and 9: recorded, counted, published; after the caller has its bytes."""

import re
from collections.abc import Callable
from time import monotonic, time_ns

import msgspec

from llmgate.errors import ErrorType
from llmgate.exchange import Exchange
from llmgate.live import Hub
from llmgate.metrics import Metrics
from llmgate.relay.call import Call
from llmgate.relay.settle import Settler
from llmgate.store.writer import Store
from llmgate.upstream.providers import Provider
from llmgate.wire.gateway import LastError

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_ROTATE = frozenset({401, 402, 403, 429})
_BODILESS: frozenset[ErrorType] = frozenset({"caller_auth", "policy_origin", "caller_too_large"})


class Aftermath:
    """Everything that learns of an exchange: provider health, prices, metrics, store, viewers."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        metrics: Metrics,
        on_failure: Callable[[Exchange], None],
        on_sent: Callable[[Exchange], None] | None = None,
        scrub_text: Callable[[str], str] = str,
    ) -> None:
        self.on_ended: Callable[[Exchange], None] | None = None
        self._scrub_text = scrub_text
        self._on_failure = on_failure
        self._on_sent = on_sent
        self._store = store
        self._hub = hub
        self._metrics = metrics
        self._settler = Settler()
        self.foresight = self._settler.foresight

    def queued(self, exchange: Exchange) -> None:
        """The request waits for a limit's concurrency."""
        self._metrics.queued += 1
        self._hub.begun(exchange)
        self._store.begun(exchange)

    def unqueued(self, exchange: Exchange) -> None:
        """It waits no more, one way or another."""
        self._metrics.queued -= 1
        self._hub.progress(exchange)

    def begun(self, exchange: Exchange, provider: Provider) -> None:
        """The request is about to be sent."""
        if exchange.protocol != "anthropic.count_tokens":
            provider.health.begun(monotonic())
        self._metrics.begun(exchange)
        self._hub.begun(exchange)
        if exchange.queued_us is None:  # else its row is there since it began to wait
            self._store.begun(exchange)
        if self._on_sent is not None:
            self._on_sent(exchange)

    def progress(self, call: Call) -> None:
        """A stream has grown: viewers see an estimate of its tokens."""
        if call.meter is not None:
            self._settler.estimate(call.exchange, call.meter)
        self._hub.progress(call.exchange)

    def ended(self, call: Call, provider: Provider | None) -> None:
        """The exchange is over, one way or another; ``provider`` is None when none was asked."""
        exchange = call.exchange
        if exchange.live:
            exchange.fail("gateway_internal", "the gateway could not carry this request")
        exchange.done_us = call.now_us()
        exchange.mark("done", exchange.done_us)
        if exchange.error:  # providers repeat the key that they refuse
            exchange.error = self._scrub_text(exchange.error)
        try:
            self._settler.settle(
                exchange,
                call.meter,
                kind=provider.config.kind if provider else "",
                base_url=provider.base_url if provider else "",
                prices=call.snapshot.config.prices,
            )
        finally:  # whatever an answer made of the readers: what was counted in is counted out
            try:
                _settle_limits(call, sent=provider is not None)
            finally:
                self._tell(exchange, provider)

    def _tell(self, exchange: Exchange, provider: Provider | None) -> None:
        if provider is not None:
            _close_attempt(exchange)
            _judge(exchange, provider)
        if exchange.error_type in _BODILESS:
            exchange.request_body = b""  # who may not come in does not fill the store
        self._metrics.ended(exchange, asked=provider is not None)
        self._hub.ended(exchange)
        self._store.ended(exchange)
        if self.on_ended is not None:
            self.on_ended(exchange)
        if exchange.error_type:
            self._on_failure(exchange)


def _settle_limits(call: Call, *, sent: bool) -> None:
    """What was reserved becomes what was used, as far as that is known."""
    grant, exchange = call.grant, call.exchange
    if grant is None:
        return
    if not sent:
        grant.withdraw()
    elif exchange.usage_basis != "unknown":
        usage = exchange.usage
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        grant.settle(tokens, exchange.cost_usd, estimated=exchange.usage_basis == "estimated")
    elif exchange.ttfb_us is not None and exchange.state != "failed":
        grant.keep()
    else:
        grant.settle(None, None)


def _close_attempt(exchange: Exchange) -> None:
    attempt = exchange.attempts[-1]
    upstream = (exchange.error_type or "").startswith("upstream_")
    exchange.attempts[-1] = msgspec.structs.replace(
        attempt,
        ended_us=exchange.done_us,
        status=attempt.status or (exchange.status if exchange.received_headers else None),
        error_type=(exchange.error_type or "") if upstream else "",
        error=exchange.error if upstream else "",
        retry_after_s=_retry_after_s(exchange),
    )


def _retry_after_s(exchange: Exchange) -> float | None:
    """Only of an error: some providers send retry-after on a 200."""
    if (exchange.status or 0) < 400:
        return None
    for name, value in exchange.received_headers:
        if name == "retry-after" and _SECONDS.fullmatch(value):
            return float(value)
    return None


def _judge(exchange: Exchange, provider: Provider) -> None:
    """Tells the provider's health what this exchange says about it."""
    if exchange.protocol == "anthropic.count_tokens":
        return
    health = provider.health
    now_ms = time_ns() // 1_000_000
    health.saw_headers(exchange.received_headers, now_ms)
    kind = exchange.error_type or ""
    if kind.startswith("upstream_"):
        status = exchange.status if exchange.received_headers else None
        health.failed(
            monotonic(),
            LastError(
                at_ms=now_ms,
                error_type=kind,
                message=exchange.error,
                status=status,
                exchange=exchange.id,
            ),
        )
        if status in _ROTATE:
            provider.rotate_credential()
    elif exchange.state == "finished":
        health.succeeded(
            time_ns() // 1_000_000, ttfb_us=exchange.ttfb_us, total_us=exchange.done_us or 0
        )
    else:
        health.abandoned()
