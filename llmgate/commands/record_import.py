"""`llmgate record import`: files of recordings and of others become exchanges, or recordings."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, get_args

import httpx
import msgspec

from llmgate.commands.attached import ask, attached
from llmgate.commands.record_rules import rules_from
from llmgate.errors import LlmgateError
from llmgate.recording.files import keep
from llmgate.recording.format import MAX_FILE, MAX_LINE, SUFFIX, write
from llmgate.recording.headers import answer_headers, request_headers
from llmgate.recording.importing.cleaning import read_clean
from llmgate.recording.importing.found import MAX_BYTES, NotImported, condensed
from llmgate.recording.importing.jsonl import answers_batches
from llmgate.recording.importing.kinds import kind_of
from llmgate.recording.recording import Recording
from llmgate.recording.rules import Rules
from llmgate.recording.title import file_name
from llmgate.wire.recordings import ImportAnswer, ImportKind, Skipped
from llmgate.wire.safe_text import safe_text

KINDS: Final[tuple[ImportKind, ...]] = get_args(ImportKind)
_NAMES: Final = (".jsonl", ".har", ".flow", ".flows", ".mitm", ".json", ".ndjson")
_MOST_FILES: Final = 10_000


class _File(msgspec.Struct, frozen=True):
    """What is given to one import: a file, or files of a batch that belong together."""

    name: str
    paths: tuple[Path, ...]


class _Done(msgspec.Struct):
    """What became of it all."""

    taken: int = 0
    known: int = 0
    skipped: list[Skipped] = []


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate record import`."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="files, or folders of them")
    parser.add_argument("--kind", choices=KINDS, default="auto", help="default: by what is in it")
    parser.add_argument(
        "--to", metavar="FOLDER", help="write recordings there instead of into the store"
    )
    parser.add_argument("--config", metavar="FILE", help="whose secrets are looked for, too")
    parser.add_argument("--env-file", metavar="FILE", help="default: .env beside the config")
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")


def run(args: argparse.Namespace) -> int:
    """Takes the files in; 1 when a request was left out, or there was none, with the reasons on
    stderr. What was meant for no model is left out of any HAR of a browser: that is no failure.
    """
    files = _files([Path(given) for given in args.paths])
    done = _write(files, args) if args.to else asyncio.run(_send(files, args))
    for one in done.skipped:
        text = safe_text(f"left out {one.what}: {one.why}", newlines=False)
        print(f"llmgate: {text}", file=sys.stderr)
    known = f", {done.known} were there already" if done.known else ""
    where = f"to {args.to}" if args.to else "into the store"
    print(f"{done.taken} imported {where}{known}")
    lost = any(not one.foreign for one in done.skipped)
    nothing = bool(done.skipped) and not (done.taken or done.known)
    return 1 if lost or nothing else 0


def _files(given: Iterable[Path]) -> list[_File]:
    """The files to import; answers of batches go together with all other requests."""
    paths = list(dict.fromkeys(path for one in given for path in _below(one)))
    if len(paths) > _MOST_FILES:
        raise LlmgateError(f"{len(paths)} files are too many at once: at most {_MOST_FILES}")
    batch = tuple(path for path in paths if _is_batch(path))
    if not any(answers_batches(_read(path)) for path in batch):
        batch = ()
    files = [_File(_shown(path), (path,)) for path in paths if path not in batch]
    if batch:
        files.append(_File(" + ".join(map(_shown, batch)), batch))
    return files


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        found = (Path(folder, name) for name in sorted(names) if name.endswith(_NAMES))
        yield from (path for path in found if path.is_file())  # a pipe would wait for ever


def _is_batch(path: Path) -> bool:
    """Whether a file may be of a batch: its lines have ids of the caller's own."""
    if path.suffix not in {".jsonl", ".ndjson"} or path.name.endswith(SUFFIX):
        return False
    data = _read(path)
    return b'"custom_id"' in data[: 1 << 20] and kind_of(data) == "jsonl"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LlmgateError(f"cannot read {_shown(path)}: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise LlmgateError(f"{_shown(path)} is over the limit of {MAX_BYTES >> 20} MB: split it")
    return data


def _shown(path: Path) -> str:
    return safe_text(str(path), newlines=False)


def _data(file: _File) -> bytes:
    return b"\n".join(_read(path) for path in file.paths)


async def _send(files: list[_File], args: argparse.Namespace) -> _Done:
    """Through the gateway that has the store, or one that is started for it."""
    done = _Done()
    async with attached(args.data_dir, config=args.config, env_file=args.env_file) as client:
        for file in files:
            try:
                _add(done, await _sent(client, file, args.kind))
            except LlmgateError as problem:
                done.skipped.append(Skipped(what=file.name, why=str(problem)))
    return done


async def _sent(client: httpx.AsyncClient, file: _File, kind: ImportKind) -> ImportAnswer:
    params = {"name": file.name[-200:], "kind": kind}
    return await ask(
        client, "POST", "recordings/import", ImportAnswer, params=params, body=_data(file)
    )


def _add(done: _Done, answer: ImportAnswer) -> None:
    done.taken += len(answer.ids)
    done.known += answer.known
    done.skipped += answer.skipped


def _write(files: list[_File], args: argparse.Namespace) -> _Done:
    """As recordings in a folder, without any gateway."""
    done, rules = _Done(), rules_from(args)
    for file in files:
        try:
            _write_one(file, args.kind, rules, Path(args.to), done)
        except (NotImported, LlmgateError) as problem:
            done.skipped.append(Skipped(what=file.name, why=str(problem)))
    return done


def _write_one(file: _File, kind: ImportKind, rules: Rules, folder: Path, done: _Done) -> None:
    left_out: list[Skipped] = []
    for item in read_clean(_data(file), file.name, kind, rules):
        if isinstance(item, Skipped):
            left_out.append(item)
            continue
        data = write(_committable(item))
        if len(data) > MAX_FILE or max(map(len, data.split(b"\n"))) > MAX_LINE:
            why = f"over the {MAX_FILE >> 20} MB of a recording, or {MAX_LINE >> 20} MB of a line"
            left_out.append(Skipped(what=item.title, why=why))
            continue
        path, new = keep(folder, file_name(item), data)
        done.taken += new
        done.known += not new
        print(_shown(path))
    done.skipped += condensed(iter(left_out))


def _committable(recording: Recording) -> Recording:
    """With the headers that recordings keep, and no more."""
    return msgspec.structs.replace(
        recording,
        request_headers=request_headers(recording.request_headers),
        response_headers=answer_headers(recording.response_headers),
    )
