"""What differs between two configs, as short phrases without secrets.

weight of openai in route fast 50 → 70
key ide: requests_per_minute 20 → 40
provider groq added
"""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import msgspec

from llmgate.config.credentials import keeps, kept_url
from llmgate.config.model import Config, RouteConfig, Target
from llmgate.config.problems import shown

NAMED: Final = {
    "providers": "provider",
    "routes": "route",
    "keys": "key",
    "limits": "limits of",
    "prices": "price of",
}
MOST: Final = 50
_LONGEST_VALUE: Final = 48
_SECRET: Final = frozenset({"api_key", "api_keys", "key"})

What = Literal["added", "removed", "renamed", "moved", "changed"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: in a section, of a name (or none), of a field (or the whole)."""

    what: What
    section: str
    name: str = ""
    field: str = ""
    before: str = ""
    after: str = ""
    phrase: str = ""

    def __str__(self) -> str:
        return self.phrase


def changes(old: Config, new: Config) -> list[Change]:
    """Everything that differs, in the order of the file; bounded."""
    found: list[Change] = []
    for section in Config.__struct_fields__:
        before, after = getattr(old, section), getattr(new, section)
        if section in NAMED:
            found += _named(section, before, after)
        else:
            found += _fields(section, "", before, after)
        if len(found) > MOST:
            break
    return found[:MOST]


def summary_of(old: Config, new: Config, *, same_text: bool = False) -> str:
    """One line of what changed: the first three phrases, and how many more there are."""
    phrases = [change.phrase for change in changes(old, new)]
    if not phrases:
        return "variables" if same_text else "comments and layout"
    more = len(phrases) - 3
    line = ", ".join(phrases[:3]) + (f" and {more} more" if more > 0 else "")
    return f"variables: {line}" if same_text else line


def moved(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """The names of both whose place among the others is another, as few as explain it."""
    old, new = list(before), list(after)
    old, new = [name for name in old if name in set(new)], [n for n in new if n in set(old)]
    if old == new:
        return []
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    stayed = {name for block in blocks for name in new[block.b : block.b + block.size]}
    return [name for name in new if name not in stayed]


def target_name(target: Target) -> str:
    """``openai`` or ``openai/gpt-4o-mini``."""
    name = f"{target.provider}/{target.model}" if target.model else target.provider
    return shown(name, _LONGEST_VALUE)


def _named(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    renames = _renames(old, new)
    for before, after in renames.items():
        yield _renamed(section, before, after)
    gone = [name for name in old if name not in new and name not in renames]
    yield from (_whole("removed", section, name) for name in gone)
    for name, value in new.items():
        if name in old and old[name] != value:
            yield from _fields(section, name, old[name], value)
    fresh = [name for name in new if name not in old and name not in renames.values()]
    yield from (_whole("added", section, name) for name in fresh)
    for name in moved(old, new) if section == "routes" else ():
        yield _whole("moved", section, name)


def _renames(old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    """Names that are gone, and the new names that have their very values."""
    fresh = [name for name in new if name not in old]
    found: dict[str, str] = {}
    for name, value in old.items():
        if name not in new and (same := next((n for n in fresh if new[n] == value), None)):
            fresh.remove(same)
            found[name] = same
    return found


def _renamed(section: str, before: str, after: str) -> Change:
    return Change(
        what="renamed",
        section=section,
        name=after,
        before=before,
        after=after,
        phrase=f"{NAMED[section]} {shown(before)} renamed {shown(after)}",
    )


def _whole(what: What, section: str, name: str) -> Change:
    phrase = f"{NAMED[section]} {shown(name)} {what}"
    return Change(what=what, section=section, name=name, phrase=phrase)


def _fields(section: str, name: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = _leaves(old), _leaves(new)
    for field in dict.fromkeys([*before, *after]):
        if before.get(field) != after.get(field):
            yield _field(section, name, field, (before.get(field), after.get(field)))
    if isinstance(old, RouteConfig):
        yield from _targets(name, old.targets, new.targets)


def _field(section: str, name: str, field: str, values: tuple[Any, Any]) -> Change:
    before, after = (_told(field, value) for value in values)
    subject = (
        f"{NAMED[section]} {shown(name)}: {field.removeprefix('limits.')}"
        if name
        else f"{section}.{field}"
    )
    told = "changed" if before == after else f"{before} → {after}"  # alike: a secret, or long
    return Change(
        what="changed",
        section=section,
        name=name,
        field=field,
        before=before,
        after=after,
        phrase=f"{subject} {told}",
    )


def _targets(route: str, old: list[Target], new: list[Target]) -> Iterator[Change]:
    before, after = numbered(old), numbered(new)
    where = f"route {shown(route)}"

    def change(what: What, phrase: str) -> Change:
        return Change(what=what, section="routes", name=route, field="targets", phrase=phrase)

    for key, target in before.items():
        if key not in after:
            yield change("removed", f"{target_name(target)} removed from {where}")
    for key, target in after.items():
        if key not in before:
            yield change("added", f"{target_name(target)} added to {where}")
        elif (weight := before[key].weight) != target.weight:
            said = f"weight of {target_name(target)} in {where} {weight} → {target.weight}"
            yield change("changed", said)
    if moved(map(str, before), map(str, after)):
        yield change("moved", f"targets of {where} reordered")


def numbered(targets: list[Target]) -> dict[tuple[str, str, int], Target]:
    """Targets by what they are: provider, model, and which of several alike."""
    found: dict[tuple[str, str, int], Target] = {}
    for target in targets:
        alike = 0
        while (target.provider, target.model or "", alike) in found:
            alike += 1
        found[target.provider, target.model or "", alike] = target
    return found


def _leaves(value: Any) -> dict[str, Any]:
    """The fields of a section by their dotted names; a route's targets are told on their own."""
    leaves: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", msgspec.to_builtins(value))]
    while waiting:
        path, found = waiting.pop(0)
        if isinstance(found, dict):
            inner = [(f"{path}.{shown(str(key))}".lstrip("."), each) for key, each in found.items()]
            waiting = inner + waiting
        elif path != "targets":
            leaves[path] = found
    return leaves


def _told(field: str, value: Any) -> str:
    """A value as it may be shown; nothing that may be a secret."""
    first, _, rest = field.partition(".")
    secret = first in _SECRET or (first == "headers" and not keeps(rest.lower()))
    match value:
        case None | [] | {}:
            return "none"
        case _ if secret:
            return "(hidden)"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.12g}"
        case list():
            text = ", ".join(map(str, value))
        case _:
            text = kept_url(value) if first == "base_url" else str(value)
    return shown(text, _LONGEST_VALUE)
