"""Which model a first request can name: one that this gateway answers (pure)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from llmgate.wire.gateway import ProviderView, RouteView, Status

DEMO: Final = "demo"
FALLBACK: Final = "gpt-4o-mini"

# A literal name that is harmless in a shell and on the screen: neither a glob nor a /regex/.
_LITERAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}(?<!/)")
_UNUSABLE: Final = frozenset({"disabled", "no_key"})


def first_model(
    status: Status | None, routes: Iterable[RouteView], providers: Iterable[ProviderView]
) -> str:
    """The demo's, else a route's, else one that a provider lists, else a well-known one."""
    if status is not None and status.demo:
        return DEMO
    names = (*_routed(routes), *_listed(providers))
    return next((name for name in names if _LITERAL.fullmatch(name)), FALLBACK)


def _routed(routes: Iterable[RouteView]) -> Iterator[str]:
    """Routes that ask for nothing but the model come first: a plain request meets them."""
    for route in sorted(routes, key=lambda route: len(route.match) > 1):
        yield from (name.strip() for name in route.match.get("model", "").split(","))


def _listed(providers: Iterable[ProviderView]) -> Iterator[str]:
    for provider in providers:
        if provider.enabled and provider.state not in _UNUSABLE:
            yield from provider.models
