"""A shell script that sends the requests again with curl.

Bodies go through a pipe, since a command line may be too short for them; binary ones as base64.
"""

import base64
import shlex
from collections.abc import Sequence
from typing import Final

from llmgate.recording.exporting.target import (
    ADDRESS,
    ADDRESS_VARIABLE,
    caption,
    credential,
    sent_headers,
)
from llmgate.recording.recording import Recording

_HEAD: Final = f"""#!/usr/bin/env bash
# Sends what llmgate recorded: to ${ADDRESS_VARIABLE}, else to the gateway on this machine.
set -euo pipefail
url="${{{ADDRESS_VARIABLE}:-{ADDRESS}}}"
"""


def as_curl(recordings: Sequence[Recording]) -> bytes:
    """The requests as one script."""
    return "\n".join([_HEAD, *map(_call, recordings)]).encode()


def _call(it: Recording) -> str:
    name, before, variable = credential(it)
    lines = [
        f"curl --silent --show-error --no-buffer --globoff --request {shlex.quote(it.method)}",
        f'"$url"{shlex.quote(it.path)}',
        f'--header "{name}: {before}${{{variable}:-none}}"',
        *(f"--header {shlex.quote(f'{n}: {v}')}" for n, v in sent_headers(it)),
    ]
    before_it = ""
    if it.body:
        lines.append("--data-binary @-")
        before_it = _body(it.body) + " |\n  "
    return f"# {caption(it)}\n{before_it}" + " \\\n    ".join(lines) + "\n"


def _body(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return f"printf %s {base64.b64encode(data).decode()} | base64 -d"
    return f"printf %s {shlex.quote(text)}"
