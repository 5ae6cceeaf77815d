"""Answers where a request would go: on the running config, or on one with draft edits.

Every answer asks routers of its own, so no wheel that carries requests turns.
"""

import asyncio

from llmgate.access.keys import Keys
from llmgate.config.edit.apply import EditProblem, apply
from llmgate.config.snapshot import Snapshot
from llmgate.control.core import Core
from llmgate.errors import BadRequest, CallError, ConfigProblem, PathNotFound
from llmgate.routing.explain import explain
from llmgate.routing.router import Ask, Choice, Plan, Router
from llmgate.routing.rule import drains
from llmgate.wire.editing import Edit, RouteAnswer, RouteQuestion, Share
from llmgate.wire.paths import place

LONGEST_MODEL = 512
_LONGEST = 2_000
_MOST_HEADERS = 64_000


class Asked:
    """One question put to one config."""

    def __init__(self, core: Core, snapshot: Snapshot, question: RouteQuestion) -> None:
        where = place(question.path)
        providers = core.gateway.providers
        self._config = snapshot.config
        self._place = where
        self._around = (providers.listed(), providers.usable, providers.draining)
        self._ask = Ask(
            model=question.model or None,
            path=where.path,
            key=question.key,
            headers={name.lower(): value for name, value in question.headers.items()},
            protocol=where.protocol or "raw",
            stream=question.stream,
        )

    def why(self) -> list[str]:
        """The decisions in words, one a line."""
        if self._place.provider or self._place.protocol is None:
            return []
        return explain(Router(self._config), self._ask, *self._around)

    def plan(self) -> Plan:
        """The targets in the order they would be tried. Raises ``CallError``."""
        ask = self._ask
        if self._place.protocol is None:
            raise PathNotFound(f"nothing is served at {ask.path[:200]!r}")
        if ask.key and ask.key not in self._config.keys:
            raise BadRequest(f"no key is called '{ask.key[:60]}'")
        if ask.key and ask.model:
            Keys(self._config).allow_model(ask.key, ask.model)
        if self._place.provider:
            return self._straight(self._place.provider)
        return Router(self._config).plan(ask, *self._around)

    def _straight(self, name: str) -> Plan:
        """``/p/{provider}/...``: that provider and no other."""
        provider = self._config.providers.get(name)
        if provider is None or not provider.enabled:
            raise PathNotFound(f"no enabled provider is called '{name[:60]}'")
        if name in self._around[2]:
            raise drains(name)
        model = self._ask.model or ""
        return Plan("", (Choice(name, model, 1, 1.0),), model)


async def answer_of(core: Core, question: RouteQuestion) -> RouteAnswer:
    """Where a request would go; with draft edits also where it goes without them."""
    if problem := _unaskable(question):
        return RouteAnswer(problem=problem)
    try:
        draft = await asyncio.to_thread(_drafted, core, question.edits)
    except (EditProblem, ConfigProblem) as error:
        return RouteAnswer(problem=core.scrub_text(f"the draft: {error}"))
    running = Asked(core, core.snapshot, question)
    asked = running if draft is None else Asked(core, draft, question)
    why = asked.why()
    try:
        plan = asked.plan()
    except CallError as error:
        return RouteAnswer(why=why, problem=error.message)
    before = _before(running) if draft is not None else ()
    return RouteAnswer(route=plan.route, targets=_shares(before, plan.choices), why=why)


def _drafted(core: Core, edits: list[Edit]) -> Snapshot | None:
    """The running text with edits made on it, None without any. Raises ``EditProblem`` and
    ``ConfigProblem``.
    """
    if not edits:
        return None
    return core.holder.check(apply(core.snapshot.text, edits))


def _unaskable(question: RouteQuestion) -> str:
    """What no request has: the gateway's own bounds on a request."""
    if len(question.model) > LONGEST_MODEL or not question.model.isprintable():
        return f"a model's name has up to {LONGEST_MODEL} printable characters"
    if len(question.path) > _LONGEST or not question.path.isprintable():
        return f"a path has up to {_LONGEST} printable characters"
    size = sum(len(name) + len(value) for name, value in question.headers.items())
    return f"headers have up to {_MOST_HEADERS} characters" if size > _MOST_HEADERS else ""


def _before(running: Asked) -> tuple[Choice, ...]:
    try:
        return running.plan().choices
    except CallError:
        return ()


def _shares(before: tuple[Choice, ...], after: tuple[Choice, ...]) -> list[Share]:
    """The targets after, in their order, each with what it was before; then those that are gone."""
    old = {(choice.provider, choice.model): choice for choice in before}
    shares = []
    for new in after:
        was = old.pop((new.provider, new.model), None)
        shares.append(
            Share(
                provider=new.provider,
                model=new.model,
                weight_before=was.weight if was else None,
                weight_after=new.weight,
                before=was.share if was else None,
                after=new.share,
            )
        )
    gone = [
        Share(provider=was.provider, model=was.model, weight_before=was.weight, before=was.share)
        for was in old.values()
    ]
    return shares + gone
