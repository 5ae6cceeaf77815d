"""The one place that knows all formats: what reads and what answers each protocol."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from llmgate.errors import BadRequest
from llmgate.formats import lenient
from llmgate.formats.answer import AnswerReader, Dialect
from llmgate.formats.anthropic_messages import MessagesDialect
from llmgate.formats.asked.chat import read_chat, read_completion, read_embedding
from llmgate.formats.asked.messages import read_messages
from llmgate.formats.asked.responses import read_responses
from llmgate.formats.faults import upstream_message
from llmgate.formats.model_list import ModelEntry, model_body, models_body
from llmgate.formats.openai_chat import ChatDialect
from llmgate.formats.openai_completions import CompletionsDialect
from llmgate.formats.openai_responses import ResponsesDialect
from llmgate.formats.parts import answer_parts, answer_text
from llmgate.formats.plain import JsonReader, OpaqueReader
from llmgate.formats.reader import Reader
from llmgate.formats.replies import error_body, error_event
from llmgate.wire.chat import ChatRequest
from llmgate.wire.exchanges import Protocol

__all__ = (
    "ModelEntry",
    "answer_parts",
    "answer_text",
    "error_body",
    "error_event",
    "model_body",
    "models_body",
    "read_request",
    "reader_for",
    "understood",
    "upstream_message",
)

_DIALECTS: Final[Mapping[Protocol, Callable[[], Dialect]]] = {
    "openai.chat": ChatDialect,
    "openai.completions": CompletionsDialect,
    "openai.responses": ResponsesDialect,
    "anthropic.messages": MessagesDialect,
}
_REQUESTS: Final[Mapping[Protocol, Callable[[dict[str, Any]], ChatRequest]]] = {
    "openai.chat": read_chat,
    "openai.completions": read_completion,
    "openai.embeddings": read_embedding,
    "openai.responses": read_responses,
    "anthropic.messages": read_messages,
    "anthropic.count_tokens": read_messages,
}


def reader_for(protocol: Protocol, content_type: str) -> Reader:
    """Makes the reader of one answer.

    A conversation's framing shows in its first byte, which is right more often than the content
    type; media of another kind (speech, say) are not looked into.
    """
    if content_type.startswith(("audio/", "image/", "video/")):
        return OpaqueReader()
    dialect = _DIALECTS.get(protocol)
    if dialect is not None:
        return AnswerReader(dialect())
    if protocol in {"openai.embeddings", "anthropic.count_tokens"}:
        return JsonReader(counts=protocol == "anthropic.count_tokens")
    return OpaqueReader()


def understood(protocol: Protocol, content_type: str) -> bool:
    """Whether the end of such an answer is read from its bytes, not taken from the connection's."""
    return not isinstance(reader_for(protocol, content_type), OpaqueReader)


def read_request(protocol: Protocol, body: bytes) -> ChatRequest:
    """Reads a request as a conversation; what is unknown becomes a part of kind ``other``.

    Raises ``BadRequest`` for what is no JSON object. Other protocols give an empty conversation.
    """
    read = _REQUESTS.get(protocol)
    if read is None:
        return ChatRequest()
    value = lenient.plain(body)
    if not isinstance(value, dict):
        raise BadRequest("the request body is not a JSON object that can be read")
    return read(value)
