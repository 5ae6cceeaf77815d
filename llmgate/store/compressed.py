"""Answers that a provider compressed although it was asked not to: secrets do not show in them."""

from collections.abc import Iterable, Sequence

from llmgate.config.credentials import Scrubber
from llmgate.recording.decoding import NotPromotable, decoded
from llmgate.recording.hidden import without_secrets

_NONE = frozenset({"", "identity"})


def unfit(headers: Iterable[tuple[str, str]], chunks: Sequence[bytes], scrubber: Scrubber) -> str:
    """Why a compressed answer must not be kept; empty when it may, as nearly every one may."""
    encoding = next((value for name, value in headers if name == "content-encoding"), "")
    encoding = encoding.strip().lower()
    if encoding in _NONE:
        return ""
    try:
        plain = b"".join(decoded(chunks, [0] * len(chunks), encoding)[0])
    except NotPromotable as problem:
        return f"the answer is not kept: {problem}"
    if without_secrets(plain, scrubber) != plain:
        return "the answer is not kept: it is compressed and holds a configured secret"
    return ""
