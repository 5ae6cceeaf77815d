"""Which providers and models a replay can be sent to, as menus."""

from collections.abc import Iterable, Sequence
from typing import Final

from llmgate.wire.gateway import ProviderView
from llmgate_tui.replay_plan import ROUTES
from llmgate_tui.screens.menu import Choice, Menu
from llmgate_tui.text import clean

_KEYS: Final = "123456789abcdefghilmnopstuvwxyz"
_FEW: Final = 9  # models that fit a menu; more are typed, with completion


def able(views: Iterable[ProviderView], protocols: set[str]) -> list[ProviderView]:
    """Those that are on and speak what was recorded, those that are up first."""
    on = [view for view in views if view.enabled and view.state not in {"disabled", "no_key"}]
    speaking = [view for view in on if not protocols or protocols & set(view.protocols)]
    return sorted(speaking, key=lambda view: (view.state == "down", view.name))


def providers_menu(views: Sequence[ProviderView], protocols: set[str], typed: str) -> Menu:
    """The providers, the way through the routes, and ``typed`` for anything else."""
    names = [view.name for view in views]
    wide = max((len(clean(name)) for name in names), default=0)
    choices: list[Choice] = [
        (key, f"{clean(view.name):<{wide}}  {_facts(view)}", view.name)
        for key, view in zip(_KEYS, views, strict=False)
    ]
    choices.append(("r", "through the routes, as it was asked", ROUTES))
    choices.append(("/", "type provider/model", typed))
    spoken = f" ({', '.join(sorted(protocols))})" if protocols else ""
    title = f"Send to a provider that speaks it{clean(spoken)}"
    return Menu(title if views else f"No provider is known to speak it{clean(spoken)}", choices)


def _facts(view: ProviderView) -> str:
    count = len(view.models)
    models = f"{count} model{'s' * (count != 1)}" if count else clean(view.kind)
    return models if view.state == "up" else f"{models}, {view.state}"


def models_menu(provider: str, models: Sequence[str], typed: str) -> Menu | None:
    """As asked, each of the models, or ``typed``; None when they are too many, or not known."""
    if not models or len(models) > _FEW:
        return None
    choices: list[Choice] = [("0", "the model that was asked for", "")]
    choices += [(str(at), clean(model), model) for at, model in enumerate(models, 1)]
    choices.append(("/", "type another model", typed))
    return Menu(f"Send to {clean(provider)} as", choices)


def targets_known(views: Iterable[ProviderView]) -> tuple[str, ...]:
    """Every ``provider/model`` for completion."""
    found = [f"{view.name}/{model}" for view in views for model in view.models]
    return tuple(found[:5_000])
