"""Who is calling, may they use the model, is there room for one more: step 2 of a request.

It is told the time, epoch seconds. A request is let in with ``admit``: the ``Grant`` it gets is
what was reserved, to be settled with what was used. Told ``previous``, counts go on over a reload;
``counters`` and ``restore`` carry them over a restart.
"""

from collections.abc import Mapping, Sequence

from llmgate.access import kept
from llmgate.access.admission import Admission, Grant, Ticket, Try, Way
from llmgate.access.clock import Calendar, utc_calendar
from llmgate.access.keys import Holder, Keys
from llmgate.access.limiter import Limiter
from llmgate.access.told import Refusal
from llmgate.access.views import view
from llmgate.access.ways import Ways, limiters_for
from llmgate.config.model import Config
from llmgate.wire.gateway import KeyView
from llmgate.wire.limits import LimitsView, Scope


class Access:
    """The keys and limits of one config; what was used by those that stay survives a reload.

    ``calendar`` says where days and months end; without one they are those of the config before,
    or of UTC.
    """

    def __init__(
        self, config: Config, previous: "Access | None" = None, calendar: Calendar | None = None
    ) -> None:
        self.keys = Keys(config)
        self.limiters: dict[tuple[Scope, str], Limiter] = limiters_for(
            config, previous.limiters if previous else {}
        )
        self._ways = Ways(config, self.limiters)
        self.dropped: set[tuple[Scope, str]] = set()  # their counters are to be forgotten
        if previous is not None:
            self.dropped = (previous.dropped | set(previous.limiters)) - set(self.limiters)
        self.admission: Admission = previous.admission if previous else Admission(utc_calendar)
        if calendar is not None:
            self.admission.calendar = calendar

    @property
    def keyless(self) -> bool:
        """No key is configured: callers on this machine need none."""
        return not self.keys.holders

    def identify(self, headers: Sequence[tuple[bytes, bytes]], query: bytes, loopback: bool) -> str:
        """The name of the caller's key, empty without configured keys. Raises ``InvalidKey``."""
        return self.keys.identify(headers, query, loopback)

    def allows(self, key: str, model: str) -> bool:
        """Whether the key may use the model."""
        return self.keys.allows(key, model)

    def allow_model(self, key: str, model: str) -> None:
        """Raises ``ModelNotAllowed`` when the key may not use the model."""
        self.keys.allow_model(key, model)

    # Limits

    @property
    def limited(self) -> bool:
        """Whether anything is limited or counted at all."""
        return bool(self.limiters)

    def way(self, key: str, provider: str, asked: str, sent: str) -> Way:
        """The limits between a key and a provider for a model, by the name asked for (without
        ``server.model_prefix``) and the name sent.
        """
        return self._ways.way(key, provider, asked, sent)

    def admit(
        self, tries: Sequence[Try], now_s: float, *, messages: bool = False
    ) -> Grant | Ticket:
        """Lets a request in on the first way that has room, or gives it a place in a queue.

        Raises ``LimitReached`` or ``RequestTooLarge``; then nothing was taken from any limit.
        """
        return self.admission.admit(tries, now_s, messages=messages)

    def again(self, ticket: Ticket, now_s: float) -> Grant | Ticket:
        """The same for one that was woken in its queue."""
        return self.admission.again(ticket, now_s)

    def waited_out(self, ticket: Ticket, now_s: float) -> Refusal:
        """Takes one that waited too long from its queue; the error to answer with."""
        return self.admission.waited_out(ticket, now_s)

    @property
    def queued(self) -> int:
        """How many requests wait in queues."""
        return sum(len(limiter.queue) for limiter in self.limiters.values())

    def take_warnings(self) -> list[str]:
        """What is to be said of budgets since the last time: once a period for each share."""
        said = [text for limiter in self.limiters.values() for text in limiter.warnings]
        for limiter in self.limiters.values():
            limiter.warnings.clear()
        return said

    # What is shown and kept

    def views(self, now_s: float) -> list[KeyView]:
        """The keys as the control API shows them."""
        return [self._view(holder, now_s) for holder in self.keys.holders.values()]

    def limits(self, now_s: float) -> list[LimitsView]:
        """Every key, provider and model entry that has a limit."""
        found = [self.limits_of(scope, name, now_s) for scope, name in self.limiters]
        return [one for one in found if one is not None and one.limits]

    def limits_of(self, scope: Scope, name: str, now_s: float) -> LimitsView | None:
        """The limits of one holder; None when it is not counted."""
        limiter = self.limiters.get((scope, name))
        if limiter is None:
            return None
        steady = self.admission.steady
        return view(limiter, steady.seen_at(now_s), now_s, self.admission.calendar)

    def reset(self, scope: Scope, name: str, now_s: float) -> bool:
        """Forgets what a holder has used; False when there is none of that name."""
        limiter = self.limiters.get((scope, name))
        if limiter is None:
            return False
        limiter.clear(self.admission.steady.at(now_s))
        return True

    def counters(self, now_s: float, *, dirty: bool = False) -> dict[str, bytes]:
        """What was used, by holder (``key:ide``); with ``dirty`` of those only that have changed
        since it was asked last. Empty for one that a reload took away.
        """
        steady = self.admission.steady
        found = {f"{scope}:{name}": b"" for scope, name in self.dropped}
        self.dropped.clear()
        for (scope, name), limiter in self.limiters.items():
            if limiter.changed or not dirty:
                limiter.changed = False
                found[f"{scope}:{name}"] = kept.pack(
                    limiter, steady.seen_at(now_s), steady.offset_s
                )
        return found

    def restore(self, counters: Mapping[str, bytes], now_s: float) -> list[str]:
        """Goes on from counters kept by an earlier run; says which could not be used."""
        now = self.admission.steady.at(now_s)
        notes = []
        for (scope, name), limiter in self.limiters.items():
            data = counters.get(f"{scope}:{name}")
            if data and (note := kept.unpack(limiter, data, now)):
                notes.append(note)
        return notes

    def _view(self, holder: Holder, now_s: float) -> KeyView:
        limiter, limits = self.limiters["key", holder.name], holder.config.limits
        bucket = limiter.bucket
        level = bucket.level_at(self.admission.steady.seen_at(now_s)) if bucket else None
        return KeyView(
            name=holder.name,
            hint=holder.hint,
            models=list(holder.config.models),
            requests_per_second=limits.requests_per_second,
            burst=bucket.size if bucket else limits.burst,
            tokens_left=None if level is None else round(level, 3),
            in_flight=limiter.in_flight,
            refused=limiter.refused,
            limits=self.limits_of("key", holder.name, now_s),
        )
