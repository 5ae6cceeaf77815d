"""Steps 1 and 5: a request becomes an exchange, and the exchange becomes what is sent to a
provider.
"""

from itertools import count
from secrets import randbelow
from time import perf_counter_ns, time_ns

from llmgate.config.credentials import CALLER_KEY_PARAMETER, kept_headers
from llmgate.config.snapshot import Snapshot
from llmgate.errors import BadRequest, NotTranslated, PathNotFound
from llmgate.exchange import Exchange
from llmgate.formats.body import glance, rename_model
from llmgate.relay.call import Call
from llmgate.relay.caller import Caller
from llmgate.routing.router import Ask, Choice, Plan, Router
from llmgate.routing.rule import drains
from llmgate.upstream.providers import Provider, Providers, speaks
from llmgate.upstream.reply import Outbound
from llmgate.wire.clients import client_name, session_id
from llmgate.wire.exchanges import Attempt, Protocol
from llmgate.wire.paths import Place

_serial = count(randbelow(1 << 30))
_LONGEST_MODEL = 512
_JSON_BEGINS = frozenset({b"{", b" ", b"\n", b"\r", b"\t"})
_JSON_OPTIONAL = frozenset({"openai.raw", "raw", "openai.models"})


def new_id(now_ms: int) -> str:
    """Makes an id that sorts by time: 11 digits of milliseconds and 7 of a counter, in hex."""
    return f"{now_ms:011x}{next(_serial) & 0xFFFFFFF:07x}"


def accept(caller: Caller, place: Place, snapshot: Snapshot) -> Call:
    """Begins an exchange for a request whose head has arrived."""
    now_ms = time_ns() // 1_000_000
    exchange = Exchange(
        id=new_id(now_ms),
        started_ms=now_ms,
        started_ns=perf_counter_ns(),
        method=caller.scope["method"],
        path=place.path,
        query=_without_key(caller.query.decode("latin-1")),
        protocol=place.protocol or "raw",
    )
    exchange.config_version = snapshot.version
    exchange.request_headers = kept_headers(caller.headers)
    kept = dict(exchange.request_headers)
    exchange.client = client_name(kept)
    exchange.session = session_id(kept)
    if place.hint:
        exchange.hints.append(place.hint)
    return Call(exchange, caller, snapshot)


async def read_request(call: Call) -> None:
    """Reads the body, bounded, and what the gateway must know of it: model and stream."""
    exchange = call.exchange
    limit = int(call.snapshot.config.server.max_body_mb * 1_000_000)
    exchange.request_body = body = await call.caller.body(limit)
    exchange.mark("body", call.now_us())
    if not body and (exchange.method != "POST" or exchange.protocol in _JSON_OPTIONAL):
        return
    if exchange.protocol in _JSON_OPTIONAL and not _looks_like_json(call):
        return
    seen = glance(_uncompressed(call))
    exchange.model = _usable(seen.model or "")
    exchange.stream = bool(seen.stream)
    call.most_output = seen.most_output
    if not exchange.model and exchange.protocol not in _JSON_OPTIONAL:
        raise BadRequest('the request names no model: add "model" to the JSON body')


def _uncompressed(call: Call) -> bytes:
    """The body. Raises ``BadRequest`` for one whose own header says that it cannot be read."""
    body = call.exchange.request_body
    if body[:1] not in _JSON_BEGINS:
        for name, value in call.caller.headers:
            if name == b"content-encoding" and value.lower() not in {b"", b"identity"}:
                raise BadRequest("the request body is compressed: send it without content-encoding")
    return body


def _usable(model: str) -> str:
    """The name as it is. Raises ``BadRequest`` for one that no provider has: it would be a label
    of metrics and a cell on a screen.
    """
    if len(model) > _LONGEST_MODEL:
        raise BadRequest(f"the model's name is over {_LONGEST_MODEL} characters long")
    if not model.isprintable():
        raise BadRequest("the model's name holds control characters")
    return model


def ask(call: Call, router: Router) -> Ask:
    """What the router must know; all headers only when a rule of its reads them."""
    exchange = call.exchange
    return Ask(
        model=exchange.model or None,
        path=exchange.path,
        key=exchange.key or call.caller.key,
        headers=_all_headers(call) if router.reads_headers else {},
        protocol=exchange.protocol,
        stream=exchange.stream,
    )


def straight_to(name: str, call: Call, providers: Providers) -> Plan:
    """The plan for ``/p/{provider}/...``: that provider and no other."""
    if not providers.usable(name):
        known = ", ".join(sorted(providers)) or "none"
        raise PathNotFound(f"no enabled provider is called '{name[:60]}'; configured: {known}")
    if name in providers.draining:
        raise drains(name)
    asked = call.exchange.model
    choice = Choice(provider=name, model=call.caller.model or asked, weight=1, share=1.0)
    return Plan(route="", choices=(choice,), asked=asked)


def check_spoken(provider: Provider, protocol: Protocol, who: str = "the caller speaks") -> None:
    """Raises ``NotTranslated``, which names both protocols, where a provider does not carry one.

    Whether something can be sent to a provider is asked here, by those who send and by those who
    will: what is translated one day is open to all of them.
    """
    if not speaks(provider, protocol):
        raise NotTranslated(
            f"{who} {protocol}, provider '{provider.name}' speaks"
            f" {', '.join(sorted(provider.protocols))}: translation is not in this version"
        )


def prepare(call: Call, plan: Plan, choice: Choice, provider: Provider) -> Outbound:
    """Step 5 where both sides speak the same protocol: only the model's name and the credential
    change.

    Raises ``NotTranslated`` where they do not.
    """
    exchange = call.exchange
    check_spoken(provider, exchange.protocol)
    exchange.route = plan.route
    exchange.provider = provider.name
    exchange.served = choice.model
    body = exchange.request_body
    if choice.model and choice.model != exchange.model:
        body = exchange.sent_body = rename_model(body, choice.model)
    lend = not call.snapshot.config.keys
    headers = provider.headers(call.caller.headers, lend_credential=lend)
    url = provider.url(exchange.path, exchange.query)
    exchange.sent_headers = kept_headers(headers)
    exchange.attempts.append(
        Attempt(
            provider=provider.name,
            model=choice.model,
            url=url.partition("?")[0],
            started_us=call.now_us(),
            weight=choice.weight,
            share=choice.share,
        )
    )
    call.timeout = provider.config.timeout
    exchange.mark("sent", call.now_us())
    return Outbound(
        method=exchange.method,
        url=url,
        headers=headers,
        body=body,
        protocol=exchange.protocol,
        path=exchange.path,
        model=choice.model,
        stream=exchange.stream,
    )


def _all_headers(call: Call) -> dict[str, str]:
    return {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in call.caller.headers}


def _without_key(query: str) -> str:
    """The query without the caller's own key: it is for us, not for a provider or the store."""
    name = f"{CALLER_KEY_PARAMETER}="
    if name not in query:
        return query
    return "&".join(part for part in query.split("&") if not part.startswith(name))


def _looks_like_json(call: Call) -> bool:
    kept = dict(call.exchange.request_headers)
    return "json" in kept.get("content-type", "") or call.exchange.request_body[:1] == b"{"
