"""What the shape of a config does not say: names that exist, numbers in range, good patterns."""

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from llmgate.config.catalog import KINDS, PROTOCOLS, base_url_of
from llmgate.config.limit_checks import limits_of
from llmgate.config.model import Config, KeyConfig, Match, ProviderConfig, RouteConfig
from llmgate.config.patterns import compile_pattern, is_literal, is_regex
from llmgate.config.problems import Path, Problems, nearest, shown
from llmgate.config.recording_checks import recording_of

HEAVIEST: Final = 100_000
LEAST_KEEP_MB: Final = 10
SHORTEST_KEY: Final = 6
_PLACEHOLDER: Final = "change-me"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


Unreadable = Callable[[str], str]


def check(config: Config, problems: Problems, unreadable: Unreadable) -> None:
    """Adds every problem of a well-formed config."""
    _server(config, problems)
    for name, provider in config.providers.items():
        _named(name, ("providers", name), problems)
        _provider(name, provider, problems, unreadable)
        recording_of(name, config.providers, ("providers", name), problems)
    for name, route in config.routes.items():
        _named(name, ("routes", name), problems)
        _route(name, route, config, problems)
    _keys(config, problems)
    _rest(config, problems)


def is_loopback(host: str) -> bool:
    """True for an address that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _server(config: Config, problems: Problems) -> None:
    server = config.server
    if not 0 <= server.port <= 65535:
        problems.add("server.port must be from 0 to 65535", ("server", "port"))
    if not server.host.strip():
        problems.add("server.host must be an address, like 127.0.0.1", ("server", "host"))
    elif not is_loopback(server.host) and not config.keys:
        problems.add(
            f"server.host {shown(server.host)} is open to other machines: add at least one key"
            " under `keys:`, or listen on 127.0.0.1",
            ("server", "host"),
        )
    elif not is_loopback(server.host):
        _own_keys(config, problems)
    if not 0 < server.max_body_mb <= 4096:
        problems.add("server.max_body_mb must be above 0, up to 4096", ("server", "max_body_mb"))
    for index, origin in enumerate(server.cors_origins):
        if origin != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+", origin):
            problems.add(
                f"`{shown(origin)}` is no origin: write it like http://localhost:3000",
                ("server", "cors_origins", index),
            )


def _own_keys(config: Config, problems: Problems) -> None:
    for name, key in config.keys.items():
        if key.key.startswith(_PLACEHOLDER):
            problems.add(
                f"key '{shown(name)}' is the example's own: others know it, make a new one",
                ("keys", name, "key"),
            )


def _provider(
    name: str, provider: ProviderConfig, problems: Problems, unreadable: Unreadable
) -> None:
    path = ("providers", name)
    if provider.kind not in KINDS:
        close = nearest(provider.kind, KINDS) or f"; known are {', '.join(KINDS)}"
        problems.add(
            f"provider '{shown(name)}': unknown kind `{shown(provider.kind)}`{close}",
            (*path, "kind"),
        )
        return
    _base_url(name, provider, problems)
    _protocols(provider, path, problems)
    for asked, served in provider.models.items():
        _rename(asked, served, (*path, "models", asked), problems)
    _sent_headers(provider, path, problems)
    limits_of(provider.limits, (*path, "limits"), problems)
    _timeouts(provider, path, problems)
    if not 0 <= provider.speed <= 1000:
        problems.add("speed must be from 0 to 1000", (*path, "speed"))
    _file(provider.recordings, (*path, "recordings"), problems)
    bundle = provider.tls.ca_bundle
    if bundle and (reason := unreadable(bundle)):
        problems.add(f"ca_bundle {shown(bundle, 200)}: {reason}", (*path, "tls", "ca_bundle"))


def _protocols(provider: ProviderConfig, path: Path, problems: Problems) -> None:
    for index, protocol in enumerate(provider.protocols):
        if protocol not in PROTOCOLS:
            close = nearest(protocol, PROTOCOLS) or f"; known are {', '.join(PROTOCOLS)}"
            problems.add(
                f"unknown protocol `{shown(protocol)}`{close}", (*path, "protocols", index)
            )


def _timeouts(provider: ProviderConfig, path: Path, problems: Problems) -> None:
    timeout = provider.timeout
    for field in timeout.__struct_fields__:
        if not 0 < getattr(timeout, field) <= 86400:
            problems.add(f"{field} must be above 0, up to 86400", (*path, "timeout", field))


def _sent_headers(provider: ProviderConfig, path: Path, problems: Problems) -> None:
    for header, value in provider.headers.items():
        if not _HEADER_NAME.fullmatch(header) or not _sendable(value):
            problems.add(
                f"header `{shown(header)}` cannot be sent: letters, digits and - in its name,"
                " one line of text in its value",
                (*path, "headers", header),
            )
    for key in filter(None, [provider.api_key, *provider.api_keys]):
        if not _sendable(key) or " " in key:
            field = "api_key" if key == provider.api_key else "api_keys"
            problems.add(f"{field} holds characters that no key has", (*path, field))


def _base_url(name: str, provider: ProviderConfig, problems: Problems) -> None:
    path = ("providers", name, "base_url")
    url = base_url_of(provider)
    if provider.kind == "recording":
        return
    if not url:
        problems.add(f"provider '{shown(name)}' of kind {provider.kind} needs a `base_url`", path)
        return
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
        parts = urlsplit("")
    if not fine or not url.isascii() or not url.isprintable() or " " in url:
        problems.add(f"base_url `{shown(url)}` is no address: write it like https://host/v1", path)
    elif parts.query or parts.fragment or parts.username or parts.password:
        problems.add("base_url must end at its path: no ?, # or user@ in it", path)


def _rename(asked: str, served: str, path: Path, problems: Problems) -> None:
    if not asked or not served:
        problems.add("both names of a model must be written", path)
        return
    if not _compiles(asked, path, problems) or not is_regex(asked):
        return
    try:
        re.compile(f"(?:{asked[1:-1]})|").match("").expand(served)  # type: ignore[union-attr]
    except (re.error, IndexError) as error:
        problems.add(f"`{shown(served)}` does not fit its regex: {error}", path)


def _route(name: str, route: RouteConfig, config: Config, problems: Problems) -> None:
    path: Path = ("routes", name)
    if not route.targets:
        problems.add(f"route '{shown(name)}' has no targets", (*path, "targets"))
        return
    for index, target in enumerate(route.targets):
        where = (*path, "targets", index)
        if target.provider not in config.providers:
            close = nearest(target.provider, config.providers)
            problems.add(
                f"route '{shown(name)}': no provider is called `{shown(target.provider)}`{close}",
                (*where, "provider"),
            )
        if not 0 <= target.weight <= HEAVIEST:
            problems.add(
                f"route '{shown(name)}': weight {target.weight} is not from 0 to {HEAVIEST}",
                (*where, "weight"),
            )
    if all(target.weight == 0 for target in route.targets):
        problems.add(f"route '{shown(name)}': all weights are 0", (*path, "targets"))
    _match(route.match, config, (*path, "match"), problems)


def _match(match: Match, config: Config, path: Path, problems: Problems) -> None:
    for field, value in (("model", match.model), ("path", match.path), ("key", match.key)):
        for pattern in _several(value):
            _compiles(pattern, (*path, field), problems)
    for header, pattern in match.header.items():
        _compiles(pattern, (*path, "header", header), problems)
    for key in _several(match.key):
        if is_literal(key) and key not in config.keys:
            close = nearest(key, config.keys)
            problems.add(f"no key is called `{shown(key)}`{close}", (*path, "key"))


def _keys(config: Config, problems: Problems) -> None:
    holders: dict[str, str] = {}
    for name, key in config.keys.items():
        _named(name, ("keys", name), problems)
        _key(name, key, problems)
        if other := holders.get(key.key):
            problems.add(
                f"keys '{shown(other)}' and '{shown(name)}' have the same key",
                ("keys", name, "key"),
            )
        holders.setdefault(key.key, name)


def _key(name: str, key: KeyConfig, problems: Problems) -> None:
    path = ("keys", name)
    if len(key.key) < SHORTEST_KEY or not _sendable(key.key) or key.key.strip() != key.key:
        problems.add(
            f"key '{shown(name)}' must be {SHORTEST_KEY} or more plain characters, without spaces"
            " around them",
            (*path, "key"),
        )
    for index, pattern in enumerate(key.models):
        _compiles(pattern, (*path, "models", index), problems)
    limits_of(key.limits, (*path, "limits"), problems)


def _rest(config: Config, problems: Problems) -> None:
    recording, log = config.recording, config.log
    ranges: list[tuple[Path, float, float, float]] = [
        (("health", "every_s"), config.health.every_s, 0, 86400),
        (("recording", "keep_days"), recording.keep_days, 0.01, 36500),
        (("recording", "keep_mb"), recording.keep_mb, LEAST_KEEP_MB, 1e7),
        (("log", "rotate_mb"), log.rotate_mb, 0.1, 1e5),
        (("log", "keep"), log.keep, 0, 1000),
    ]
    ranges += [
        (("prices", name, field), value, 0, 1e6)
        for name, price in config.prices.items()
        for field in price.__struct_fields__
        if (value := getattr(price, field)) is not None
    ]
    for path, value, least, most in ranges:
        if not least <= value <= most:
            told = ".".join(shown(str(step)) for step in path)
            problems.add(f"{told} must be from {least:g} to {most:g}", path)
    _file(log.file, ("log", "file"), problems)
    for index, pattern in enumerate(recording.redact):
        _compiles(f"/{pattern}/", ("recording", "redact", index), problems)
    for model, limits in config.limits.items():
        if _compiles(model, ("limits", model), problems):
            limits_of(limits, ("limits", model), problems)


def _file(name: str | None, path: Path, problems: Problems) -> None:
    if name and not name.isprintable():
        problems.add(f"`{shown(name, 200)}` holds characters that no path should have", path)


def _named(name: str, path: Path, problems: Problems) -> None:
    if not _NAME.fullmatch(name):
        problems.add(
            f"`{shown(name)}` is no name: letters, digits, `.`, `_` and `-`, up to 64", path
        )


def _compiles(pattern: str, path: Path, problems: Problems) -> bool:
    try:
        compile_pattern(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        problems.add(f"`{shown(pattern)}` is no regular expression: {error}", path)
        return False
    return True


def _several(value: str | list[str] | None) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _sendable(text: str) -> bool:
    return text.isascii() and text.isprintable()
