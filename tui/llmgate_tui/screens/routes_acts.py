"""What is asked on the Routes screen and what becomes of it: edits in the draft, or an answer."""

from collections.abc import Sequence

from llmgate.wire.editing import RouteQuestion
from llmgate_tui.api import ApiProblem
from llmgate_tui.screens import routes_edits as edits
from llmgate_tui.screens import routes_forms as forms
from llmgate_tui.screens.confirm import Confirm
from llmgate_tui.screens.drafting import Drafting
from llmgate_tui.screens.form import Values
from llmgate_tui.screens.review import Told, asked, failed
from llmgate_tui.screens.routes_plan import PlannedRoute, PlannedTarget
from llmgate_tui.screens.routes_rows import Spot
from llmgate_tui.text import clean


async def remove(screen: Drafting, route: PlannedRoute, target: PlannedTarget | None) -> None:
    """Out of the draft's routes, after a question."""
    what = f"target {edits.named(target)} of {route.name}" if target else f"route {route.name}"
    if await asked(screen, Confirm(f"Remove {clean(what)}?", "remove")):
        screen.put(*edits.remove(route, target))


async def edit(
    screen: Drafting, route: PlannedRoute, target: PlannedTarget | None, taken: set[str]
) -> Spot | None:
    """The target, or the route, in a form; where it is then."""
    if target is None:
        after = await asked(screen, forms.route_form(route, taken))
        changes = edits.change_route(route, after) if after is not None else []
    else:
        title = f"{route.name}: {edits.named(target)}"
        form = forms.target_form(title, target, screen.desk.traffic.providers)
        after = await asked(screen, form)
        changes = edits.change_target(route, target, after) if after is not None else []
    if after is None or not all(screen.put(edit, note) for edit, note in changes):
        return None
    return Spot(after.get("name", route.name), target.index if target else None)


async def add(screen: Drafting, route: PlannedRoute) -> Spot | None:
    """One more target."""
    providers = screen.desk.traffic.providers
    after = await asked(screen, forms.target_form(f"{route.name}: new target", None, providers))
    if after is None:
        return None
    drafted, at = edits.new_target(route, after)
    return Spot(route.name, at) if screen.put(*drafted) else None


async def new(screen: Drafting, taken: set[str]) -> Spot | None:
    """One more route."""
    after = await asked(screen, forms.new_route_form(taken, screen.desk.traffic.providers))
    if after is None or not screen.put(*edits.new_route(after)):
        return None
    return Spot(after["name"])


async def dry_run(screen: Drafting, plan: Sequence[PlannedRoute], before: Values) -> Values:
    """Asks the gateway where a model would go, draft included; what was asked."""
    models = forms.known_models(plan, screen.desk.traffic.providers.values())
    after = await asked(screen, forms.dry_run_form(before, models))
    if after is None:
        return before
    drafted = list(screen.desk.draft.edits)
    question = RouteQuestion(
        model=after["model"], path=after["path"], key=after["key"], edits=drafted
    )
    try:
        answer = await screen.desk.steering.explain(question)
    except ApiProblem as problem:
        failed(screen, "not asked", problem)
        return after
    lines = forms.answer_lines(answer, screen.desk.glyphs, drafted=bool(drafted))
    await asked(screen, Told(f"Where {after['model']} would go", lines, screen.desk))
    return after
