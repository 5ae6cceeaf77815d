"""One exchange of a comparison, with its bodies: all that a comparison knows of it."""

import msgspec

from llmgate.wire.exchanges import ExchangeSummary


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange; a body is None when it is not kept. ``content_type`` is that of the answer."""

    summary: ExchangeSummary
    content_type: str = ""
    request: bytes | None = None
    answer: bytes | None = None
