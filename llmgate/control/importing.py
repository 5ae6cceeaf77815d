"""Imports over the control API: somebody's file becomes exchanges of the store."""

from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromQuery

from llmgate.control.core import Core, now_ms
from llmgate.control.exporting import rules_of
from llmgate.control.refusal import STORED, refusal
from llmgate.control.taking import take_in
from llmgate.recording.importing.cleaning import read_clean
from llmgate.recording.importing.found import MAX_BYTES, NotImported
from llmgate.wire.recordings import ImportAnswer, ImportKind
from llmgate.wire.safe_text import safe_text

IMPORTS = {
    **STORED,
    409: refusal("The store keeps no bodies now"),
    413: refusal("The file is too large"),
}
_LONGEST_NAME = 200


@post(
    "/import",
    summary="Recordings, HAR, flows, JSONL or session logs as exchanges",
    status_code=200,
    responses=IMPORTS,
    request_max_body_size=MAX_BYTES,
)
async def import_file(
    state: State,
    request: Request[Any, Any, Any],
    name: FromQuery[str] = "import",
    kind: FromQuery[ImportKind] = "auto",
) -> ImportAnswer:
    """The file is the body, as it is; `name` is for messages. Secrets are blanked. The exchanges
    count as exported (caps spare them), are tagged `imported` and belong to the replay `import`:
    they count in no budget. Importing the same again changes nothing.
    """
    core: Core = state.core
    if core.snapshot.config.recording.bodies != "full":
        raise HTTPException(
            "nothing would be kept of an import: set `recording.bodies: full`", status_code=409
        )
    data = await request.body()
    shown = safe_text(name[:_LONGEST_NAME], newlines=False) or "import"
    try:
        answer = await take_in(core, read_clean(data, shown, kind, rules_of(core.snapshot)))
    except NotImported as problem:
        raise HTTPException(safe_text(str(problem)), status_code=400) from problem
    _tell(core, shown, answer)
    return _safe(answer)


def _tell(core: Core, name: str, answer: ImportAnswer) -> None:
    if answer.ids:
        text = core.scrub_text(f"{len(answer.ids)} exchanges were imported from {name}")
        core.hub.notice("info", "import", text, at_ms=now_ms())


def _safe(answer: ImportAnswer) -> ImportAnswer:
    """What was left out was named by somebody's file."""
    safe = [
        msgspec.structs.replace(
            item,
            what=safe_text(item.what, newlines=False),
            why=safe_text(item.why, newlines=False),
        )
        for item in answer.skipped
    ]
    return msgspec.structs.replace(answer, skipped=safe)


import_router = Router("/recordings", route_handlers=[import_file], tags=["recordings"])
