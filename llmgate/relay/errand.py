"""A recorded request that is sent again: a caller without a connection.

It travels like any request, so that it is limited, recorded, priced, shown and cancelled like any
other. It has no key, and nobody reads its answer but the recorder.
"""

import asyncio
from typing import Final

import msgspec

from llmgate import __version__
from llmgate.exchange import Exchange
from llmgate.relay.accept import read_request
from llmgate.relay.call import Call
from llmgate.relay.caller import Caller, Message
from llmgate.wire.paths import Place

_AGENT: Final = f"llmgate-replay/{__version__}"
_RESENT: Final = frozenset(
    {"accept", "anthropic-beta", "anthropic-version", "content-type", "openai-beta"}
)


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent again: to the provider of ``place`` as ``model``, or where it names none through
    the routes, as ``key`` would. Of the recorded ``headers`` only what changes the answer is sent:
    a session, an account or a request id belong to the one who called then.
    """

    parent: str
    replay: str
    target: int
    place: Place
    model: str
    key: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes


class Errand(Caller):
    """One sending."""

    __slots__ = ("_again", "_asked", "_over", "exchange", "key", "model", "place")
    patient = True

    exchange: Exchange

    def __init__(self, again: Again) -> None:
        self._again = again
        self._asked = False
        self._over = asyncio.Event()
        self.place = again.place
        self.key, self.model = again.key, again.model
        headers = [(n.encode(), v.encode("latin-1", "replace")) for n, v in _resent(again.headers)]
        scope = {
            "method": "POST",
            "path": again.place.path,
            "query_string": again.query.encode("latin-1", "replace"),
            "headers": headers,
        }
        super().__init__(scope, self._give, _drop)

    @property
    def begun(self) -> bool:
        """There is an exchange."""
        return hasattr(self, "exchange")

    async def begin(self, call: Call) -> None:
        """Says whose exchange this is and reads the request."""
        exchange = self.exchange = call.exchange
        exchange.parent = self._again.parent
        exchange.replay = self._again.replay
        exchange.replay_target = self._again.target
        await read_request(call)

    def close(self) -> None:
        """It is over: whoever waits for the caller to leave may go."""
        self._over.set()

    async def _give(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._again.body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}


async def _drop(_message: Message) -> None:
    """Nobody is there to read; what matters is in the exchange."""


def _resent(recorded: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in recorded if name in _RESENT]
    if not any(name == "content-type" for name, _ in kept):
        kept.append(("content-type", "application/json"))
    return [*kept, ("user-agent", _AGENT)]
