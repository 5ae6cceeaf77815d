"""What a provider of kind ``recording`` says of itself: who is asked for what is missing, and what
of a request does not count.
"""

from collections.abc import Mapping
from typing import Final

from llmgate.config.catalog import KINDS, protocols_of
from llmgate.config.json_paths import BadPath, parse_path
from llmgate.config.model import ProviderConfig
from llmgate.config.problems import Path, Problems, nearest, shown

ASKING: Final = frozenset({"once", "new_episodes", "all"})
MOST_VOLATILE: Final = 100


def recording_of(
    name: str, providers: Mapping[str, ProviderConfig], path: Path, problems: Problems
) -> None:
    """Adds every problem of the fields that only recordings have."""
    provider = providers[name]
    if provider.kind != "recording":
        for field in ("mode", "source", "volatile", "ordered"):
            if getattr(provider, field):
                problems.add(f"`{field}` is for providers of kind recording", (*path, field))
        return
    if provider.mode is None:
        for field in ("source", "volatile", "ordered"):
            if getattr(provider, field):
                problems.add(
                    f"`{field}` has no effect without a `mode`: write none, once, new_episodes or"
                    " all",
                    (*path, field),
                )
        return
    _folder(provider, path, problems)
    _source(name, providers, path, problems)
    _volatile(provider, path, problems)


def _folder(provider: ProviderConfig, path: Path, problems: Problems) -> None:
    if provider.mode in ASKING and not provider.recordings:
        problems.add(
            f"mode {provider.mode} writes recordings: name their folder in `recordings`",
            (*path, "mode"),
        )


def _source(
    name: str, providers: Mapping[str, ProviderConfig], path: Path, problems: Problems
) -> None:
    provider, where = providers[name], (*path, "source")
    if provider.source is None:
        if provider.mode in ASKING:
            problems.add(
                f"mode {provider.mode} asks another provider for what is missing: name it in"
                " `source`",
                (*path, "mode"),
            )
        return
    source = providers.get(provider.source)
    if source is None:
        close = nearest(provider.source, [other for other in providers if other != name])
        problems.add(f"no provider is called `{shown(provider.source)}`{close}", where)
    elif source.kind == "recording":
        problems.add(
            f"source `{shown(provider.source)}` answers from recordings itself: name a real one",
            where,
        )
    elif source.kind in KINDS:
        _protocols(provider, source, where, problems)


def _protocols(
    provider: ProviderConfig, source: ProviderConfig, where: Path, problems: Problems
) -> None:
    """What the recordings are said to speak, their source must speak too."""
    spoken = protocols_of(source)
    lacking = [protocol for protocol in provider.protocols if protocol not in spoken]
    if lacking:
        problems.add(
            f"source `{shown(provider.source or '')}` does not speak {', '.join(lacking)}, only"
            f" {', '.join(spoken)}",
            where,
        )


def _volatile(provider: ProviderConfig, path: Path, problems: Problems) -> None:
    if len(provider.volatile) > MOST_VOLATILE:
        problems.add(f"at most {MOST_VOLATILE} volatile paths", (*path, "volatile"))
    for index, text in enumerate(provider.volatile):
        try:
            parse_path(text)
        except BadPath as problem:
            problems.add(
                f"volatile `{shown(text)}` {problem}: write it like metadata.user_id,"
                " messages[*].cache_control or input[0].id",
                (*path, "volatile", index),
            )
