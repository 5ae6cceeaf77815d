"""Notes and tags: asked for in a line, kept by the gateway, shown as it keeps them."""

from collections.abc import Iterable, Sequence
from typing import Final

from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation
from llmgate_tui.api import ApiProblem
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.review import asked, failed, say
from llmgate_tui.screens.traffic_seek import TrafficSeek
from llmgate_tui.text import clean

_LONGEST_NOTE: Final = 2_000
_LONGEST_TAG: Final = 40
_MOST_TAGS: Final = 20


async def note(screen: TrafficSeek, row: ExchangeSummary) -> None:
    """One line; an empty one takes the note away."""
    field = Field("note", "Note (empty takes it away)", row.note, "what is worth remembering")
    form = Form("Note", [field], _long_note, verb="keep", careful=True)
    values = await asked(screen, form)
    if values is None or values["note"] == clean(row.note).strip():
        return
    await _say_of(screen, [row.id], Annotation(ids=[row.id], note=values["note"]), "the note")


def _long_note(values: Values) -> str:
    over = len(values["note"]) - _LONGEST_NOTE
    return f"{over} characters too long: a note has at most {_LONGEST_NOTE:,}" if over > 0 else ""


async def tags(screen: TrafficSeek, rows: Sequence[ExchangeSummary]) -> None:
    """The tags that all of them have, to be changed; other tags stay."""
    before = common(rows)
    known = sorted(screen.desk.traffic.values("tag"))
    what = "Tags" if len(rows) == 1 else f"Tags of {len(rows):,} exchanges"
    field = Field("tags", "Words, with blanks between them", " ".join(before), words=known)
    values = await asked(screen, Form(what, [field], _bad_tags, verb="keep", careful=True))
    if values is None:
        return
    after = split(values["tags"])
    add, remove = [t for t in after if t not in before], [t for t in before if t not in after]
    if add or remove:
        ids = [row.id for row in rows]
        await _say_of(
            screen, ids, Annotation(ids=ids, add_tags=add, remove_tags=remove), "the tags"
        )


def common(rows: Sequence[ExchangeSummary]) -> list[str]:
    """The tags that every row has, in the order of the first."""
    held = [split(row.tags) for row in rows]
    return [tag for tag in held[0] if all(tag in tags for tags in held)]


def split(text: str) -> list[str]:
    """The words of a text, each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def _bad_tags(values: Values) -> str:
    words = split(values["tags"])
    if long := next((word for word in words if len(word) > _LONGEST_TAG), ""):
        return f"{long[:20]}… is longer than {_LONGEST_TAG} characters"
    return f"at most {_MOST_TAGS} tags" if len(words) > _MOST_TAGS else ""


async def _say_of(screen: TrafficSeek, ids: Iterable[str], change: Annotation, what: str) -> None:
    """The gateway cleans what it is told, so its rows are what is shown."""
    wanted = set(ids)
    try:
        rows = await screen.desk.keeping.annotate(change)
    except ApiProblem as problem:
        failed(screen, f"{what}: not kept", problem)
        return
    screen.take(rows)
    if lost := len(wanted - {row.id for row in rows}):
        them = "it is" if lost == 1 else f"{lost} of them are"
        say(screen, f"{what} cannot be kept: {them} not in the gateway's store", "warning")
