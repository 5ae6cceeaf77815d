"""The gateway's own models list: what its routes and providers can be asked for.

One entry satisfies OpenAI, Anthropic and Mistral readers at once (llmgate.formats).
"""

from collections.abc import Callable

from llmgate.errors import ModelNotFound, PathNotFound
from llmgate.formats import catalog
from llmgate.formats.catalog import ModelEntry
from llmgate.relay.call import Call
from llmgate.relay.stream import own_headers
from llmgate.routing.router import Router
from llmgate.upstream.providers import Providers

_CREATED = 1_735_689_600  # a fixed date: the providers' own dates are not known for aliases


def model_entries(router: Router, providers: Providers) -> list[ModelEntry]:
    """Routes' names first, then each provider's; a name two providers share is listed once."""
    owners: dict[str, str] = dict.fromkeys(router.names(), "llmgate")
    for provider in providers.values():
        if provider.config.enabled:
            for model in (*_exact(provider.config.models), *provider.models):
                owners.setdefault(model, provider.name)
    return [
        ModelEntry(id=model, created=_CREATED, owned_by=owner, display_name=model)
        for model, owner in owners.items()
    ]


async def answer_models(
    call: Call, router: Router, providers: Providers, allowed: Callable[[str], bool]
) -> None:
    """Answers ``GET /v1/models`` and ``GET /v1/models/{id}``.

    ``allowed`` says which models the caller's key may use: it sees no others. Raises
    ``ModelNotFound``, and ``PathNotFound`` for other methods: a ``DELETE`` is a provider's.
    """
    exchange = call.exchange
    if exchange.method not in {"GET", "HEAD"}:
        raise PathNotFound(
            f"the gateway's own models list cannot be asked for {exchange.method};"
            f" a provider's can, under /p/PROVIDER{exchange.path[:120]}"
        )
    entries = [entry for entry in model_entries(router, providers) if allowed(entry.id)]
    wanted = exchange.path.removeprefix("/v1/models").strip("/")
    if wanted:
        found = [entry for entry in entries if entry.id == wanted.replace("%2F", "/")]
        if not found:
            raise ModelNotFound(f"no route and no provider lists the model '{wanted[:120]}'")
        body = catalog.model_body(found[0])
    else:
        body = catalog.models_body(entries)
    exchange.status = 200
    exchange.transport = "json"
    exchange.state = "finished"
    exchange.ttfb_us = call.now_us()
    exchange.chunk(body, call.now_us())
    headers = [(b"content-type", b"application/json"), *own_headers(call)]
    await call.caller.answer(200, headers, body)


def _exact(models: dict[str, str]) -> list[str]:
    return [asked for asked in models if not asked.startswith("/") and not set(asked) & set("*?[")]
