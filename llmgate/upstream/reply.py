"""The seam between the relay and whatever answers: an HTTP provider, or recordings."""

from typing import Protocol

import msgspec

from llmgate.errors import UpstreamFault
from llmgate.wire.exchanges import Protocol as WireProtocol


class Outbound(msgspec.Struct, frozen=True, kw_only=True):
    """A request ready to be sent: ``url`` complete, ``headers`` with the credential, ``body``
    final.
    """

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    protocol: WireProtocol
    path: str  # as the caller asked: /v1/chat/completions
    model: str = ""
    stream: bool = False


class Reply(Protocol):
    """An answer whose head has arrived. Headers as received, in order, names lower-case."""

    status: int
    headers: list[tuple[str, str]]

    async def read(self) -> bytes | None:
        """Gives the next wire chunk as it arrived, None at the proper end of the body.

        Raises ``UpstreamCut`` when the connection breaks before it.
        """

    async def close(self, fault: UpstreamFault | None = None) -> None:
        """Lets go of the connection; called always, closes the socket if the body is unread.

        ``fault`` is why the reader gave up, where that is the provider's: it was silent too long.
        """


class Sender(Protocol):
    """One provider's way out. Raises ``UpstreamFault``s only."""

    async def send(self, request: Outbound) -> Reply:
        """Sends and waits for the head of the answer. Cancellation closes the connection."""

    async def close(self) -> None:
        """Closes idle connections; replies under way end on their own."""
