"""``GET /v1/models``: one list for readers of OpenAI, Anthropic and Mistral lists."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model as it is listed; ``created`` is in epoch seconds."""

    id: str
    created: int = 0
    owned_by: str = "llmgate"
    display_name: str = ""


def models_body(entries: Sequence[ModelEntry], *, has_more: bool = False) -> bytes:
    """Writes the list."""
    return msgspec.json.encode(
        {
            "object": "list",
            "data": [_entry(entry) for entry in entries],
            "has_more": has_more,
            "first_id": entries[0].id if entries else None,
            "last_id": entries[-1].id if entries else None,
        }
    )


def model_body(entry: ModelEntry) -> bytes:
    """Writes one model."""
    return msgspec.json.encode(_entry(entry))


def _entry(entry: ModelEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "object": "model",
        "created": entry.created,
        "owned_by": entry.owned_by,
        "type": "model",
        "display_name": entry.display_name or entry.id,
        "created_at": _rfc3339(entry.created),
        "lifecycle": "active",
    }


def _rfc3339(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
