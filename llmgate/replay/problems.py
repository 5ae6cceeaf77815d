"""Why a replay cannot be made, or not be changed now."""

from llmgate.errors import LlmgateError


class BadReplay(LlmgateError):
    """What is asked for cannot be sent: what is wrong and what to do."""


class NoSuchReplay(LlmgateError):
    """No replay has this id, or none of the exchanges is there."""


class NotNow(LlmgateError):
    """The replay runs, or has nothing left to send."""
