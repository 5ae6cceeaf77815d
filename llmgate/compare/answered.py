"""Which results of a replay are none: what was given up is sent again when it is resumed."""

from llmgate.wire.exchanges import ExchangeSummary


def given_up(row: ExchangeSummary) -> bool:
    """It was cancelled, or cut because the gateway itself ended: nobody knows the answer."""
    if row.state == "cancelled":
        return True
    return row.state == "cut" and row.error_type in {"", "gateway_internal"}
