"""What every edit over the control API has in common: its base, its author, its answer."""

import asyncio
from typing import Annotated, Literal, TypeVar

import msgspec
from litestar import Response
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from llmgate.config.edit.apply import MOST_EDITS
from llmgate.config.nodes import Node
from llmgate.control.core import Core
from llmgate.control.refusal import REFUSALS, refusal
from llmgate.control.written import written
from llmgate.wire.editing import (
    AUTHOR_HEADER,
    Conflict,
    Edit,
    EditRequest,
    Path,
    Verdict,
    Who,
)

T = TypeVar("T")
Client = Literal["tui", "api"]


class Author(msgspec.Struct, frozen=True):
    """Who edits, and the ETag of the version it was made on; ``*`` is whatever runs."""

    who: Who
    if_match: str


def author(
    if_match: Annotated[
        str | None,
        HeaderParameter(
            name="If-Match",
            description="The ETag the edit was made on, as `GET config` gave it; `*` is any.",
        ),
    ] = None,
    who: Annotated[
        Client,
        HeaderParameter(name=AUTHOR_HEADER, description="Who edits, for the history."),
    ] = "api",
) -> Author:
    """Reads an edit's headers. Raises 428 without If-Match."""
    if not if_match:
        raise HTTPException(
            "an edit needs the header If-Match: the ETag of `GET /admin/v1/config`, or * for"
            " whatever runs now",
            status_code=428,
        )
    return Author(who, if_match)


AUTHOR = {"by": Provide(author, sync_to_thread=False)}

ETAG = [
    ResponseHeader(
        name="ETag",
        value="",
        description="Of the running config: the base of the next edit.",
        documentation_only=True,
    )
]

EDITS = {
    **REFUSALS,
    409: refusal("The name is taken, or there is nothing to edit, undo or redo"),
    412: ResponseSpec(
        Conflict,
        description="The file is another by now: the three-way difference",
        generate_examples=False,
    ),
    413: refusal("The request is too large"),
    422: ResponseSpec(
        Verdict,
        description="The edited config has problems; nothing was written",
        generate_examples=False,
    ),
    428: refusal("If-Match is missing"),
}


def tagged(core: Core, view: T) -> Response[T]:
    """A view, with the ETag of the config it is of: the base of an edit."""
    return Response(view, headers={"etag": core.snapshot.etag})


def answer(verdict: Verdict, status: int = 200) -> Response[Verdict]:
    """The verdict, with the ETag that the next edit is made on."""
    return Response(verdict, status_code=status, headers={"etag": verdict.etag})


async def edit(
    core: Core, by: Author, edits: list[Edit], note: str, status: int = 200
) -> Response[Verdict]:
    """Makes edits composed by a form; without any, nothing is written."""
    request = EditRequest(edits=edits, note=note)
    if not edits:
        return answer(await core.editor.validate(request, by.if_match))
    return answer(await core.editor.apply(request, by.if_match, by.who), status)


async def read(core: Core, path: Path) -> Node | None:
    """What the running text has at a path; read beside the loop, a file may be long."""
    return await asyncio.to_thread(written, core.snapshot.text, path)


def bounded(request: EditRequest) -> EditRequest:
    """The request. Raises 400 for more edits than a person makes."""
    if len(request.edits) > MOST_EDITS:
        raise ValidationException(f"up to {MOST_EDITS} edits go into one request")
    return request
