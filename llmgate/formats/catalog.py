"""The one place that knows all formats: what reads and what answers each protocol."""

from llmgate.formats.answer import AnswerReader
from llmgate.formats.faults import upstream_message
from llmgate.formats.model_list import ModelEntry, model_body, models_body
from llmgate.formats.openai_chat import ChatDialect
from llmgate.formats.plain import JsonReader, OpaqueReader
from llmgate.formats.reader import Reader
from llmgate.formats.replies import error_body, error_event
from llmgate.wire.exchanges import Protocol

__all__ = (
    "ModelEntry",
    "error_body",
    "error_event",
    "model_body",
    "models_body",
    "reader_for",
    "upstream_message",
)


def reader_for(protocol: Protocol, content_type: str) -> Reader:
    """Chooses the reader of an answer by what was asked and what the provider says it sends."""
    match protocol:
        case "openai.chat":
            return AnswerReader(ChatDialect())
        case "openai.embeddings":
            return JsonReader()
        case "anthropic.count_tokens":
            return JsonReader(counts=True)
        case _:
            return OpaqueReader()
