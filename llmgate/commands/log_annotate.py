"""`llmgate log mark|unmark|tag|note`: said through the gateway that runs, else into the file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from llmgate.commands.attached import ask, attached
from llmgate.commands.log_table import print_table, terminal_width
from llmgate.errors import LlmgateError
from llmgate.server.run_file import owned
from llmgate.server.token import sole_owner
from llmgate.store.annotations import MOST_IDS, annotate
from llmgate.store.writer import Store
from llmgate.wire.exchanges import ExchangeSummary
from llmgate.wire.keeping import Annotation

ACTIONS = ("mark", "unmark", "tag", "note")
_HELP = {
    "mark": "keep exchanges whatever the caps say",
    "unmark": "let the caps remove them again",
    "tag": "give exchanges tags, or take them away",
    "note": "write a note on exchanges; an empty one takes it away",
}


def add_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The actions with their options."""
    for name in ACTIONS:
        parser = actions.add_parser(
            name, help=_HELP[name], argument_default=argparse.SUPPRESS, description=_HELP[name]
        )
        if name == "tag":
            parser.add_argument("words", metavar="TAGS", help="several with commas: bug,slow")
            parser.add_argument(
                "--remove", action="store_true", default=False, help="take them away"
            )
        elif name == "note":
            parser.add_argument("words", metavar="TEXT", help="the note, in quotes")
        parser.add_argument(
            "ids", metavar="ID", nargs="+", help="the id, or as much of it as is unique"
        )
        parser.add_argument("--json", action="store_true", help="JSON lines, for scripts")
        parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")


async def say(args: argparse.Namespace, path: Path) -> int:
    """Says it of the exchanges and prints them as they are now; 1 when some are not kept."""
    if len(args.ids) > MOST_IDS:
        raise LlmgateError(f"{len(args.ids)} ids are too many at once: at most {MOST_IDS:,}")
    said = _said(args)
    found = await (_asked(args, said) if owned(path.parent) else _written(path, said))
    print_table(found, as_json=args.json, width=terminal_width())
    missing = len(set(args.ids)) - len(found)
    if missing > 0:
        print(f"{missing} of these ids belong to no exchange, or to more than one", file=sys.stderr)
    return 1 if missing > 0 else 0


def _said(args: argparse.Namespace) -> Annotation:
    given: dict[str, Any] = {"ids": args.ids}
    if args.action == "tag":
        tags = [tag for tag in args.words.split(",") if tag.strip()]
        given["remove_tags" if args.remove else "add_tags"] = tags
    elif args.action == "note":
        given["note"] = args.words
    else:
        given["marked"] = args.action == "mark"
        if args.action == "unmark":  # it is to go when its time has come, recording or not
            given["exported"] = False
    return Annotation(**given)


async def _asked(args: argparse.Namespace, said: Annotation) -> Sequence[ExchangeSummary]:
    async with attached(args.data_dir, start=False) as client:
        return await ask(
            client,
            "POST",
            "exchanges/annotate",
            list[ExchangeSummary],
            body=msgspec.to_builtins(said),
        )


async def _written(path: Path, said: Annotation) -> Sequence[ExchangeSummary]:
    with sole_owner(path.parent):
        store = await Store.open(path, keep_days=0, keep_mb=0)
        try:
            return await annotate(store, said.ids, said)
        finally:
            await store.close()
