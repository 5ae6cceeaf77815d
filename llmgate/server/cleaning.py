"""Takes the secrets of the running config out of whatever viewers are told, live rows included."""

from collections.abc import Iterable

from llmgate.config.credentials import Scrubber
from llmgate.recording.hidden import text_without_secrets, without_secrets
from llmgate.store.rows import cleaned, untrusted_text
from llmgate.wire.exchanges import ExchangeSummary


class Cleaning:
    """Asks the scrubber of the running config; a reload gives it another."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.scrubber = scrubber

    def text(self, text: str) -> str:
        """A text without secrets."""
        return text_without_secrets(text, self.scrubber)

    def body(self, data: bytes) -> bytes:
        """A body without secrets, those included that show only as it is read; of the same length,
        and the same object when there are none.
        """
        return without_secrets(data, self.scrubber)

    def row(self, row: ExchangeSummary) -> ExchangeSummary:
        """A row as it will be when it is kept."""
        return self.rows([row])[0]

    def rows(self, rows: Iterable[ExchangeSummary]) -> list[ExchangeSummary]:
        """Some rows, asked about together."""
        rows = list(rows)
        said = "\n".join(map(untrusted_text, rows))
        if "%" not in said and self.scrubber.surely_clean(said.encode("utf-8", "replace")):
            return rows
        return [cleaned(row, self.text) for row in rows]
