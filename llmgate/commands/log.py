"""`llmgate log`: recorded exchanges in the shell; list, show, tail, annotate; as tables or JSON
lines.
"""

import argparse
import asyncio
import re
import sys
import time
from datetime import datetime
from pathlib import Path

from llmgate.commands import log_annotate, log_store
from llmgate.commands.log_filter import STATES, error_filter, state_filter
from llmgate.commands.log_show import PARTS, show
from llmgate.commands.log_table import print_table, terminal_width
from llmgate.commands.log_tail import tail
from llmgate.commands.reader import may_leave
from llmgate.errors import Misuse, StartupProblem
from llmgate.store.filters import Filter
from llmgate.store.folder import data_folder, store_file
from llmgate.store.queries import MAX_PAGE, Queries
from llmgate.store.unindexed import not_indexed
from llmgate.wire.exchanges import ExchangeSummary

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_NAMES = (
    "model",
    "provider",
    "client",
    "key",
    "route",
    "status",
    "state",
    "search",
    "limited",
    "body",
    "header",
    "text",
    "tag",
    "note",
    "replay",
    "parent",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate log`."""
    _common(parser)
    add_filters(parser)
    parser.add_argument("--limit", type=_positive, help="how many, newest ones (default 50)")
    actions = parser.add_subparsers(
        dest="action", metavar="[show | tail | mark | tag | note | stats | gc | vacuum ...]"
    )
    one = actions.add_parser(
        "show", help="one exchange", argument_default=argparse.SUPPRESS, description="One exchange."
    )
    one.add_argument("id", metavar="ID", help="the id, or as much of it as is unique")
    one.add_argument("--part", choices=PARTS, default="summary", help="what of it")
    one.add_argument("--raw", action="store_true", default=False, help="the bytes as they were")
    _common(one)
    follow = actions.add_parser(
        "tail",
        help="follow: print each exchange when it ends",
        argument_default=argparse.SUPPRESS,
        description="Prints each exchange when it ends, until Ctrl-C.",
    )
    _common(follow)
    add_filters(follow)
    log_annotate.add_actions(actions)
    log_store.add_actions(actions)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON lines, for scripts")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options that say which exchanges are meant."""
    for name in ("model", "provider", "client", "key", "route"):
        parser.add_argument(f"--{name}", help=f"this {name}; globs, several with commas")
    parser.add_argument("--status", help="429, 4xx, '>=400'")
    parser.add_argument("--state", help=f"live, {', '.join(STATES)}; several with commas")
    parser.add_argument(
        "--error", metavar="TYPE", help="the type, or a word of it; globs, '*' is any"
    )
    parser.add_argument("--since", metavar="WHEN", help="5m, 2h, 3d, 2026-11-20, 2026-11-20T14:30")
    parser.add_argument("--search", metavar="TEXT", help="text in model, provider, path or error")
    parser.add_argument(
        "--limited", metavar="LIMIT", help="held or refused by this limit of ours; '*' is any"
    )
    parser.add_argument("--body", metavar="TEXT", help="text in the request or the answer")
    parser.add_argument("--header", metavar="NAME=TEXT", help="text in a kept header")
    parser.add_argument(
        "--text", metavar="WORDS", help="words of request or answer, looked up in the index"
    )
    parser.add_argument("--tag", help="with one of these tags; globs, '*' is any")
    parser.add_argument("--note", metavar="TEXT", help="text in the note; '*' is any")
    parser.add_argument("--marked", action="store_true", help="only marked ones")
    parser.add_argument("--replay", metavar="ID", help="of this replay; '*' is any")
    parser.add_argument("--parent", metavar="ID", help="what sends this exchange again")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Lists, shows or tails; a reader that goes away (`| head`) is no error."""
    path = store_file(data_folder(args.data_dir, create=False))
    if not path.is_file():
        raise StartupProblem(
            f"nothing is recorded in {path.parent} yet: start the gateway with `llmgate up`,"
            " or name its folder with --data-dir"
        )
    code = 0
    try:
        with may_leave():
            code = asyncio.run(_act(args, path))
    except KeyboardInterrupt:
        return 0 if args.action == "tail" else 130
    return code


async def _act(args: argparse.Namespace, path: Path) -> int:
    if args.action in log_annotate.ACTIONS:
        return await log_annotate.say(args, path)
    if args.action in log_store.ACTIONS:
        return await log_store.act(args, path)
    queries = Queries(path)
    try:
        if args.action == "show":
            return await show(queries, args)
        wanted = filter_of(args, time.time_ns() // 1_000_000)
        if args.action == "tail":
            return await tail(queries, wanted, as_json=args.json)
        return await _list(queries, wanted, args)
    finally:
        await queries.close()


async def _list(queries: Queries, wanted: Filter, args: argparse.Namespace) -> int:
    found = await newest(queries, wanted, args.limit or 50)
    print_table(found, as_json=args.json, width=terminal_width())
    if not found and not args.json:
        print("no exchange matches", file=sys.stderr)
    if wanted.text and (waiting := await not_indexed(queries.rows)):
        print(f"{waiting:,} exchanges are not in the index of words", file=sys.stderr)
    return 0


async def newest(queries: Queries, wanted: Filter, limit: int) -> list[ExchangeSummary]:
    """The newest that match, newest last."""
    found: list[ExchangeSummary] = []
    cursor = ""
    while len(found) < limit:
        page = await queries.page(wanted, cursor, min(MAX_PAGE, limit - len(found)))
        found += page.exchanges
        cursor = page.cursor
        if not cursor:
            break
    return found[::-1]


def filter_of(args: argparse.Namespace, now_ms: int) -> Filter:
    """The filter that the options ask for."""
    names = {name: getattr(args, name) for name in _NAMES if getattr(args, name, None)}
    if "state" in names:
        names["state"] = state_filter(names["state"])
    since = moment_ms(args.since, now_ms) if args.since else None
    return Filter(
        **names,
        error_type=error_filter(args.error or ""),
        since_ms=since,
        marked=getattr(args, "marked", False),
    )


def moment_ms(text: str, now_ms: int) -> int:
    """`5m` ago, or a date and time of this place, as epoch milliseconds."""
    if found := _AGO.fullmatch(text.strip()):
        return now_ms - int(float(found[1]) * _SECONDS[found[2]] * 1000)
    try:
        moment = datetime.fromisoformat(text.strip())
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Misuse(
            f"--since {text[:40]!r} is neither a span like 5m, 2h, 3d nor a date like 2026-11-20"
        ) from error
