"""What the form of the Replay screen holds: targets and settings, as typed and as sent (pure)."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import msgspec

from llmgate.wire.replays import (
    MAX_CONCURRENCY,
    MAX_TIMES,
    ReplaySpec,
    ReplayTarget,
    Timing,
)
from llmgate_tui.text import clean

FAST: Final = "fast"
ROUTES: Final = "routes"
"""What stands for the way through the routes, where there is no provider's name."""

_LONGEST: Final = 500
_MOST_TARGETS: Final = 50
_OWN: Final = ("temperature", "max_tokens")


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Targets are ``provider/model``; the rest is text that has been checked, empty: not set."""

    targets: tuple[str, ...] = ()
    times: str = "1"
    concurrency: str = "1"
    temperature: str = ""
    max_tokens: str = ""
    others: tuple[str, ...] = ()  # ``key=value``
    timing: str = FAST
    limit_usd: str = ""


SETTINGS: Final[dict[str, tuple[str, str]]] = {
    "times": ("times", "how often each request is sent to each target"),
    "concurrency": ("at once", "how many requests run at the same time"),
    "temperature": ("temperature", "0 to 2; empty: as recorded"),
    "max_tokens": ("max tokens", "of an answer; empty: as recorded"),
    "timing": ("timing", "fast, recorded, or x2: recorded at twice the speed"),
    "limit_usd": ("limit in $", "stops when this much is spent; empty: no limit"),
}
"""Field -> label and hint, in the order they are shown."""


def shown(plan: Plan, field: str) -> tuple[str, bool]:
    """The value as the form shows it, and whether it is other than usual."""
    value = text_of(plan, field)
    if value == text_of(Plan(), field):
        usual = {
            "temperature": "as recorded",
            "max_tokens": "as recorded",
            "timing": "as fast as possible",
            "limit_usd": "none",
        }
        return usual.get(field, value), False
    if field == "limit_usd":
        return f"${value}", True
    if field == "timing":
        speed = f", {value[1:]} times the speed" if value[:1] == "x" else ""
        return f"as recorded{speed}", True
    return value, True


def text_of(plan: Plan, field: str) -> str:
    """What stands in the field when it is typed in."""
    return str(getattr(plan, field))


def check(field: str, text: str) -> str:  # noqa: PLR0911 - one for each field
    """What is wrong with a value; empty when nothing is."""
    label = SETTINGS[field][0]
    if len(text) > _LONGEST:
        return f"{label}: longer than {_LONGEST} characters"
    match field:
        case "times":
            return _whole(label, text, MAX_TIMES)
        case "concurrency":
            return _whole(label, text, MAX_CONCURRENCY)
        case "max_tokens":
            return _whole(label, text, 10_000_000) if text else ""
        case "temperature":
            return _number(label, text, "0.2", zero=True) if text else ""
        case "limit_usd":
            return _number(label, text, "0.50") if text else ""
        case _:
            return "" if _timing(text) is not None else "timing: fast, recorded or x2"


def changed(plan: Plan, field: str, text: str) -> Plan:
    """The plan with a checked value."""
    value = text.removeprefix("$") if field == "limit_usd" else text
    return msgspec.structs.replace(plan, **{field: value})


def with_item(plan: Plan, field: str, old: str, new: str) -> Plan:
    """A list with ``new`` in the place of ``old``; an empty one adds, or removes."""
    items = list(getattr(plan, field))
    if old in items:
        at = items.index(old)
        items[at : at + 1] = [new] if new else []
    elif new:
        items.append(new)
    return msgspec.structs.replace(plan, **{field: tuple(items)})


def nudged(plan: Plan, field: str, by: int) -> Plan:
    """A count that is one more or less."""
    if field not in {"times", "concurrency"}:
        return plan
    most = MAX_TIMES if field == "times" else MAX_CONCURRENCY
    value = max(1, min(most, int(text_of(plan, field)) + by))
    return changed(plan, field, str(value))


def check_target(text: str, taken: Collection[str], providers: Collection[str]) -> str:
    """What is wrong with a target; empty when nothing is."""
    provider = text.partition("/")[0]
    if not text:
        return "which provider? as provider/model, or provider alone for the model that was asked"
    if len(text) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if text in taken:
        return f"{text} is a target already"
    if provider not in {*providers, ROUTES} and providers:
        known = ", ".join([*sorted(providers)[:8], ROUTES])
        return f"there is no provider {provider!r}: {known}"
    return ""


def check_other(text: str, taken: Collection[str]) -> str:
    """What is wrong with ``key=value``; empty when nothing is."""
    key, equals, value = text.partition("=")
    if not key.strip() or not equals:
        return "as key=value, such as seed=7 or reasoning.effort=low"
    if len(text) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if key in {one.partition("=")[0] for one in taken}:
        return f"{key} is set already"
    return "" if value else f"{key} has no value; {key}=null takes the field away"


def target(text: str) -> ReplayTarget:
    """``provider/model``, ``provider``, ``routes`` or ``routes/model``."""
    provider, _, model = text.partition("/")
    return ReplayTarget(provider="" if provider == ROUTES else provider, model=model)


def target_text(wanted: ReplayTarget) -> str:
    """The same as it is typed."""
    provider = wanted.provider or ROUTES
    return f"{provider}/{wanted.model}" if wanted.model else provider


def spec_of(plan: Plan, ids: Sequence[str], protocols: Iterable[str] = ()) -> ReplaySpec:
    """What is asked of the gateway."""
    timing, speed = _timing(plan.timing) or ("fast", 1.0)
    limit = float(plan.limit_usd) if plan.limit_usd else None
    return ReplaySpec(
        ids=list(ids),
        targets=[target(text) for text in plan.targets],
        times=int(plan.times),
        concurrency=int(plan.concurrency),
        set=_overrides(plan, set(protocols)),
        timing=timing,
        speed=speed,
        limit_usd=limit,
    )


def plan_of(spec: ReplaySpec) -> Plan:
    """The form filled in as it was for an earlier replay."""
    timing = FAST if spec.timing == "fast" else _speed_text(spec.speed)
    fields = {key: bytes(raw).decode("utf-8", "replace") for key, raw in spec.set.items()}
    own = {name: fields.pop(name, "") for name in _OWN}
    others = tuple(clean(f"{key}={value}") for key, value in fields.items())
    return Plan(
        targets=tuple(target_text(wanted) for wanted in spec.targets),
        times=str(spec.times),
        concurrency=str(spec.concurrency),
        temperature=own["temperature"],
        max_tokens=own["max_tokens"],
        others=others,
        timing=timing,
        limit_usd="" if spec.limit_usd is None else f"{spec.limit_usd:g}",
    )


def packed(plan: Plan) -> str:
    """For the next start."""
    return msgspec.json.encode(plan).decode()


def unpacked(text: str) -> Plan:
    """As it was at the last one; what cannot be understood is left out."""
    try:
        plan = msgspec.json.decode(text or "{}", type=Plan)
    except (msgspec.DecodeError, UnicodeError):
        return Plan()
    right = all(not check(field, text_of(plan, field)) for field in SETTINGS)
    fitting = all(not check_target(one, (), ()) for one in plan.targets)
    fitting = fitting and all(not check_other(one, ()) for one in plan.others)
    return plan if right and fitting and len(plan.targets) <= _MOST_TARGETS else Plan()


def _overrides(plan: Plan, protocols: set[str]) -> dict[str, msgspec.Raw]:
    found: dict[str, str] = {}
    if plan.temperature:
        found["temperature"] = plan.temperature
    if plan.max_tokens:
        responses = protocols == {"openai.responses"}  # the only ones with another name for it
        found["max_output_tokens" if responses else "max_tokens"] = plan.max_tokens
    for other in plan.others:
        key, _, value = other.partition("=")
        found[key] = value if _is_json(value) else msgspec.json.encode(value).decode()
    return {key: msgspec.Raw(value.encode()) for key, value in found.items()}


def _is_json(value: str) -> bool:
    try:
        msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True


def _whole(label: str, text: str, most: int) -> str:
    good = text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most
    return "" if good else f"{label}: a whole number from 1 to {most:,}"


def _number(label: str, text: str, example: str, *, zero: bool = False) -> str:
    try:
        value = msgspec.json.decode(text.removeprefix("$"), type=float)
    except (msgspec.DecodeError, UnicodeError):
        return f"{label}: a number, such as {example}"
    return "" if value > 0 or (zero and value == 0) else f"{label}: more than 0"


def _timing(text: str) -> tuple[Timing, float] | None:
    if text in {"fast", "recorded"}:
        return ("fast" if text == "fast" else "recorded"), 1.0
    try:
        speed = msgspec.json.decode(text[1:], type=float) if text[:1] == "x" else 0.0
    except (msgspec.DecodeError, UnicodeError):
        return None
    return ("recorded", speed) if 0.01 <= speed <= 1_000 else None


def _speed_text(speed: float) -> str:
    return "recorded" if speed == 1 else f"x{speed:g}"
