"""Limits to try, and ways to use them."""

from llmgate.access.access import Access
from llmgate.access.admission import Grant, Ticket, Try
from llmgate.access.budget import billionths
from llmgate.access.limiter import Demand
from llmgate.config.model import Config, KeyConfig, Limits, ProviderConfig

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC
MIDNIGHT = 1_800_057_600.0
KEY = "sk-ide-0123456789"


def config(
    *,
    key: Limits | None = None,
    provider: Limits | None = None,
    models: dict[str, Limits] | None = None,
) -> Config:
    """A key ``ide``, providers ``up`` and ``spare``, entries by model."""
    return Config(
        keys={"ide": KeyConfig(key=KEY, limits=key or Limits())},
        providers={
            "up": ProviderConfig(kind="openai", limits=provider or Limits()),
            "spare": ProviderConfig(kind="openai"),
        },
        limits=models or {},
    )


def one(
    access: Access,
    *,
    tokens: int = 0,
    usd: float = 0.0,
    size: int = 0,
    counts: bool = True,
    provider: str = "up",
    asked: str = "m",
    sent: str = "",
) -> Try:
    """A request of the key ``ide``."""
    demand = Demand(size=size, tokens=tokens, billionths=billionths(usd), counts=counts)
    return Try(access.way("ide", provider, asked, sent or asked), demand)


def let_in(access: Access, now_s: float, **demand: object) -> Grant:
    """Lets one in that has room."""
    found = access.admit([one(access, **demand)], now_s)  # type: ignore[arg-type]
    assert isinstance(found, Grant)
    return found


def queue_up(access: Access, now_s: float, **demand: object) -> Ticket:
    """Lets one queue."""
    found = access.admit([one(access, **demand)], now_s)  # type: ignore[arg-type]
    assert isinstance(found, Ticket)
    return found


def used(access: Access, now_s: float) -> dict[str, float]:
    """What is used of each limit of all holders."""
    return {
        f"{view.scope} {view.name}: {limit.name}": limit.used
        for view in access.limits(now_s)
        for limit in view.limits
    }
