"""What is worked out once an answer has ended: usage, estimates, cost."""

import msgspec

from llmgate.config.model import Price
from llmgate.exchange import Exchange
from llmgate.prices.estimate import Estimator
from llmgate.prices.price import cost
from llmgate.relay.foresee import Foresight, text_chars
from llmgate.relay.meter import Meter
from llmgate.wire.blocks import Usage

_COUNTED = frozenset(
    {"openai.chat", "openai.completions", "openai.responses", "anthropic.messages"}
)


class Settler:
    """Completes an exchange's numbers; every one says where it comes from."""

    def __init__(self) -> None:
        self._estimator = Estimator()
        self.foresight = Foresight(self._estimator)

    def estimate(self, exchange: Exchange, meter: Meter) -> None:
        """How many tokens a running answer has so far."""
        if exchange.protocol in _COUNTED and meter.chars:
            model = exchange.served or exchange.model
            exchange.output_estimate = self._estimator.output_tokens(model, meter.chars)

    def settle(
        self,
        exchange: Exchange,
        meter: Meter | None,
        *,
        kind: str,
        base_url: str,
        prices: dict[str, Price],
    ) -> None:
        """Fills in usage and cost after the answer has ended, well or not."""
        if meter is not None:
            meter.close()
            self._usage(exchange, meter)
        if exchange.usage_basis == "unknown":
            return
        model = exchange.served or exchange.model
        recorded = kind == "recording"
        if recorded and meter is not None:  # what the recorded provider would have charged
            kind = "anthropic" if exchange.protocol.startswith("anthropic") else "openai"
            model = meter.model or model
        priced = cost(
            exchange.usage,
            usage_basis=exchange.usage_basis,
            provider_kind=kind,
            base_url=base_url,
            model=model,
            prices=prices,
            at_ms=exchange.started_ms,
        )
        exchange.cost_usd = priced.usd
        exchange.cost_basis = "estimated" if recorded and priced.usd is not None else priced.basis
        exchange.price_source = priced.source

    def _usage(self, exchange: Exchange, meter: Meter) -> None:
        if exchange.protocol not in _COUNTED:
            return
        usage, model = exchange.usage, exchange.served or exchange.model
        complete = usage.input_tokens is not None and usage.output_tokens is not None
        if exchange.usage_basis == "reported" and complete and exchange.state == "finished":
            self._estimator.observe(
                model,
                text_chars(exchange.request_body),
                usage.input_tokens or 0,
                meter.chars,
                usage.output_tokens or 0,
            )
            self.foresight.learn(model, usage.output_tokens or 0)
            return
        if not meter.chars or (exchange.status or 500) >= 400:
            return  # nothing was generated: nothing is estimated
        exchange.usage = self._estimated(exchange, usage, meter.chars, model)
        exchange.usage_basis = "estimated"

    def _estimated(self, exchange: Exchange, usage: Usage, chars: int, model: str) -> Usage:
        """Fills what is missing; of an unfinished answer the reported output count is a beginning
        only.
        """
        known_input = usage.input_tokens
        output = self._estimator.output_tokens(model, chars)
        if exchange.state == "finished" and usage.output_tokens is not None:
            output = usage.output_tokens
        return msgspec.structs.replace(
            usage,
            input_tokens=known_input
            if known_input is not None
            else self._estimator.input_tokens(model, text_chars(exchange.request_body)),
            output_tokens=max(output, usage.output_tokens or 0),
        )
