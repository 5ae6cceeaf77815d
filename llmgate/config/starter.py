"""The config.yaml to begin with, written from the keys and local servers that are there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from llmgate.config.catalog import KINDS, ProviderKind
from llmgate.config.local import LocalServer

_HEAD: Final = """\
# llmgate: what it carries, and where to. Saving this file is enough: it is read again at once.
# A field that is not known is an error with its line; `llmgate check` says the same beforehand.
# ${VAR} and ${VAR:-default} come from the environment or from .env beside this file.

server:
  host: 127.0.0.1        # another address lets other machines in, and needs `keys:` below
  port: 8484

"""

_TAIL: Final = """\
# Without routes a model goes to the provider that lists it; "provider/model" picks one.
# First match wins. Weights share the traffic out exactly.
#
# routes:
#   fast:
#     match: {model: fast}
#     targets:
#       - {provider: openai, weight: 3, model: gpt-4o-mini}
#       - {provider: groq, weight: 1, model: llama-3.3-70b-versatile}

# Without keys, callers on this machine need none.
#
# keys:
#   ide: {key: "${LLMGATE_IDE_KEY}", models: ["*"], limits: {requests_per_second: 10, burst: 20}}

# Every exchange is kept, bodies and timing too, up to the first of these limits.
recording: {bodies: full, keep_days: 14, keep_mb: 1024}
"""


_DEMO: Final = """\
# llmgate's demo: recorded answers with their timing. No key, no network, nothing costs anything.
# This file is yours: change it here or in the terminal. Deleted, it is written anew.

providers:
  demo:                  # made-up recordings, shipped with llmgate
    kind: recording
  demo-fast:             # the same at twice the speed
    kind: recording
    speed: 2

routes:                  # first match wins; weights share the traffic out exactly
  fast:
    match: {model: "fast*"}
    targets:
      - {provider: demo, weight: 50, model: gpt-4o-mini}
      - {provider: demo-fast, weight: 50, model: gpt-4o-mini}

recording: {bodies: full, keep_days: 14, keep_mb: 1024}
"""


def starter_text(environ: Mapping[str, str], local: Sequence[LocalServer] = ()) -> str:
    """A commented config; keys are named as ``${VAR}``, never written. ``demo`` is always there."""
    lines = ["providers:"]
    for kind in kinds_with_key(environ):
        lines += [f"  {kind.name}:", f"    kind: {kind.name}", f"    api_key: ${{{kind.key_env}}}"]
    for server in local:
        lines += [
            f"  {server.kind}:",
            f"    kind: {server.kind}",
            f"    base_url: {server.base_url}",
        ]
    lines += [
        "  demo:                  # made-up recordings with their timing: no key, no network",
        "    kind: recording",
    ]
    return _HEAD + "\n".join(lines) + "\n\n" + _hints(environ) + _TAIL


def demo_text() -> str:
    """What `llmgate up --demo` runs on: recordings twice over, and a route between them."""
    return _DEMO


def kinds_with_key(environ: Mapping[str, str]) -> list[ProviderKind]:
    """The kinds of provider whose usual variable is set."""
    return [kind for kind in KINDS.values() if kind.key_env and environ.get(kind.key_env)]


def _hints(environ: Mapping[str, str]) -> str:
    missing: Iterable[str] = (
        f"#   {kind.name}: {{kind: {kind.name}}}    # key: ${kind.key_env}"
        for kind in KINDS.values()
        if kind.key_env and not environ.get(kind.key_env)
    )
    lines = "\n".join(missing)
    return f"# More providers, with the variable that holds the key:\n{lines}\n\n" if lines else ""
