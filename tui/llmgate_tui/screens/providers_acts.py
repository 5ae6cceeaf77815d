"""What can be done to a provider: test, drain, enable, edit; each says how it went."""

from llmgate.wire.editing import Path, Set
from llmgate.wire.gateway import ConfigView, ProviderView
from llmgate_tui.api import ApiProblem
from llmgate_tui.draft import Draft
from llmgate_tui.filter_text import exact
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.form import Field, Form
from llmgate_tui.screens.providers_detail import probe_text
from llmgate_tui.screens.providers_edit import LABELS, check, edits, settings, values
from llmgate_tui.screens.providers_rows import usable
from llmgate_tui.screens.review import asked, failed, review
from llmgate_tui.text import clean


def traffic_filter(name: str) -> str:
    """What the Traffic screen shows of a provider."""
    return exact("provider", name)


async def test(where: Drafting, name: str) -> None:
    """Asks for its list of models, which costs nothing."""
    where.notify(f"asking {clean(name)} for its models", timeout=2, markup=False)
    try:
        view = await where.desk.steering.probe(name)
    except ApiProblem as problem:
        failed(where, f"{clean(name)} was not tested", problem)
        return
    where.desk.traffic.providers[view.name] = view
    where.drafted()
    good = view.probe is not None and view.probe.ok
    said = probe_text(view.probe)
    where.notify(
        f"{clean(name)}: {said}", severity="information" if good else "warning", markup=False
    )


async def drain(where: Drafting, view: ProviderView) -> None:
    """Drains or resumes; asks first when nothing else could answer."""
    others = [other for other in where.desk.traffic.providers.values() if other.name != view.name]
    last = not view.draining and usable(view) and not any(usable(other) for other in others)
    question = f"{clean(view.name)} is the last provider that answers. Drained, requests fail."
    if last and not await asked(where, Confirm(question, "drain it")):
        return
    try:
        now = await where.desk.steering.drain(view.name, resume=view.draining)
    except ApiProblem as problem:
        failed(where, f"{clean(view.name)} goes on as it was", problem)
        return
    where.desk.traffic.providers[now.name] = now
    where.drafted()
    running = f", {now.in_flight} still running" if now.in_flight else ""
    done = f"is draining{running}; D resumes it" if now.draining else "takes requests again"
    where.notify(f"{clean(now.name)} {done}", markup=False)


def drafted(draft: Draft, view: ProviderView) -> bool | None:
    """What the draft makes of ``enabled``; None when it leaves it."""
    wanted = draft.value(_enabled(view.name))
    return bool(wanted) if wanted is not None else None


async def enable(where: Drafting, view: ProviderView) -> None:
    """Drafts the other setting of ``enabled`` and shows what it would do; again: leaves it."""
    draft, path = where.desk.draft, _enabled(view.name)
    if drafted(draft, view) is not None and draft.leave_alone(path):
        where.follow_draft()
        where.notify(f"{clean(view.name)} stays as it is", timeout=3, markup=False)
        return
    config = await _config(where)
    if config is None:
        return
    word = "disabled" if view.enabled else "enabled"
    draft.add(Set(path, not view.enabled), f"{clean(view.name)}: {word}", etag=config.etag)
    await _shown(where)


async def edit(where: Drafting, view: ProviderView) -> None:
    """Its settings in a form; what differs is drafted and shown."""
    config = await _config(where)
    if config is None:
        return
    known = settings(config.text, view.name)
    if known is None:
        said = (
            f"the file has no settings of {clean(view.name)} that a form could show: see Config (7)"
        )
        where.notify(said, severity="warning", markup=False)
        return
    before = values(known)
    fields = [Field(name, *_labelled(name, text, view)) for name, text in before.items()]
    form = Form(f"Provider {clean(view.name)}", fields, check, verb="see what it does")
    after = await asked(where, form)
    changes = edits(view.name, before, after) if after is not None else []
    for change, note in changes:
        where.desk.draft.add(change, note, etag=config.etag)
    if changes:
        await _shown(where)
    elif after is not None:
        where.notify("nothing was changed", timeout=3, markup=False)


async def _shown(where: Drafting) -> None:
    where.follow_draft()
    if await review(where, where.desk):
        where.steered()
    where.follow_draft()


def _enabled(name: str) -> Path:
    return ["providers", name, "enabled"]


def _labelled(name: str, text: str, view: ProviderView) -> tuple[str, str, str]:
    label, hint = LABELS[name]
    return label, text, view.base_url if name == "base_url" else hint


async def _config(where: Drafting) -> ConfigView | None:
    """The config to edit; says why there is none."""
    if not await where.read_config() or where.config is None:
        where.notify("the config cannot be read now", severity="error", markup=False)
        return None
    if not where.config.editable:
        said = "there is no config file yet: Config (7) writes one, then this can be edited"
        where.notify(said, severity="warning", markup=False)
        return None
    return where.config
