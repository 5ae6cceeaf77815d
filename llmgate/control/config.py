"""The config over the control API: read, edit, check, go back and forth, reload."""

from typing import Annotated, Any

from litestar import Response, Router, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter

from llmgate.config.schema import config_schema
from llmgate.control.core import Core
from llmgate.control.editing import AUTHOR, EDITS, ETAG, Author, Client, answer, bounded, tagged
from llmgate.control.refusal import REFUSALS
from llmgate.wire.editing import AUTHOR_HEADER, EditRequest, History, RevisionDetail, Verdict
from llmgate.wire.forms import VersionAnswer
from llmgate.wire.gateway import ConfigView

_MOST_REVISIONS = 1_000
_NEVER = 10**15


@get("/", summary="The running config and the problems of a refused edit", responses=REFUSALS)
async def get_config(state: State) -> Response[ConfigView]:
    """The ETag is the base of edits. Secrets are never in it: the file's own text holds ${VAR}s,
    literal ones are replaced.
    """
    return _view(state.core)


@get("/version", summary="The version of the running config", responses=REFUSALS)
async def get_config_version(state: State) -> Response[VersionAnswer]:
    """Counts up with every accepted change."""
    core: Core = state.core
    return tagged(core, VersionAnswer(core.holder.snapshot.version))


@get("/schema", summary="JSON Schema of config.yaml", responses=REFUSALS)
async def get_config_schema() -> dict[str, Any]:
    """For editors that complete and check; the same as `llmgate check --schema`."""
    return config_schema()


@patch("/", summary="Edit the file", responses=EDITS, dependencies=AUTHOR)
async def patch_config(
    state: State, data: JSONBody[EditRequest], by: NamedDependency[Author]
) -> Response[Verdict]:
    """All edits in order, or none: comments, order and untouched lines stay. `text` replaces the
    whole file. What the edits would break is answered 422 and nothing is written.
    """
    core: Core = state.core
    return answer(await core.editor.apply(bounded(data), by.if_match, by.who))


@post(
    "/validate",
    summary="What edits would do",
    status_code=200,
    responses=EDITS,
    dependencies=AUTHOR,
)
async def validate_config(
    state: State, data: JSONBody[EditRequest], by: NamedDependency[Author]
) -> Response[Verdict]:
    """A dry run with the reload's own code: problems with their lines, the difference, which routes
    change and by how much. Problems are answered 200 with `ok: false`.
    """
    core: Core = state.core
    return answer(await core.editor.validate(bounded(data), by.if_match))


@get("/history", summary="Accepted versions, newest first", responses=REFUSALS)
async def get_history(
    state: State, limit: Annotated[int, QueryParameter(ge=1, le=_MOST_REVISIONS)] = 100
) -> Response[History]:
    """Who changed what and when, and where undo and redo would go."""
    core: Core = state.core
    return tagged(core, await core.editor.history(limit))


@get("/history/{number:int}", summary="One accepted version", responses=REFUSALS)
async def get_revision(state: State, number: FromPath[int]) -> Response[RevisionDetail]:
    """Its text without secrets, its own change, and what a rollback to it would do."""
    core: Core = state.core
    return tagged(core, await core.editor.revision(_known(number)))


@post(
    "/undo", summary="Back by one revision", status_code=200, responses=EDITS, dependencies=AUTHOR
)
async def undo_config(state: State, by: NamedDependency[Author]) -> Response[Verdict]:
    """Restores the text before the last edit, byte for byte; the undo is a revision too."""
    core: Core = state.core
    return answer(await core.editor.undo(by.if_match, by.who))


@post("/redo", summary="Forward again", status_code=200, responses=EDITS, dependencies=AUTHOR)
async def redo_config(state: State, by: NamedDependency[Author]) -> Response[Verdict]:
    """Takes the last undo back."""
    core: Core = state.core
    return answer(await core.editor.redo(by.if_match, by.who))


@post(
    "/rollback/{number:int}",
    summary="Back to any revision",
    status_code=200,
    responses=EDITS,
    dependencies=AUTHOR,
)
async def roll_back_config(
    state: State, number: FromPath[int], by: NamedDependency[Author]
) -> Response[Verdict]:
    """Makes that revision's text the file again."""
    core: Core = state.core
    return answer(await core.editor.roll_back(_known(number), by.if_match, by.who))


@post("/file", summary="Write the first file", status_code=200, responses=EDITS)
async def write_config_file(
    state: State, who: Annotated[Client, HeaderParameter(name=AUTHOR_HEADER)] = "api"
) -> Response[Verdict]:
    """Gives a config that was built from the environment a file, so that it can be edited."""
    core: Core = state.core
    return answer(await core.editor.write_file(who))


@post("/reload", summary="Read the file again now", status_code=200, responses=REFUSALS)
async def reload_config(state: State) -> Response[ConfigView]:
    """The same as saving the file: a broken one is refused and reported in `problems`."""
    core: Core = state.core
    await core.holder.reload_now()
    return _view(core)


def _known(number: int) -> int:
    """A number that a revision may have. Raises 404."""
    if not 0 < number < _NEVER:
        raise NotFoundException(f"no revision has the number {str(number)[:20]}")
    return number


def _view(core: Core) -> Response[ConfigView]:
    return tagged(core, core.config())


config_router = Router(
    "/config",
    route_handlers=[
        get_config,
        get_config_version,
        get_config_schema,
        patch_config,
        validate_config,
        get_history,
        get_revision,
        undo_config,
        redo_config,
        roll_back_config,
        write_config_file,
        reload_config,
    ],
    tags=["config"],
    response_headers=ETAG,
    request_max_body_size=2_500_000,  # a file of 1 MB, with every line end escaped
)
