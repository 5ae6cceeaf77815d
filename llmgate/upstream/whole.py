"""Answers that are made here: the list of models of recordings, or why there is none."""

from collections.abc import Sequence
from typing import Final

import msgspec

from llmgate.errors import UpstreamFault
from llmgate.upstream.reply import Reply

_CREATED: Final = 1_767_225_600  # of every model in the list: a fixed day
_JSON: Final = [("content-type", "application/json")]


class WholeReply:
    """An answer that is made here: the list of models, or why there is no recording."""

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self.headers = list(_JSON)
        self._rest: list[bytes] = [msgspec.json.encode(body)]

    async def read(self) -> bytes | None:
        """Gives the body, then its end."""
        return self._rest.pop() if self._rest else None

    async def close(self, fault: UpstreamFault | None = None) -> None:
        """Has nothing to let go of."""


def models_reply(names: Sequence[str], path: str) -> Reply:
    """Answers with these models, in a shape that every SDK reads."""
    models = [_model(name) for name in names]
    wanted = path.partition("?")[0].partition("/models/")[2]
    if not wanted:
        ends = {"first_id": models[0]["id"], "last_id": models[-1]["id"]} if models else {}
        return WholeReply(200, {"object": "list", "data": models, "has_more": False, **ends})
    for model in models:
        if model["id"] == wanted:
            return WholeReply(200, model)
    return WholeReply(404, not_found(f"no recording was asked of the model `{wanted[:200]}`"))


def _model(name: str) -> dict[str, object]:
    """An entry of the models list that OpenAI, Anthropic and Mistral readers accept."""
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "llmgate-recordings",
        "type": "model",
        "display_name": name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def not_found(message: str) -> dict[str, object]:
    """An error that readers of OpenAI's and of Anthropic's shape both understand."""
    return {
        "type": "error",
        "error": {
            "message": message,
            "type": "not_found_error",
            "param": None,
            "code": "recording_not_found",
        },
    }
