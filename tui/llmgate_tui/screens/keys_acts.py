"""What can be done to keys and limits: each drafts edits or asks the gateway, and says so."""

from functools import partial

from textual import on
from textual.widgets import Input

from llmgate.wire.editing import Edit, Remove, Set
from llmgate.wire.gateway import ConfigView
from llmgate.wire.limits import Scope
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.keys_file import Tree, drafted, limits_of, parsed, place, section
from llmgate_tui.screens.keys_forms import (
    WORDS,
    Edits,
    check_key,
    check_limits,
    limit_edits,
    limit_fields,
    models_edit,
    new_key,
    new_key_fields,
    variable_for,
)
from llmgate_tui.screens.keys_rows import Holder
from llmgate_tui.screens.keys_secret import Secret
from llmgate_tui.screens.menu import Menu
from llmgate_tui.steering import Refused, Stale
from llmgate_tui.text import clean

_NO_FILE = "there is no config file yet: Config (7) writes one, then this can be edited"
_UNREADABLE = "the file's text cannot be read here: edit it in Config (7)"
_PATTERN = Field("pattern", "model: a name, glob or /regex/", hint="gpt-4o, claude-*, /mini$/")


class NewKeyForm(Form):
    """Names the variable after the key until another name is typed for it."""

    @on(Input.Changed, "#form-name")
    def _named(self, event: Input.Changed) -> None:
        variable = self.query_one("#form-variable", Input)
        if variable.value in {"", self._before}:
            variable.value = self._before = variable_for(event.value.strip())

    _before = ""


async def edit_limits(where: Drafting, holder: Holder, first: str = "") -> bool:
    """Its limits in a form; what differs is drafted."""
    config = await config_of(where)
    if config is None:
        return False
    known = limits_of(_wanted(where.desk, config), holder.scope, holder.name)
    form = Form(
        f"Limits of {holder.scope} {clean(holder.name)}",
        limit_fields(known),
        check_limits,
        verb="draft",
        compact=True,
        first=first if first in WORDS else "",
    )
    typed = await where.app.push_screen_wait(form)
    if typed is None:
        return False
    return _draft(where, config, limit_edits(holder.scope, holder.name, known, typed))


async def add_limit(where: Drafting) -> bool:
    """Limits for a model pattern, or for a provider that has none yet."""
    config = await config_of(where)
    if config is None:
        return False
    wanted = _wanted(where.desk, config)
    bare = [
        name for name in section(wanted, "providers") if not limits_of(wanted, "provider", name)
    ]
    choices = [("m", "a model, or a pattern of models", "model:")]
    choices += [
        (str(at), clean(f"provider {name}"), f"provider:{name}")
        for at, name in enumerate(bare[:9], 1)
    ]
    choices += [(" ", clean(f"provider {name}"), f"provider:{name}") for name in bare[9:200]]
    choice = choices[0][2]
    if bare:
        chosen = await where.app.push_screen_wait(Menu("Add limits for", choices))
        if chosen is None:
            return False
        choice = chosen
    scope, _, name = choice.partition(":")
    typed = await where.app.push_screen_wait(_adding(scope, name, wanted))
    if typed is None:
        return False
    of: Scope = "model" if scope == "model" else "provider"
    name = name or typed["pattern"]
    return _draft(where, config, limit_edits(of, name, limits_of(wanted, of, name), typed))


def _adding(scope: str, name: str, wanted: Tree) -> Form:
    def check(typed: Values) -> str:
        pattern = typed.get("pattern", "")
        if pattern and pattern in section(wanted, "limits"):
            return f"{clean(pattern)} has limits already: enter on its row edits them"
        return check_limits(typed)

    def check_whole(typed: Values) -> str:
        if not name and not typed.get("pattern") and any(typed.values()):
            return "model: which one?"
        return check(typed)

    fields = limit_fields({})
    title = "Limits of models" if scope == "model" else f"Limits of provider {clean(name)}"
    return Form(
        title,
        fields if name else [_PATTERN, *fields],
        check if name else check_whole,
        verb="draft",
        compact=True,
        first="requests_per_minute" if name else "",
    )


async def edit_models(where: Drafting, holder: Holder) -> bool:
    """The models a key may use."""
    config = await config_of(where)
    if config is None:
        return False
    known = ", ".join(holder.models) or "*"
    field = Field(
        "models", "models it may use, commas between", known, "*, gpt-*, claude-sonnet-4-5"
    )
    title = f"Models of key {clean(holder.name)}"
    typed = await where.app.push_screen_wait(Form(title, [field], lambda _: "", verb="draft"))
    if typed is None:
        return False
    return _draft(where, config, models_edit(holder.name, holder.models, typed["models"]))


