"""What `llmgate replay` is asked to send: its words and options as a spec."""

import argparse
import re
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import msgspec

from llmgate.commands.attached import ask
from llmgate.commands.log import filter_of
from llmgate.errors import Misuse
from llmgate.wire.recordings import ImportAnswer
from llmgate.wire.replays import MAX_SOURCES, ReplaySpec, ReplayTarget, Timing
from llmgate.wire.safe_text import safe_text

_SPEED: Final = re.compile(r"x(\d+(?:\.\d+)?)|recorded\s*x(\d+(?:\.\d+)?)")
_FILES: Final = (".llmrec.jsonl", ".jsonl", ".har", ".flow", ".flows", ".mitm")
_RECORDED_AT_ONCE: Final = 8


async def spec(client: httpx.AsyncClient, args: argparse.Namespace) -> ReplaySpec:
    """The spec; files are imported first."""
    ids = await _ids(client, args.words)
    chosen = {} if args.words else _filter(args)
    if args.words and _filter(args):
        raise Misuse("name exchanges, or choose them with filters: not both")
    if not args.words and not chosen:
        raise Misuse(
            "which exchanges? Name ids or recordings, or choose some with --marked, --model,"
            " --since 1h, --tag ...; `llmgate log` lists them"
        )
    timing, speed = _timing(args.timing)
    at_once = _RECORDED_AT_ONCE if timing == "recorded" else 1
    return ReplaySpec(
        ids=ids,
        filter=chosen,
        newest=args.limit or 100,
        targets=[_target(text) for text in args.to],
        times=args.times,
        concurrency=args.concurrency or at_once,
        set=dict(_field(text) for text in args.set),
        timing=timing,
        speed=speed,
        limit_usd=args.limit_usd,
        name=args.name,
    )


def _target(text: str) -> ReplayTarget:
    provider, _, model = text.partition("/")
    if not provider:
        raise Misuse(f"--to {text!r} names no provider: write PROVIDER or PROVIDER/MODEL")
    return ReplayTarget(provider=provider, model=model)


def _field(text: str) -> tuple[str, msgspec.Raw]:
    """``temperature=0``: what is no JSON is a text."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise Misuse(f"--set {text!r} sets nothing: write FIELD=VALUE, like temperature=0")
    raw = value.strip().encode()
    try:
        msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raw = msgspec.json.encode(value)
    return name.strip(), msgspec.Raw(raw)


def _timing(text: str) -> tuple[Timing, float]:
    if text in {"fast", "recorded"}:
        return ("recorded" if text == "recorded" else "fast"), 1.0
    if found := _SPEED.fullmatch(text.strip()):
        speed = float(found[1] or found[2])
        if speed > 0:
            return "recorded", speed
    raise Misuse(f"--timing {text!r} is none of: fast, recorded, x2 (recorded, twice as fast)")


def _filter(args: argparse.Namespace) -> dict[str, str]:
    """The filter as the control API takes it; ``--limit`` alone means the newest of all."""
    found = msgspec.to_builtins(filter_of(args, time.time_ns() // 1_000_000))
    names = {
        name: str(value).lower() if value is True else str(value) for name, value in found.items()
    }
    return names or ({"since_ms": "0"} if args.limit else {})


async def _ids(client: httpx.AsyncClient, words: list[str]) -> list[str]:
    """Ids as they are, files and folders as the ids they get when they are imported."""
    ids: list[str] = []
    for word in words:
        files = _files(word)
        for file in files:
            ids += await _imported(client, file)
        if not files:
            ids.append(word)
    return list(dict.fromkeys(ids))


def _files(word: str) -> list[Path]:
    """The files that a word names; none for an id."""
    path = Path(word)
    if path.is_file():
        return [path]
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.name.endswith(_FILES))
        if not files:
            raise Misuse(f"there are no recordings in {word}")
        return files[:MAX_SOURCES]
    if "/" in word or word.endswith(_FILES):
        raise Misuse(f"there is no file {word}")
    return []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misuse(f"cannot read {file}: {error.strerror}") from error


async def _imported(client: httpx.AsyncClient, file: Path) -> list[str]:
    data = _read(file)
    params = {"name": file.name, "kind": "auto"}
    answer = await ask(client, "POST", "recordings/import", ImportAnswer, params=params, body=data)
    for one in answer.skipped[:5]:
        print(f"llmgate: {safe_text(f'{one.what}: {one.why}', newlines=False)}", file=sys.stderr)
    found = [*answer.ids, *answer.already]
    if not found:
        raise Misuse(f"nothing in {file} could be taken in")
    return found
