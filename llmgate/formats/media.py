"""Pieces of content that are not text, as a short description; and text found in nested parts."""

from collections.abc import Iterator
from typing import Any

import msgspec


def describe(part: Any) -> str:
    """Says what a media part is: ``image/png, 48 kB``, or its address."""
    if not isinstance(part, dict):
        return ""
    return _embedded(part) or _linked(part) or str(part.get("type", ""))[:50]


def _embedded(part: dict[str, Any]) -> str:
    match part:
        case {"source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
            text = f"{kind}, {size(len(data) * 3 // 4)}"
        case {"source": {"media_type": str(kind), "data": str(data)}}:
            text = f"{kind}, {size(len(data))}"
        case {"input_audio": {"data": str(data), **rest}}:
            text = f"audio/{str(rest.get('format', '?'))[:20]}, {size(len(data) * 3 // 4)}"
        case {"file": dict(inner)}:
            text = describe(inner)
        case {"file_data": str(url), **rest}:
            name = str(rest.get("filename") or "")[:100]
            text = f"{name}: {address(url)}" if name else address(url)
        case _:
            text = ""
    return text


def _linked(part: dict[str, Any]) -> str:
    match part:
        case {"image_url": {"url": str(url)}} | {"image_url": str(url)} | {"file_url": str(url)}:
            text = address(url)
        case {"source": {"url": str(url)}}:
            text = address(url)
        case {"source": {"file_id": str(name)}} | {"file_id": str(name)}:
            text = f"file {name[:100]}"
        case {"filename": str(name)}:
            text = name[:100]
        case _:
            text = ""
    return text


def address(url: str) -> str:
    """Shortens an address; of a data URL only type and size remain."""
    if url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        kind = head.partition(";")[0][:60] or "data"
        return f"{kind}, {size(len(data) * 3 // 4 if 'base64' in head else len(data))}"
    return url[:200]


def size(count: int) -> str:
    """Writes a number of bytes."""
    return f"{count} B" if count < 1000 else f"{count / 1000:,.0f} kB"


def texts(parts: list[Any]) -> Iterator[str]:
    """Finds the text of parts."""
    for part in parts:
        match part:
            case str(text) | {"text": str(text)}:
                yield text
            case _:
                pass


def json_text(value: Any) -> str:
    """Writes a value as JSON text; what is text already stays as it is."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