async def enable(where: Drafting, holder: Holder) -> bool:
    """Drafts the other setting of ``enabled``."""
    config = await config_of(where)
    if config is None:
        return False
    word = "disabled" if holder.enabled else "enabled"
    edit = Set(["keys", holder.name, "enabled"], not holder.enabled)
    return _draft(where, config, [(edit, f"key {clean(holder.name)} {word}")])


async def revoke(where: Drafting, holder: Holder) -> bool:
    """Drafts a key's end, once its name has been typed."""
    config = await config_of(where)
    if config is None:
        return False

    def check(typed: Values) -> str:
        typed_so_far = typed["name"]
        return "" if typed_so_far == clean(holder.name) else "type the name of the key"

    hint = "Callers that use it are refused from then on; undo (u) gives it back."
    field = Field("name", f"{hint} Its name, to be sure:", hint=clean(holder.name))
    title = f"Revoke key {clean(holder.name)}"
    typed = await where.app.push_screen_wait(Form(title, [field], check, verb="revoke"))
    if typed is None:
        return False
    note = f"key {clean(holder.name)} revoked"
    return _draft(where, config, [(Remove(["keys", holder.name]), note)])


async def remove_limit(where: Drafting, holder: Holder, name: str) -> bool:
    """Drafts one limit away, or all of a provider or a model."""
    config = await config_of(where)
    if config is None:
        return False
    known = limits_of(_wanted(where.desk, config), holder.scope, holder.name)
    at = place(holder.scope, holder.name)
    if not known or (name and name not in known):
        where.notify("the file has no such limit", severity="warning", markup=False)
        return False
    left = known.keys() - {name, *({"burst"} if name == "requests_per_second" else ())}
    if not name or not left:
        return _draft(where, config, [(Remove(at), f"{clean(holder.name)}: no limits")])
    found: Edits = [(Remove([*at, name]), f"{clean(holder.name)}: no {WORDS[name]}")]
    if name == "requests_per_second" and "burst" in known:
        found.append((Remove([*at, "burst"]), f"{clean(holder.name)}: no burst"))
    return _draft(where, config, found)


async def make_key(where: Drafting) -> None:
    """A new key, written at once and shown once; a refusal loses nothing that was typed."""
    if len(where.desk.draft):
        said = "a new key is written at once: apply the draft (ctrl+s) or drop it (ctrl+r) first"
        where.notify(said, severity="warning", markup=False)
        return
    typed: Values | None = None
    while (config := await config_of(where)) is not None:
        taken = section(parsed(config.text), "keys")
        form = NewKeyForm("New key", new_key_fields(typed), partial(_check, taken), verb="make it")
        typed = await where.app.push_screen_wait(form)
        if typed is None or await _made(where, typed, config):
            return


def _check(taken: Tree, typed: Values) -> str:
    return check_key(typed, taken)


async def _made(where: Drafting, typed: Values, config: ConfigView) -> bool:
    try:
        verdict = await where.desk.steering.new_key(new_key(typed), config.etag)
    except Stale:
        said = "the file has changed meanwhile: look at the values and make it again"
        where.notify(said, severity="warning", markup=False)
        return False
    except (Refused, ApiProblem) as problem:
        where.notify(f"no key was made: {clean(str(problem))}", severity="error", markup=False)
        return False
    await where.app.push_screen_wait(Secret(typed["name"], verdict, where.desk, file=config.file))
    return True


async def reset(where: Drafting, holder: Holder) -> None:
    """Counts from nothing again, once that is confirmed."""
    question = f"Count every limit of {holder.scope} {clean(holder.name)} from nothing again?"
    note = "What was counted is forgotten; that cannot be undone."
    if not await where.app.push_screen_wait(Confirm(f"{question}\n{note}", "reset")):
        return
    try:
        await where.desk.steering.reset_limits(holder.scope, holder.name)
    except ApiProblem as problem:
        where.notify(f"nothing was reset: {problem.message}", severity="error", markup=False)
        return
    where.notify(f"the limits of {clean(holder.name)} count from nothing", markup=False)


async def config_of(where: Drafting) -> ConfigView | None:
    """The config to edit; says why there is none."""
    try:
        config = await where.desk.steering.config()
    except ApiProblem as problem:
        said = f"the config cannot be read: {problem.message}"
        where.notify(said, severity="error", markup=False)
        return None
    where.config = config
    if not config.editable:
        where.notify(_NO_FILE, severity="warning", markup=False)
        return None
    if config.text.strip() and not parsed(config.text):
        where.notify(_UNREADABLE, severity="warning", markup=False)
        return None
    return config


def _wanted(desk: Desk, config: ConfigView) -> Tree:
    return drafted(parsed(config.text), desk.draft.edits)


def _draft(where: Drafting, config: ConfigView, edits: list[tuple[Edit, str]]) -> bool:
    for edit, note in edits:
        where.desk.draft.add(edit, note, etag=config.etag)
    if not edits:
        where.notify("nothing was changed", markup=False)
    where.follow_draft()
    return bool(edits)
