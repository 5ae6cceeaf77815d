"""One form for requests that mean the same, so that they hash to the same id."""

import hashlib
import json
from collections.abc import Iterable

VOLATILE: tuple[str, ...] = (
    "user",
    "metadata",
    "stream_options",
    "seed",
    "store",
    "prompt_cache_key",
)
"""Top-level keys that do not change what is asked."""


def parse(body: bytes) -> object:
    """Gives the JSON value of ``body``, None when it is none (or nested too deep)."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def canonical(value: object, volatile: Iterable[str] = VOLATILE) -> bytes:
    """Gives the value as JSON with sorted keys and without the volatile ones."""
    if isinstance(value, dict):
        left_out = frozenset(volatile)
        value = {key: item for key, item in value.items() if key not in left_out}
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def request_hash(protocol: str, path: str, body: bytes) -> str:
    """Gives the SHA-256 of a request, as hex; a body that is no JSON counts byte for byte."""
    value = parse(body)
    digest = hashlib.sha256(f"{protocol}\n{path.partition('?')[0]}\n".encode())
    digest.update(body if value is None else canonical(value))
    return digest.hexdigest()


def recording_id(protocol: str, path: str, body: bytes) -> str:
    """Gives the id of a recording: the hash of its request, shortened."""
    return "rec_" + request_hash(protocol, path, body)[:16]
