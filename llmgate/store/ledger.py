"""What must be written though no exchange carries it: spend without a row, and counters.

Money is counted also when recording is off and when there was no room for the exchange itself.
"""

import logging
from collections.abc import Callable, Mapping

import msgspec

from llmgate.store.rows import Row, clean
from llmgate.store.tally import Tally
from llmgate.wire.exchanges import ExchangeSummary

_AT_ONCE = 64  # summaries held before they are added up
_LONGEST = 300  # of a counter's name

_log = logging.getLogger("llmgate.store")


class Page(msgspec.Struct):
    """What goes into the file with the next batch; a counter without bytes is removed."""

    tally: Tally
    counters: dict[str, bytes]


class Ledger:
    """Filled on the request path, taken by the writer; everything runs on the event loop."""

    def __init__(self, to_row: Callable[[ExchangeSummary], Row]) -> None:
        self._to_row = to_row
        self._ended: list[ExchangeSummary] = []
        self._page = Page(Tally(), {})
        self._flight = Page(Tally(), {})
        self._known: dict[str, bytes] = {}

    @property
    def waiting(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._ended or self._page.tally or self._page.counters)

    def ended(self, summary: ExchangeSummary) -> None:
        """An exchange that has no row has ended."""
        self._ended.append(summary)
        if len(self._ended) >= _AT_ONCE:
            self._add_up()

    def keep(self, counters: Mapping[str, bytes]) -> None:
        """The newest values of some counters."""
        for name, data in counters.items():
            self._page.counters[clean(name[:_LONGEST])] = bytes(data)

    def take(self) -> Page:
        """What waits; ``done`` or ``put_back`` must follow."""
        self._add_up()
        self._flight, self._page = self._page, Page(Tally(), {})
        return self._flight

    def done(self) -> None:
        """It is in the file."""
        self._known = {
            name: data for name, data in (self._known | self._flight.counters).items() if data
        }
        self._flight = Page(Tally(), {})

    def put_back(self) -> None:
        """It is not in the file: it waits again, with what came meanwhile."""
        self._flight.tally.merge(self._page.tally)
        self._page = Page(self._flight.tally, self._flight.counters | self._page.counters)
        self._flight = Page(Tally(), {})

    def start_over(self) -> None:
        """The file is a new one: it has no counter."""
        self._page.counters = self._known | self._page.counters

    def _add_up(self) -> None:
        ended, self._ended = self._ended, []
        for summary in ended:
            try:
                self._page.tally.add(self._to_row(summary))
            except Exception as error:  # noqa: BLE001 - the recorder may never break a stream
                _log.warning("exchange %s cannot be counted: %s", summary.id, error)
