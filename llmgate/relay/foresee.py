"""What a request will probably use, before it is sent: limits reserve that much."""

from collections import OrderedDict
from typing import Final

from llmgate.access.admission import Try, Way
from llmgate.access.budget import billionths
from llmgate.access.limiter import Demand
from llmgate.prices.estimate import MAX_MODELS, Estimator
from llmgate.prices.price import cost
from llmgate.relay.call import Call
from llmgate.routing.router import Choice
from llmgate.upstream.providers import Provider
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import Protocol

_FIRST_OUTPUT: Final = 500.0  # tokens: what an answer of an unknown model is taken to have
_FADE: Final = 0.9
_ANSWERED: Final = frozenset(
    {"openai.chat", "openai.completions", "openai.responses", "anthropic.messages"}
)
_READ: Final = _ANSWERED | {"openai.embeddings"}
_INLINE: Final = b";base64,"
_DATA: Final = b'"data":'
_LEAST_INLINE: Final = 4_096
_PICTURE_CHARS: Final = 5_000  # what a picture counts as: some 1,500 tokens


class Foresight:
    """Learns how long each model's answers are."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator
        self._means: OrderedDict[str, float] = OrderedDict()

    def learn(self, model: str, output_tokens: int) -> None:
        """Takes note of an answer's length."""
        mean = self._means.get(model)
        if mean is None:
            if len(self._means) >= MAX_MODELS:
                self._means.popitem(last=False)
            self._means[model] = float(output_tokens)
        else:
            self._means[model] = mean * _FADE + output_tokens * (1 - _FADE)
            self._means.move_to_end(model)

    def usage(self, call: Call, model: str) -> Usage:
        """The tokens a request will probably have on that model."""
        exchange = call.exchange
        if exchange.protocol in _READ and call.chars is None:
            call.chars = text_chars(exchange.request_body)
        chars = call.chars or 0
        return self.guess(exchange.protocol, model or exchange.model, chars, call.most_output)

    def knows(self, model: str) -> bool:
        """Whether guesses for this model are more than first guesses."""
        return self._estimator.knows(model)

    def guess(self, protocol: Protocol, model: str, chars: int, most_output: int | None) -> Usage:
        """The tokens that so many characters of a request will probably have on that model."""
        if protocol not in _READ:
            return Usage(input_tokens=0, output_tokens=0)
        output = 0
        if protocol in _ANSWERED:
            output = round(self._means.get(model, _FIRST_OUTPUT))
            if most_output is not None:
                output = min(output, most_output)
        return Usage(input_tokens=self._estimator.input_tokens(model, chars), output_tokens=output)

    def foresee(self, call: Call, way: Way, choice: Choice, provider: Provider | None) -> Try:
        """What the limits on a way must know; nothing is worked out that none of them asks for."""
        exchange = call.exchange
        size = len(exchange.request_body)
        if exchange.protocol == "anthropic.count_tokens":
            return Try(way, Demand(size=size, counts=False))
        if not (way.weighs_tokens or way.weighs_money):
            return Try(way, Demand(size=size))
        usage = self.usage(call, choice.model)
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        if not way.weighs_money or provider is None:
            return Try(way, Demand(size=size, tokens=tokens))
        priced = cost(
            usage,
            usage_basis="estimated",
            provider_kind=provider.config.kind,
            base_url=provider.base_url,
            model=choice.model or exchange.model,
            prices=call.snapshot.config.prices,
            at_ms=exchange.started_ms,
        )
        return Try(way, Demand(size=size, tokens=tokens, billionths=billionths(priced.usd or 0.0)))


def text_chars(body: bytes) -> int:
    """The length of a body as far as it is text: a picture in it does not count by its bytes."""
    size = len(body)
    if size <= _LEAST_INLINE:
        return size
    for mark in (_INLINE, _DATA):
        at = body.find(mark)
        while at >= 0:
            at += len(mark)
            end = _end_of_data(body, at)
            seen = mark is _DATA and _INLINE in body[at : at + 100]
            if end - at > _LEAST_INLINE and not seen:
                size -= end - at - _PICTURE_CHARS
            at = body.find(mark, end)
    return max(0, size)


def _end_of_data(body: bytes, at: int) -> int:
    """Where the string that holds the data ends."""
    if body[at - 1 : at] == b":":  # the string has yet to begin
        at = body.find(b'"', at) + 1 or len(body)
    end = body.find(b'"', at)
    return len(body) if end < 0 else end
