"""Which protocol a URL of somebody's traffic speaks, and the path that it has with the gateway.

Providers serve the same protocols below prefixes of their own; a recording keeps the plain path, so
that it answers whoever asks the gateway.
"""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from llmgate.wire.exchanges import Protocol
from llmgate.wire.paths import place

CARRIED: Final = frozenset(
    {
        "openai.chat",
        "openai.completions",
        "openai.responses",
        "openai.embeddings",
        "anthropic.messages",
        "anthropic.count_tokens",
    }
)
_PREFIX: Final = re.compile(
    r"/(?:openai/deployments/[^/]+|openai|v1beta/openai|api/paas|api|inference)(?:/v\d+\w*)?"
    r"(?=/(?:chat/completions|completions|responses|embeddings|messages)(?:/|$))"
)


NOWHERE: Final = "its path is none of a protocol that is carried"


class Placed(msgspec.Struct, frozen=True):
    """Where a request went: a path of ours and what is spoken there."""

    path: str
    protocol: Protocol
    query: str = ""


def placed(url: str) -> Placed | str:
    """Reads a whole URL, or a path alone; gives the reason when it is nothing we carry."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "its URL cannot be read"
    path = parts.path or "/"
    if found := _PREFIX.match(path):
        path = "/v1" + path[found.end() :]
    known = place(path)
    if known.protocol is None:
        return NOWHERE
    if known.protocol not in CARRIED:
        return f"{known.protocol} is not a protocol that recordings are imported of"
    return Placed(known.path, known.protocol, parts.query)
