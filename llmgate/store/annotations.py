"""What people say of exchanges: marks, tags, notes, and that a recording was made of them.

They lie in columns that the writer never touches, so that a live exchange which is written again
keeps them. An exchange in memory is told as well, since viewers are shown that one.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import aiosqlite
import msgspec

from llmgate.store.problems import BadAnnotation
from llmgate.store.rows import ANNOTATIONS, SELECT, clean, from_row
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation

MOST_IDS = 1_000
LONGEST_TAG = 40
MOST_TAGS = 20
LONGEST_NOTE = 2_000

_AT_ONCE = 200
_WITH_SEQ = SELECT.replace("SELECT ", "SELECT seq, ", 1)
_SAY = f"UPDATE exchanges SET {', '.join(f'{name} = ?' for name in ANNOTATIONS)} WHERE seq = ?"  # noqa: S608 - constants
_ENDLESS = "\x7f"  # above every character of an id

Change = Callable[[ExchangeSummary], ExchangeSummary]


async def annotate(
    store: Store, ids: Sequence[str], annotation: Annotation
) -> list[ExchangeSummary]:
    """Says it of the exchanges with these ids, or unique beginnings of ids, and returns them as
    they are now; those that are not kept are left out.

    Raises BadAnnotation (then nothing is said) and StoreProblem.
    """
    if len(ids) > MOST_IDS:
        raise BadAnnotation(f"{len(ids)} ids are too many at once: at most {MOST_IDS}")
    annotation = checked(annotation)
    return await _change(store, ids, lambda row: _said(row, annotation))


async def note_exported(store: Store, ids: Iterable[str]) -> list[ExchangeSummary]:
    """A recording was made of these exchanges: no cap removes them from now on."""
    found: list[ExchangeSummary] = []
    left = iter(ids)
    while group := list(islice(left, MOST_IDS)):
        found += await _change(
            store, group, lambda row: msgspec.structs.replace(row, exported=True)
        )
    return found


def checked(annotation: Annotation) -> Annotation:
    """The annotation as it is kept: tags in lower case, a note in one piece; or BadAnnotation."""
    note = annotation.note
    if note is not None:
        note = clean(note).strip()
        if len(note) > LONGEST_NOTE:
            raise BadAnnotation(
                f"the note has {len(note):,} characters: write at most {LONGEST_NOTE:,}"
            )
    return msgspec.structs.replace(
        annotation,
        note=note,
        add_tags=[_tag(tag) for tag in annotation.add_tags[: MOST_TAGS + 1]],
        remove_tags=[tag.strip().lower() for tag in annotation.remove_tags[:MOST_IDS]],
    )


def is_tag(text: str) -> bool:
    """Whether a word may be a tag as it is."""
    try:
        return _tag(text) == text
    except BadAnnotation:
        return False


def _tag(text: str) -> str:
    tag = text.strip().lower()
    shown = tag if len(tag) <= LONGEST_TAG else f"{tag[:LONGEST_TAG]}…"
    if not tag or len(tag) > LONGEST_TAG:
        raise BadAnnotation(f"tag {shown!r}: a tag has 1 to {LONGEST_TAG} characters")
    if any(letter in ",*?[]" or letter.isspace() or _hidden(letter) for letter in tag):
        raise BadAnnotation(
            f"tag {shown!r}: a tag is one word, without blanks, commas and any of * ? [ ]"
        )
    return tag


def _hidden(letter: str) -> bool:
    """Controls, surrogates and their like."""
    return unicodedata.category(letter).startswith("C")


def _said(row: ExchangeSummary, annotation: Annotation) -> ExchangeSummary:
    tags = [tag for tag in row.tags.split(",") if tag]
    tags = [tag for tag in tags if tag not in annotation.remove_tags]
    tags += [tag for tag in dict.fromkeys(annotation.add_tags) if tag not in tags]
    if len(tags) > MOST_TAGS:
        raise BadAnnotation(f"exchange {row.id} would have {len(tags)} tags: at most {MOST_TAGS}")
    return msgspec.structs.replace(
        row,
        marked=row.marked if annotation.marked is None else annotation.marked,
        tags=",".join(tags),
        note=row.note if annotation.note is None else annotation.note,
        exported=row.exported if annotation.exported is None else annotation.exported,
    )


async def _change(store: Store, ids: Sequence[str], change: Change) -> list[ExchangeSummary]:
    await store.flush()
    refused: list[BadAnnotation] = []

    async def work(db: aiosqlite.Connection) -> list[ExchangeSummary]:
        rows = await _rows(db, [name for name in ids if name and name.isascii()])
        try:
            changed = {seq: change(from_row(row)) for seq, row in rows.items()}
        except BadAnnotation as error:
            refused.append(error)
            return []
        await db.executemany(_SAY, [(*_values(row), seq) for seq, row in changed.items()])
        return list(changed.values())

    changed = await store.change(work)
    if refused:
        raise refused[0]
    return [_told(store, row) for row in changed]


def _values(row: ExchangeSummary) -> list[Any]:
    return [getattr(row, name) for name in ANNOTATIONS]


def _told(store: Store, row: ExchangeSummary) -> ExchangeSummary:
    """The row as it is now: an exchange in memory has gone on since it was written."""
    exchange = store.pending(row.id)
    if exchange is None:
        return row
    for name in ANNOTATIONS:
        setattr(exchange, name, getattr(row, name))
    return exchange.summary()


async def _rows(db: aiosqlite.Connection, ids: Sequence[str]) -> dict[int, Any]:
    """The rows by number, each once, in the order of ``ids``."""
    whole: dict[str, Any] = {}
    for start in range(0, len(ids), _AT_ONCE):
        group = ids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(group))
        for row in await db.execute_fetchall(f"{_WITH_SEQ} WHERE id IN ({marks})", group):
            whole[row[1]] = row
    found = [whole.get(name) or await _beginning(db, name) for name in ids]
    return {int(row[0]): tuple(row[1:]) for row in found if row is not None}


async def _beginning(db: aiosqlite.Connection, text: str) -> Any | None:
    """The only row whose id begins so."""
    rows = list(
        await db.execute_fetchall(
            f"{_WITH_SEQ} WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (text, text + _ENDLESS)
        )
    )
    return rows[0] if len(rows) == 1 else None
