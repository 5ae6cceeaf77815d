"""`llmgate record export`: reads the store and writes files; secrets are blanked."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

from llmgate.commands.attached import ask, attached
from llmgate.commands.log import add_filters, filter_of, newest
from llmgate.commands.record_rules import rules_from
from llmgate.control.exporting import NoSuchExchange, export, recorded
from llmgate.errors import LlmgateError, StartupProblem
from llmgate.recording.exporting.document import document
from llmgate.recording.files import keep, write_file
from llmgate.recording.promote import NotPromotable, Wish
from llmgate.server.run_file import owned
from llmgate.server.token import sole_owner
from llmgate.store.annotations import note_exported
from llmgate.store.filters import Filter
from llmgate.store.folder import data_folder, store_file
from llmgate.store.queries import Queries
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.recordings import ExportFormat, Skipped
from llmgate.wire.safe_text import safe_text

FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)
_MOST: Final = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate record export`."""
    parser.add_argument("ids", metavar="ID", nargs="*", help="as much of an id as is unique")
    add_filters(parser)
    parser.add_argument("--tagged", dest="tag", metavar="TAG", help="with one of these tags")
    parser.add_argument("--limit", type=int, default=_MOST, help="of a filter: how many, at most")
    parser.add_argument("--format", choices=FORMATS, default="recording", help="default: recording")
    parser.add_argument("--to", metavar="FOLDER", help="where to write (default: here)")
    parser.add_argument("-o", "--output", metavar="FILE", help="one file of this name; - prints it")
    parser.add_argument("--no-dates", action="store_true", help="leave out when it happened")
    parser.add_argument("--title", default="", help="instead of the first words of the request")
    parser.add_argument(
        "--tag", dest="tags", action="append", default=[], help="a tag to give; may be repeated"
    )
    parser.add_argument(
        "--raw", action="store_true", help="do not look for secrets; only you can read the file"
    )
    parser.add_argument("--config", metavar="FILE", help="whose secrets are looked for, too")
    parser.add_argument("--env-file", metavar="FILE", help="default: .env beside the config")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")


def run(args: argparse.Namespace) -> int:
    """Writes the files and prints their names; 1 when something could not be exported."""
    path = store_file(data_folder(args.data_dir, create=False))
    if not path.is_file():
        raise StartupProblem(
            f"nothing is recorded in {path.parent} yet: start the gateway with `llmgate up`,"
            " or name its folder with --data-dir"
        )
    if args.output and args.to:
        raise LlmgateError("--output names a file and --to a folder: give one of them")
    return asyncio.run(_export(args, path))


async def _export(args: argparse.Namespace, path: Path) -> int:
    queries = Queries(path)
    try:
        ids = await _ids(queries, args)
        if args.output or args.format != "recording":
            done, skipped = await _one(queries, ids, args)
        else:
            done, skipped = await _each(queries, ids, args)
    finally:
        await queries.close()
    if args.format == "recording" and done:
        await _note(args, path, done)
    for one in skipped:
        text = safe_text(f"left out {one.what}: {one.why}", newlines=False)
        print(f"llmgate: {text}", file=sys.stderr)
    return 1 if skipped else 0


async def _ids(queries: Queries, args: argparse.Namespace) -> list[str]:
    wanted = filter_of(args, time.time_ns() // 1_000_000)
    if args.ids and wanted != Filter():
        raise LlmgateError("give ids or a filter, not both")
    if args.ids:
        return list(args.ids)
    if wanted == Filter():
        meant = ". --tag gives a tag; --tagged chooses those that have one" if args.tags else ""
        raise LlmgateError(
            f"say which: ids, or a filter such as --since 1h (`llmgate log` tests it){meant}"
        )
    found = await newest(queries, wanted, min(max(1, args.limit), _MOST))
    if not found:
        raise LlmgateError("no exchange matches")
    return [row.id for row in found]


def _wish(args: argparse.Namespace) -> Wish:
    tags = [tag for given in args.tags for tag in given.split(",") if tag]
    return Wish(title=args.title, tags=tuple(tags), dates=not args.no_dates, scrub=not args.raw)


async def _each(
    queries: Queries, ids: Sequence[str], args: argparse.Namespace
) -> tuple[list[str], list[Skipped]]:
    """A recording of each, in a folder."""
    rules, wish, folder = rules_from(args), _wish(args), Path(args.to or ".")
    done: list[str] = []
    skipped: list[Skipped] = []
    for one in ids:
        try:
            name, recording = await recorded(queries, one, rules, wish)
        except (NotPromotable, NoSuchExchange) as problem:
            skipped.append(Skipped(what=one, why=str(problem)))
            continue
        made = document([recording], "recording")
        print(keep(folder, made.name, made.data, private=args.raw)[0])
        done.append(name)
    return done, skipped


async def _one(
    queries: Queries, ids: Sequence[str], args: argparse.Namespace
) -> tuple[list[str], list[Skipped]]:
    """All in one document."""
    exported = await export(queries, ids, args.format, rules_from(args), _wish(args))
    made = exported.document
    if args.output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(made.data)
        sys.stdout.flush()
    elif args.output:
        write_file(Path(args.output), made.data, private=args.raw)
        print(args.output)
    else:
        print(keep(Path(args.to or "."), made.name, made.data, private=args.raw)[0])
    return exported.ids, made.skipped


async def _note(args: argparse.Namespace, path: Path, ids: list[str]) -> None:
    """Says that recordings were made: no cap removes these exchanges from now on."""
    if owned(path.parent):
        async with attached(args.data_dir, start=False) as client:
            await ask(
                client, "POST", "recordings/exported", list[ExchangeSummary], body={"ids": ids}
            )
        return
    with sole_owner(path.parent):
        store = await Store.open(path, keep_days=0, keep_mb=0)
        try:
            await note_exported(store, ids)
        finally:
            await store.close()
