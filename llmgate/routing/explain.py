"""Why a request would go where: the router's reasons in words, for `llmgate check --route` and the
terminal.
"""

from collections.abc import Set

from llmgate.errors import CallError
from llmgate.routing.ask import Ask, Plan
from llmgate.routing.router import Listed, Router
from llmgate.routing.rule import Rule, Usable

_NOBODY: frozenset[str] = frozenset()


def explain(
    router: Router,
    ask: Ask,
    listed: Listed,
    usable: Usable,
    draining: Set[str] = _NOBODY,
) -> list[str]:
    """One line per decision; turns no wheel of the router it is given."""
    lines = [f"model {ask.model or '(none)'}, protocol {ask.protocol}, path {ask.path}"]
    rule = router.rule_for(ask, draining)
    lines += [_passed_over(other, ask, router, draining) for other in _before(router, rule)]
    try:
        plan = Router(router.config).plan(ask, listed, usable, draining)
    except CallError as error:
        return [*lines, f"answered {error.status}: {error.message}"]
    return [*lines, *_planned(plan, rule)]


def _before(router: Router, taken: Rule | None) -> list[Rule]:
    rules = list(router.rules.values())
    return rules[: rules.index(taken)] if taken else rules


def _passed_over(rule: Rule, ask: Ask, router: Router, draining: Set[str]) -> str:
    if not rule.enabled:
        reason = "it is disabled"
    elif not rule.targets:
        reason = "all its targets are disabled"
    elif not rule.matcher.takes_model(router.stripped(ask.model or "")):
        reason = "another model"
    elif not rule.matcher.takes_rest(ask):
        reason = "the model fits; path, key or headers do not"
    elif all(target.provider in draining for target in rule.targets):
        reason = "all its targets are draining"
    else:
        reason = "streaming does not fit"
    return f"route {rule.name}: passed over, {reason}"


def _planned(plan: Plan, rule: Rule | None) -> list[str]:
    if rule is None:
        choice = plan.choices[0]
        model = f", as {choice.model}" if choice.model else ""
        rest = ", ".join(other.provider for other in plan.choices[1:])
        after = f" (then {rest})" if rest else ""
        return [f"no route takes it: provider {choice.provider}{model}{after}"]
    return [
        f"route {rule.name}: takes it",
        *(
            f"  provider {c.provider}, model {c.model or '(as sent)'}, weight {c.weight},"
            f" {c.share:.0%} of the traffic"
            for c in sorted(plan.choices, key=lambda choice: -choice.share)
        ),
    ]
