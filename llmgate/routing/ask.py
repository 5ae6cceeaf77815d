"""What the router is asked and what it answers."""

from collections.abc import Mapping

import msgspec


class Ask(msgspec.Struct, frozen=True, gc=False):
    """What of a request decides where it goes; ``headers`` have lower-case names."""

    model: str | None
    path: str
    key: str
    headers: Mapping[str, str]
    protocol: str
    stream: bool


class Choice(msgspec.Struct, frozen=True, gc=False):
    """A provider and the model to ask it for (empty when the request names none).

    ``weight`` and ``share`` (0 to 1) are of the moment: among the targets that could be chosen.
    """

    provider: str
    model: str
    weight: int
    share: float


class Plan(msgspec.Struct, frozen=True):
    """Where to send: the first choice is the one to use, the others in order are for failover.

    ``route`` is empty when no route matched; ``asked`` is the model without
    ``server.model_prefix``.
    """

    route: str
    choices: tuple[Choice, ...]
    asked: str
