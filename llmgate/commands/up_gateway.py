"""The gateway half of `llmgate up`: reads the config, binds the socket, serves until stopped."""

import argparse
import asyncio
import ctypes
import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from llmgate import __version__
from llmgate.config.find import starting_config
from llmgate.config.watch import ConfigHolder
from llmgate.errors import StartupProblem
from llmgate.server.listen import listen
from llmgate.server.run_file import announce, withdraw
from llmgate.server.runtime import Options
from llmgate.server.serve import serve
from llmgate.server.token import TOKEN_FILE, admin_token, sole_owner
from llmgate.store.folder import data_folder

try:
    import uvloop
except ImportError:  # not on Windows
    LOOP_FACTORY: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    LOOP_FACTORY = uvloop.new_event_loop

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def run_gateway(args: argparse.Namespace) -> int:
    """Serves; 0 after a stop that was asked for."""
    _give_back_big_blocks()
    folder = data_folder(args.data_dir)
    with sole_owner(folder), asyncio.Runner(loop_factory=LOOP_FACTORY) as runner:
        runner.run(_serve(args, folder))
    return 0


async def _serve(args: argparse.Namespace, folder: Path) -> None:
    holder = ConfigHolder(
        await starting_config(
            config=args.config,
            env_file=args.env_file,
            demo=folder if args.demo else None,
            now_ms=time.time_ns() // 1_000_000,
        )
    )
    section = holder.snapshot.config.server
    host = args.host or section.host
    if not _loopback(host) and not holder.snapshot.config.keys:
        raise StartupProblem(
            f"listening on {host} is for others too: configure at least one key under `keys:` first"
        )
    sock = listen(host, section.port if args.port is None else args.port)
    options = Options(
        data_folder=folder,
        token=admin_token(folder),
        quiet=args.child,
        record_to=Path(args.record) if args.record else None,
    )
    port = sock.getsockname()[1]
    url = f"http://{_reached_at(host)}:{port}"

    def ready() -> None:
        _calm_the_collector()
        announce(folder, url)
        if args.child:
            line = {"url": url, "token_file": str(folder / TOKEN_FILE)}
            print(msgspec.json.encode(line).decode(), flush=True)
        else:
            print(_greeting(holder, url, folder, args.record), flush=True)

    until = asyncio.Event()
    if os.environ.get("LLMGATE_TIED") and args.child:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _parent_left, until)
    try:
        await serve(holder, options, sock, ready, until)
    finally:
        withdraw(folder)


def _reached_at(host: str) -> str:
    """A host as an address has it; one that means all of this machine's is reached at loopback."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _calm_the_collector() -> None:
    """What start-up made stays; requests make few cycles, so looking for them can wait longer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _give_back_big_blocks() -> None:
    """Makes glibc return what one huge answer needed instead of keeping it for the next."""
    with suppress(OSError, AttributeError):  # another libc
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 18)
        libc.mallopt(_M_TRIM_THRESHOLD, 1 << 20)
        libc.mallopt(_M_ARENA_MAX, 2)


def _parent_left(until: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 64):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        until.set()


def _greeting(holder: ConfigHolder, url: str, folder: Path, record: str | None) -> str:
    snapshot = holder.snapshot
    names = ", ".join(snapshot.config.providers) or "none"
    lines = [
        f"llmgate {__version__} ready on {url}",
        f"  config     {snapshot.file or 'built from the environment (`llmgate init` writes one)'}",
        f"  providers  {names}",
        f"  keys       {', '.join(snapshot.config.keys) or 'none: local callers need no key'}",
        f"  data       {folder}",
    ]
    if record:
        lines.append(f"  record     every exchange into {record}")
    lines += [f"  warning    {warning}" for warning in snapshot.warnings]
    return "\n".join(lines)


def _loopback(host: str) -> bool:
    return host.startswith("127.") or host in {"localhost", "::1"}
