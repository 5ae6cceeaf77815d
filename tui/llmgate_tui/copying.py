"""Finds the text that a choice of the copy menu stands for."""

from typing import Final

from llmgate.wire.exchanges import ExchangeSummary
from llmgate_tui import snippets
from llmgate_tui.api import Api

CHOICES: Final = [
    ("c", "curl", "curl"),
    ("p", "Python (httpx)", "python"),
    ("b", "request body", "body"),
    ("a", "answer", "answer"),
    ("h", "headers", "headers"),
    ("i", "id", "id"),
]


async def text_of(choice: str, row: ExchangeSummary, api: Api, address: str) -> str:
    """Asks the gateway for what the choice needs; raises ``ApiProblem``."""
    match choice:
        case "curl" | "python":
            detail, body = await api.detail(row.id), await api.body(row.id, "request")
            return (snippets.curl if choice == "curl" else snippets.python)(address, detail, body)
        case "body":
            return (await api.body(row.id, "request")).decode("utf-8", "replace")
        case "answer":
            return await _answer(row, api)
        case "headers":
            return snippets.headers(await api.detail(row.id))
        case _:
            return row.id


async def _answer(row: ExchangeSummary, api: Api) -> str:
    """What the model said; the bytes as they came when that cannot be read."""
    chat = await api.chat(row.id)
    said = [part.text for part in chat.answer if part.kind in {"text", "refusal"} and part.text]
    if not said:
        said = [f"{part.name} {part.text}" for part in chat.answer if part.kind == "tool_call"]
    return "\n\n".join(said) or (await api.body(row.id, "answer")).decode("utf-8", "replace")
