"""What a request will probably use at another place, and what that would cost there."""

import re
from typing import Final

import msgspec

from llmgate.access.budget import billionths
from llmgate.config.model import Price
from llmgate.prices.price import cost
from llmgate.relay.foresee import Foresight
from llmgate.replay.aims import Aim
from llmgate.replay.look import Look
from llmgate.wire.blocks import Usage
from llmgate.wire.exchanges import ExchangeSummary

_FREE: Final = frozenset({"ollama", "llamacpp", "lmstudio", "recording"})
_LETTERS: Final = re.compile(r"[a-z]+")
_FAMILIES: Final = {"o": "gpt", "chatgpt": "gpt", "codex": "gpt"}


class Foreseen(msgspec.Struct, frozen=True):
    """What one sending will probably have; ``usd`` is None without a price."""

    usage: Usage
    usd: float | None
    free: bool = False  # a server of one's own, or recordings: nothing is charged

    @property
    def reserve(self) -> int | None:
        """Billionths of a dollar to set aside for it; None when nobody knows."""
        if self.usd is not None:
            return billionths(self.usd)
        return 0 if self.free else None


class Costs:
    """Foresees, for the prices of one config."""

    def __init__(self, foresight: Foresight, prices: dict[str, Price], now_ms: int) -> None:
        self._foresight = foresight
        self._prices = prices
        self._now_ms = now_ms

    def foresee(self, row: ExchangeSummary, aim: Aim, look: Look) -> Foreseen:
        """What one sending will use. Tokens that were reported count where a model of the same
        family counts them again, or one that nothing is known of; the answer is taken to be as
        long as the recorded one.
        """
        usage = self._usage(row, aim, look)
        kind, model = aim.provider.config.kind, aim.model
        if kind == "recording":  # as it will be settled: what the recorded provider would charge
            kind = "anthropic" if row.protocol.startswith("anthropic") else "openai"
            model = row.served or model
        priced = cost(
            usage,
            usage_basis="estimated",
            provider_kind=kind,
            base_url=aim.provider.base_url,
            model=model,
            prices=self._prices,
            at_ms=self._now_ms,
        )
        return Foreseen(usage, priced.usd, aim.provider.config.kind in _FREE)

    def _usage(self, row: ExchangeSummary, aim: Aim, look: Look) -> Usage:
        chars = row.request_bytes if look.chars is None else look.chars
        usage = self._foresight.guess(row.protocol, aim.model, chars, look.most_output)
        input_tokens, output_tokens = usage.input_tokens, usage.output_tokens
        reported = row.usage_basis == "reported" and row.input_tokens
        same = _family(row.served or row.model) == _family(aim.model)
        if reported and look.growth is not None and (same or not self._foresight.knows(aim.model)):
            input_tokens = round(reported * look.growth)
        if output_tokens and row.output_tokens:
            output_tokens = min(row.output_tokens, look.most_output or row.output_tokens)
        return Usage(input_tokens=input_tokens, output_tokens=output_tokens)


def _family(model: str) -> str:
    """Models of a family count alike: ``gpt``, ``claude``, ``llama``."""
    found = _LETTERS.match(model.rpartition("/")[2].lower())
    return _FAMILIES.get(found[0], found[0]) if found else ""
