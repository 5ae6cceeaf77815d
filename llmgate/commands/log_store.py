"""`llmgate log stats|gc|vacuum`: through the gateway that runs, else on the file itself."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from llmgate.commands.attached import ask, attached
from llmgate.server.run_file import owned
from llmgate.server.token import sole_owner
from llmgate.store import upkeep
from llmgate.store.writer import Store
from llmgate.wire.keeping import Cleaned, StoreStats
from llmgate.wire.safe_text import safe_text

T = TypeVar("T")

ACTIONS = ("stats", "gc", "vacuum")
_HELP = {
    "stats": "where the bytes of the store are",
    "gc": "remove what is over the caps, and what nothing refers to any more",
    "vacuum": "give free space back to the disk",
}


def add_actions(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The actions with their options."""
    for name in ACTIONS:
        parser = actions.add_parser(
            name, help=_HELP[name], argument_default=argparse.SUPPRESS, description=_HELP[name]
        )
        parser.add_argument("--json", action="store_true", help="as JSON, for scripts")
        parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")


async def act(args: argparse.Namespace, path: Path) -> int:
    """Asks or does it, and prints what came of it."""
    asked = owned(path.parent)
    if args.action == "stats":
        stats = await (_asked(args, "GET", "store", StoreStats) if asked else upkeep.stats(path))
        _print(args, stats, _stats_lines)
        return 0
    if asked:
        done = await _asked(args, "POST", f"store/{args.action}", Cleaned)
    else:
        with sole_owner(path.parent):
            done = await (upkeep.rewrite(path) if args.action == "vacuum" else _collect(path))
    _print(args, done, _cleaned_lines)
    return 0


async def _asked(args: argparse.Namespace, method: str, path: str, kind: type[T]) -> T:
    async with attached(args.data_dir, start=False) as client:
        return await ask(client, method, path, kind)


async def _collect(path: Path) -> Cleaned:
    """Without a gateway there is no config that says what the caps are: only garbage goes."""
    store = await Store.open(path, keep_days=0, keep_mb=0)
    try:
        return await upkeep.collect(store)
    finally:
        await store.close()


def _print(args: argparse.Namespace, found: T, lines: Callable[[T], list[tuple[str, str]]]) -> None:
    if args.json:
        print(msgspec.json.encode(found).decode())
        return
    rows = lines(found)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {safe_text(value, newlines=False)}")


def _stats_lines(stats: StoreStats) -> list[tuple[str, str]]:
    share = stats.stored_bytes / stats.raw_bytes if stats.raw_bytes else 0.0
    return [
        ("file", stats.file),
        ("exchanges", f"{stats.exchanges:,}, of them kept for good: {stats.kept:,}"),
        ("from, to", f"{_moment(stats.oldest_ms)}, {_moment(stats.newest_ms)}"),
        ("size", f"{_mb(stats.size_bytes)} in use{_cap(stats)}"),
        ("on disk", f"{_mb(stats.file_bytes)}, of it free {_mb(stats.free_bytes)}"),
        ("log", f"{_mb(stats.wal_bytes)} not yet moved into the file"),
        ("bodies", f"{_mb(stats.raw_bytes)}, kept in {_mb(stats.stored_bytes)} ({share:.1%})"),
        ("pieces", f"{stats.pieces:,} with {_mb(stats.piece_bytes)}"),
        ("word index", f"{_mb(stats.index_bytes)}, {stats.not_indexed:,} exchanges not in it"),
    ]


def _cap(stats: StoreStats) -> str:
    caps = [f"{stats.keep_mb:,g} MB"] if stats.keep_mb > 0 else []
    caps += [f"{stats.keep_days:g} days"] if stats.keep_days > 0 else []
    return f", kept at most: {' and '.join(caps)}" if caps else ""


def _cleaned_lines(done: Cleaned) -> list[tuple[str, str]]:
    return [
        ("removed", f"{done.removed:,} exchanges, {done.pieces:,} pieces"),
        ("freed", _mb(done.freed_bytes)),
        ("size", f"{_mb(done.size_bytes)} in use, {_mb(done.file_bytes)} on disk"),
    ]


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return "-"
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone()  # here
    return f"{moment:%Y-%m-%d %H:%M}"


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
