"""What can be done to a provider: test, drain, enable, edit; each says how it went."""

from textual.widget import Widget

from llmgate.wire.editing import Set
from llmgate.wire.gateway import ConfigView, ProviderView
from llmgate_tui.api import ApiProblem
from llmgate_tui.desk import Desk
from llmgate_tui.filter_text import exact
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.form import Field, Form
from llmgate_tui.screens.providers_detail import probe_text
from llmgate_tui.screens.providers_edit import LABELS, check, edits, settings, values
from llmgate_tui.screens.providers_rows import usable


def traffic_filter(name: str) -> str:
    """What the Traffic screen shows of a provider."""
    return exact("provider", name)


async def test(where: Widget, desk: Desk, name: str) -> None:
    """Asks for its list of models, which costs nothing."""
    where.notify(f"asking {name} for its models", timeout=2, markup=False)
    try:
        view = await desk.steering.probe(name)
    except ApiProblem as problem:
        _failed(where, f"{name} was not tested", problem)
        return
    desk.traffic.providers[view.name] = view
    good = view.probe is not None and view.probe.ok
    said = probe_text(view.probe)
    where.notify(f"{name}: {said}", severity="information" if good else "warning", markup=False)


async def drain(where: Widget, desk: Desk, view: ProviderView) -> None:
    """Drains or resumes; asks first when nothing else could answer."""
    others = [other for other in desk.traffic.providers.values() if other.name != view.name]
    last = not view.draining and usable(view) and not any(usable(other) for other in others)
    question = f"{view.name} is the last provider that answers. Drained, requests fail."
    if last and not await where.app.push_screen_wait(Confirm(question, "drain it")):
        return
    try:
        now = await desk.steering.drain(view.name, resume=view.draining)
    except ApiProblem as problem:
        _failed(where, f"{view.name} goes on as it was", problem)
        return
    desk.traffic.providers[now.name] = now
    running = f", {now.in_flight} still running" if now.in_flight else ""
    done = f"is draining{running}; D resumes it" if now.draining else "takes requests again"
    where.notify(f"{now.name} {done}", markup=False)


async def enable(where: Widget, desk: Desk, view: ProviderView) -> None:
    """Drafts the other setting of ``enabled`` and shows what it would do."""
    config = await _config(where, desk)
    if config is None:
        return
    word = "disabled" if view.enabled else "enabled"
    edit = Set(["providers", view.name, "enabled"], not view.enabled)
    desk.draft.add(edit, f"{view.name}: {word}", etag=config.etag)
    await _review(where, desk)


async def edit(where: Widget, desk: Desk, view: ProviderView) -> None:
    """Its settings in a form; what differs is drafted and shown."""
    config = await _config(where, desk)
    if config is None:
        return
    known = settings(config.text, view.name)
    if known is None:
        where.notify(
            f"the file has no settings of {view.name} that a form could show: see Config (7)",
            severity="warning",
            markup=False,
        )
        return
    before = values(known)
    fields = [Field(name, *_labelled(name, text, view)) for name, text in before.items()]
    form = Form(f"Provider {view.name}", fields, check, verb="see what it does")
    after = await where.app.push_screen_wait(form)
    changes = edits(view.name, before, after) if after is not None else []
    for change, note in changes:
        desk.draft.add(change, note, etag=config.etag)
    if changes:
        await _review(where, desk)
    elif after is not None:
        where.notify("nothing was changed", markup=False)


def _labelled(name: str, text: str, view: ProviderView) -> tuple[str, str, str]:
    label, hint = LABELS[name]
    return label, text, view.base_url if name == "base_url" else hint


async def _config(where: Widget, desk: Desk) -> ConfigView | None:
    """The config to edit; says why there is none."""
    try:
        config = await desk.steering.config()
    except ApiProblem as problem:
        _failed(where, "the config cannot be read", problem)
        return None
    if not config.editable:
        said = "there is no config file yet: Config (7) writes one, then this can be edited"
        where.notify(said, severity="warning", markup=False)
        return None
    return config


def _failed(where: Widget, what: str, problem: ApiProblem) -> None:
    where.notify(f"{what}: {problem.message}", severity="error", markup=False)


async def _review(where: Widget, desk: Desk) -> None:
    where.notify(f"{len(desk.draft)} edits are drafted: Config (7) shows them", markup=False)
