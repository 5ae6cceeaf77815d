"""Notices a runaway: the same request again and again (an agent in a loop burns money)."""

from collections import OrderedDict

from llmgate.exchange import Exchange

_WINDOW_MS = 60_000
_TAIL = 2_048
_KEPT = 1_024


class Repeats:
    """Counts equal requests that follow each other within a minute; bounded memory."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, tuple[int, int]] = OrderedDict()

    def count(self, exchange: Exchange) -> int:
        """How many equal requests came in the minute before this one.

        A conversation grows at its end, so its length and its tail tell requests apart.
        """
        body = exchange.request_body
        if not body:
            return 0
        mark = hash((exchange.path, exchange.client, exchange.session, len(body), body[-_TAIL:]))
        before, last_ms = self._seen.pop(mark, (0, 0))
        if exchange.started_ms - last_ms > _WINDOW_MS:
            before = 0
        self._seen[mark] = (before + 1, exchange.started_ms)
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return before
