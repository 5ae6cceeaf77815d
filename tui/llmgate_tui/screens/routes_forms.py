"""What is asked on the Routes screen: a target, a route, a model for a dry run."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from llmgate.wire.editing import RouteAnswer, Share
from llmgate.wire.gateway import ProviderView
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.screens import routes_edits as edits
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.routes_plan import PlannedRoute, PlannedTarget
from llmgate_tui.verdict_text import Line, percent

_HINTS = {
    "model": "gpt-*, /regex/; several with commas; empty: any",
    "path": "/v1/chat/completions; empty: any",
    "key": "ide; names of callers' keys; empty: any",
    "header": "x-team: a*; empty: any",
}
_STRATEGY = "strategy: weighted (shared by weight) or priority (in this order)"


def target_form(
    title: str, target: PlannedTarget | None, providers: Mapping[str, ProviderView]
) -> Form:
    """Provider, model, weight."""
    values = edits.target_values(target)
    models = _models(providers.values())
    fields = [
        Field("provider", "provider", values["provider"], "openai", tuple(providers)),
        Field("model", "model it is sent as", values["model"], "empty: as asked", models),
        Field("weight", "weight", values["weight"], "1"),
    ]
    return Form(title, fields, edits.check_target)


def route_form(route: PlannedRoute, taken: set[str]) -> Form:
    """Name, what it takes, how it chooses."""
    values = edits.route_values(route)
    fields = [Field("name", "name", values["name"])]
    fields += [_match(field, values[field]) for field in edits.MATCHES]
    fields += [
        Field("strategy", _STRATEGY, values["strategy"], "", edits.STRATEGIES),
        Field(
            "streaming",
            "streams: any, only (streams only) or never",
            values["streaming"],
            "",
            edits.STREAMING,
        ),
    ]
    return Form(f"Route {route.name}", fields, partial(edits.check_route, taken=taken))


def new_route_form(taken: set[str], providers: Mapping[str, ProviderView]) -> Form:
    """A route with its first target."""
    fields = [
        Field("name", "name", "", "fast"),
        _match("model", ""),
        Field("strategy", _STRATEGY, "weighted", "", edits.STRATEGIES),
        Field("provider", "first target: provider", "", "openai", tuple(providers)),
        Field(
            "target",
            "first target: model it is sent as",
            "",
            "empty: as asked",
            _models(providers.values()),
        ),
    ]
    return Form("New route", fields, partial(edits.check_new_route, taken=taken))


def dry_run_form(before: Values, models: Sequence[str]) -> Form:
    """What would be asked."""
    path = before.get("path", "/v1/chat/completions")
    fields = [
        Field("model", "model asked for", before.get("model", ""), "gpt-4o-mini", models),
        Field("path", "path", path),
        Field("key", "caller's key, by name", before.get("key", ""), "empty: none"),
    ]
    return Form("Where would it go?", fields, _check_question, verb="ask")


def _check_question(values: Values) -> str:
    if not values["model"]:
        return "model: which one?"
    return "" if values["path"].startswith("/") else "path: begins with /"


def _match(field: str, value: str) -> Field:
    return Field(field, f"takes {field}", value, _HINTS[field])


def _models(providers: Iterable[ProviderView]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(model for view in providers for model in view.models))[:2_000]


def known_models(routes: Iterable[PlannedRoute], providers: Iterable[ProviderView]) -> list[str]:
    """Names worth asking about."""
    asked = [
        name.strip()
        for route in routes
        for name in route.match.get("model", "").split(",")
        if name.strip() and not name.strip().startswith("/")
    ]
    return list(dict.fromkeys([*(n.replace("*", "") for n in asked), *_models(providers)]))


def answer_lines(answer: RouteAnswer, glyphs: Glyphs, *, drafted: bool) -> list[Line]:
    """Route, targets in their order, reasons."""
    lines: list[Line] = []
    if drafted:
        lines += [[("with the draft applied", "accent")], []]
    if answer.problem:
        lines += [[(f"{glyphs.bad} {answer.problem}", "bad")], []]
    elif answer.route:
        lines.append([("route ", "quiet"), (answer.route, "strong")])
    else:
        lines.append([("no route: ", "quiet"), ("straight to a provider", "strong")])
    lines += [_target(at, share, glyphs) for at, share in enumerate(answer.targets, 1)]
    if answer.why:
        lines += [[], [("why", "quiet")], *([(f"{reason}", "")] for reason in answer.why)]
    return lines


def _target(at: int, share: Share, glyphs: Glyphs) -> Line:
    name = f"{share.provider} {share.model}".strip()
    if share.after is None and share.weight_after is None:
        return [(f"   {name}  ", "quiet"), ("gone with the draft", "bad")]
    line: Line = [(f"{at}. ", "quiet"), (name, "")]
    if share.weight_after is not None:
        line.append((f"  weight {share.weight_after}", "quiet"))
    if share.before is not None and share.before != share.after:
        line.append((f"  {percent(share.before)} {glyphs.arrow}", "quiet"))
    line.append((f"  {percent(share.after)}", "accent"))
    return line
