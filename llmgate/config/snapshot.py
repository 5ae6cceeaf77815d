"""One accepted version of the configuration: what a request reads once and keeps to its end."""

import msgspec

from llmgate.config.model import Config


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen, validated config. ``version`` counts up from 1 with every accepted change."""

    version: int
    config: Config
    file: str = ""  # empty: built from the environment
    text: str = ""  # the file as written, before ${VAR}s were filled in
    etag: str = ""
    loaded_ms: int = 0
    warnings: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()  # (name shown instead, secret): for the scrubber
