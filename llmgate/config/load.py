"""config.yaml, read and checked as a whole: a snapshot, or every problem with its line."""

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any, Final

import msgspec

from llmgate.config.catalog import KINDS, keys_of
from llmgate.config.checks import check
from llmgate.config.model import Config, ProviderConfig
from llmgate.config.nodes import Node, parse, places_of
from llmgate.config.problems import Problems
from llmgate.config.reading import Reading, is_unset
from llmgate.config.snapshot import Snapshot
from llmgate.errors import ConfigProblem

LARGEST_BYTES: Final = 1_000_000

Unreadable = Callable[[str], str]
"""Told a path, says why the file there cannot be read; empty when it can."""


def read_config(
    path: Path, environ: Mapping[str, str], *, version: int = 1, now_ms: int = 0
) -> Snapshot:
    """Reads a file from disk. Raises ``ConfigProblem``; its ``others`` are the further ones."""
    text = read_text(path)
    snapshot = from_text(
        text, str(path), environ, version=version, now_ms=now_ms, unreadable=unreadable_on_disk
    )
    with path.open("rb") as file:
        return msgspec.structs.replace(snapshot, bom=file.read(3) == BOM_UTF8)


def read_text(path: Path) -> str:
    """The file's text. Raises ``ConfigProblem`` when it cannot be had."""
    try:
        if path.is_dir():
            raise ConfigProblem("this is a folder: name the file in it", file=str(path))
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        hint = "there is no such file; `llmgate init` writes one"
        raise ConfigProblem(hint, file=str(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "bad path"
        raise ConfigProblem(f"cannot be read: {reason}", file=str(path)) from error
    return decode(data, str(path))


def decode(data: bytes, file: str) -> str:
    """The text of a file's bytes. Raises ``ConfigProblem`` for too many, or not UTF-8."""
    if len(data) > LARGEST_BYTES:
        raise ConfigProblem("larger than 1 MB: this is no config file", file=file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = "not UTF-8 text: save the file as UTF-8"
        raise ConfigProblem(message, file=file, line=line, column=column) from None


def unreadable_on_disk(path: str) -> str:
    """Why a file cannot be read, empty when it can."""
    try:
        with Path(path).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "bad path"
    return ""


def from_text(
    text: str,
    file: str,
    environ: Mapping[str, str],
    *,
    version: int = 1,
    now_ms: int = 0,
    unreadable: Unreadable = lambda _: "",
) -> Snapshot:
    """Checks a text as a whole, without touching the disk. Raises ``ConfigProblem``."""
    problems = Problems(file)
    tree = _tree(text, problems)
    places_of(tree, problems)
    reading = Reading(problems, environ)
    config = reading.read(tree, Config, ())
    problems.raise_any()
    assert not is_unset(config), "a reading without a value has a problem"
    config = _completed(config, reading.missing_keys, PurePath(file).parent, environ)
    check(config, problems, unreadable)
    problems.raise_any()
    return Snapshot(
        version=version,
        config=config,
        file=file,
        text=text,
        etag=etag_of(text),
        loaded_ms=now_ms,
        warnings=tuple(_warnings(config, reading.missing_keys)),
        secrets=tuple(_secrets(config)),
    )


def etag_of(text: str) -> str:
    """The identity of a text, as an HTTP entity tag."""
    return f'"{sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]}"'


def _tree(text: str, problems: Problems) -> Node:
    if any("\ud800" <= char <= "\udfff" for char in text):
        problems.add("not UTF-8 text: save the file as UTF-8")
        problems.raise_any()
    if len(text) > LARGEST_BYTES:
        problems.add("larger than 1 MB: this is no config file")
        problems.raise_any()
    tree = parse(text, problems)
    if tree is None:
        if not problems.found:
            problems.add("the file is empty; `llmgate init` writes one to begin with")
        problems.raise_any()
    assert tree is not None
    return tree


def _completed(
    config: Config, missing: Mapping[str, str], folder: PurePath, environ: Mapping[str, str]
) -> Config:
    """Fills in what the file leaves out: keys by their usual names, folders of paths."""
    providers = {
        name: _completed_provider(
            provider if name in missing else _with_usual_key(provider, environ), folder, environ
        )
        for name, provider in config.providers.items()
    }
    log = config.log
    if log.file:
        log = msgspec.structs.replace(log, file=_resolved(log.file, folder, environ))
    return msgspec.structs.replace(config, providers=providers, log=log)


def _completed_provider(
    provider: ProviderConfig, folder: PurePath, environ: Mapping[str, str]
) -> ProviderConfig:
    changes: dict[str, Any] = {}
    if bundle := provider.tls.ca_bundle:
        resolved = _resolved(bundle, folder, environ)
        changes["tls"] = msgspec.structs.replace(provider.tls, ca_bundle=resolved)
    if provider.recordings:
        changes["recordings"] = _resolved(provider.recordings, folder, environ)
    return msgspec.structs.replace(provider, **changes) if changes else provider


def _with_usual_key(provider: ProviderConfig, environ: Mapping[str, str]) -> ProviderConfig:
    """The vendor's own variable is the key of a provider that names none; never for other hosts."""
    kind = KINDS.get(provider.kind)
    if kind is None or not kind.key_env or provider.base_url or keys_of(provider):
        return provider
    return msgspec.structs.replace(provider, api_key=environ.get(kind.key_env) or None)


def _resolved(path: str, folder: PurePath, environ: Mapping[str, str]) -> str:
    """A path of the file: ``~`` is the home folder, relative ones start at the file's folder."""
    if path.startswith("~/") and environ.get("HOME"):
        return str(PurePath(environ["HOME"], path[2:]))
    return str(folder / path)


def _warnings(config: Config, missing: Mapping[str, str]) -> list[str]:
    found = []
    for name, provider in config.providers.items():
        kind = KINDS[provider.kind]
        if keys_of(provider) or not provider.enabled or kind.local:
            continue
        if variable := missing.get(name) or kind.key_env:
            found.append(f"provider '{name}' has no key: the variable {variable} is not set")
    return found


def _secrets(config: Config) -> list[tuple[str, str]]:
    found = [
        (f"providers.{name}", key)
        for name, provider in config.providers.items()
        for key in keys_of(provider)
    ]
    return found + [(f"keys.{name}", key.key) for name, key in config.keys.items()]
