"""Media as one short line."""

from typing import Any

import pytest

from llmgate.formats.media import describe


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ({"image_url": "https://x.example/cat.png"}, "https://x.example/cat.png"),
        ({"image_url": {"url": "data:image/gif;base64," + "A" * 400}}, "image/gif, 300 B"),
        ({"image_url": {"url": "data:,hello"}}, "data, 5 B"),
        ({"source": {"type": "url", "url": "https://x.example/a.pdf"}}, "https://x.example/a.pdf"),
        ({"source": {"type": "file", "file_id": "file_1"}}, "file file_1"),
        ({"source": {"type": "text", "media_type": "text/plain", "data": "hi"}}, "text/plain, 2 B"),
        ({"file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}, None),
        ({"filename": "b.pdf"}, "b.pdf"),
        ({"type": "input_file", "file_url": "https://x.example/c"}, "https://x.example/c"),
        ({"type": "hologram"}, "hologram"),
        ("text", ""),
    ],
)
def test_a_medium_is_described_without_its_bytes(part: Any, line: str | None) -> None:
    assert describe(part) == (line if line is not None else "a.pdf: application/pdf, 3 B")
