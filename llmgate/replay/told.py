"""What is said of a replay: when it begins, when it is over, why nothing was sent."""

from collections.abc import Sequence

import msgspec

from llmgate.replay.plan import Plan
from llmgate.wire.feed import Level
from llmgate.wire.replays import ReplayRefusal, ReplaySpec, ReplayView, target_name

_KIND = "replay"
_LONGEST = 60


def started(replay_id: str, spec: ReplaySpec, plan: Plan) -> str:
    """The notice of a beginning."""
    where = ", ".join(target_name(target) for target in plan.targets[:3])
    where += ", ..." if len(plan.targets) > 3 else ""
    usd = plan.estimate.usd
    cost = "at an unknown price" if usd is None else f"for about ${usd:.4f}"
    return f"{_named(replay_id, spec)} sends {len(plan.jobs)} requests to {where} {cost}"


def over(view: ReplayView) -> tuple[Level, str, str]:
    """The notice of an end."""
    spent = "" if view.spent_usd is None else f", ${view.spent_usd:.4f} spent"
    text = f"{_named(view.id, view.spec)}: {view.done} of {view.total} sent"
    text += f", {view.failed} failed" if view.failed else ""
    if view.state == "limit":
        limit = f"${view.spec.limit_usd:g}" if view.spec.limit_usd is not None else "its limit"
        return "warning", _KIND, f"{text}{spent}: the next would go over {limit}"
    return "info", _KIND, f"{text}{spent}, {view.state}"


def nothing_sent(refused: Sequence[ReplayRefusal]) -> str:
    """Why a replay has nothing to send."""
    if not refused:
        return "there is nothing to send"
    more = f" ({len(refused)} refused in all)" if len(refused) > 1 else ""
    return f"nothing can be sent: {refused[0].reason}{more}"


def short(view: ReplayView) -> ReplayView:
    """The view as a row of the list: without what was refused one by one."""
    estimate = msgspec.structs.replace(view.estimate, refused=[])
    return msgspec.structs.replace(view, estimate=estimate)


def _named(replay_id: str, spec: ReplaySpec) -> str:
    return f"replay '{spec.name[:_LONGEST]}'" if spec.name else f"replay {replay_id}"
