"""The form of the Replay screen: where to send, how often, with what changed; a row is a field."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from llmgate.wire.gateway import ProviderView
from llmgate_tui.desk import Desk
from llmgate_tui.replay_plan import (
    SETTINGS,
    Plan,
    changed,
    check,
    check_other,
    check_target,
    nudged,
    shown,
    text_of,
    with_item,
)
from llmgate_tui.screens.form import Field, Form, Values
from llmgate_tui.screens.replay_keys import FORM_COLUMNS
from llmgate_tui.screens.replay_targets import able, models_menu, providers_menu, targets_known
from llmgate_tui.screens.review import asked
from llmgate_tui.text import clean
from llmgate_tui.widgets.grid import Grid, GridRow

ADD: Final = "to:"
START: Final = "start"
_FIELD: Final = "set:"
_TYPED: Final = "\n"  # no provider has such a name
_LISTS: Final = {ADD: "targets", _FIELD: "others"}


class ReplayForm(Vertical):
    """Owns the plan; posts ``Changed``. What is asked lies over the screen for a moment."""

    DEFAULT_CSS = "ReplayForm { height: auto; } ReplayForm Grid { height: 12; }"

    class Changed(Message):
        """The plan is another one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay-form")
        self.desk = desk
        self.plan = Plan()
        self.protocols: set[str] = set()  # of what is to be sent
        self.grid = Grid(FORM_COLUMNS, id="replay-settings", ellipsis=desk.glyphs.ellipsis)

    def compose(self) -> ComposeResult:
        """One table."""
        yield self.grid

    def on_mount(self) -> None:
        """As usual."""
        self.redraw()

    def take(self, plan: Plan) -> None:
        """Another plan."""
        if plan != self.plan:
            self.plan = plan
            self.redraw()
            self.post_message(self.Changed())

    def redraw(self) -> None:
        """A row for each target, setting and field."""
        plan = self.plan
        rows = [GridRow(f"{ADD}{one}", ["to", (clean(one), "accent")]) for one in plan.targets]
        more = "another provider or model" if plan.targets else "choose a provider"
        rows.append(GridRow(ADD, ["" if plan.targets else "to", (f"+ {more}", "quiet")]))
        for field, (label, _) in SETTINGS.items():
            value, own = shown(plan, field)
            rows.append(GridRow(field, [label, (value, "plain" if own else "quiet")]))
        rows += [GridRow(f"{_FIELD}{one}", ["with", clean(one)]) for one in plan.others]
        rows.append(GridRow(_FIELD, ["", ("+ another field of the request", "quiet")]))
        glyph = self.desk.glyphs.streaming
        rows.append(GridRow(START, [(f"{glyph} start", "strong"), ("", "quiet")]))
        self.grid.set_rows(rows)
        self.grid.styles.max_height = len(rows) + 1

    # -- changing --------------------------------------------------------------

    def nudge(self, by: int) -> None:
        """The count under the cursor."""
        self.take(nudged(self.plan, self.grid.selected, by))

    def drop(self) -> bool:
        """The target or field under the cursor; False when it stands on neither."""
        kind, item = self._item()
        if not item:
            return False
        self.take(with_item(self.plan, _LISTS[kind], item, ""))
        return True

    async def edit(self) -> None:
        """What is under the cursor."""
        kind, item = self._item()
        if kind == ADD and not item:
            await self.add_target()
        elif kind:
            await self._type_item(kind, item)
        elif self.grid.selected in SETTINGS:
            await self._type_setting(self.grid.selected)

    def _item(self) -> tuple[str, str]:
        for kind in _LISTS:
            if self.grid.selected.startswith(kind):
                return kind, self.grid.selected.removeprefix(kind)
        return "", ""

    async def add_target(self) -> None:
        """A provider from a list, then a model, or both typed."""
        views = able(self._views(), self.protocols)
        provider = await asked(self, providers_menu(views, self.protocols, _TYPED))
        if provider == _TYPED:
            await self._type_item(ADD, "")
        elif provider is not None:
            view = self.desk.traffic.providers.get(provider)
            model = await self._model(provider, list(view.models) if view is not None else [])
            if model is not None:
                self._put(ADD, "", f"{provider}/{model}" if model else provider)

    async def _model(self, provider: str, models: list[str]) -> str | None:
        menu = models_menu(provider, models, _TYPED)
        model = _TYPED if menu is None else await asked(self, menu)
        if model != _TYPED:
            return model
        field = Field("model", "model", "", "empty: as it was asked", models[:2_000])
        values = await asked(self, Form(f"Send to {clean(provider)}", [field], lambda _: ""))
        return None if values is None else values["model"]

    async def _type_item(self, kind: str, item: str) -> None:
        verify: Callable[[Values], str]
        if kind == ADD:
            known = targets_known(self._views())
            field = Field("item", "provider/model", item, "groq/llama-3.3-70b", known)
            others = [one for one in self.plan.targets if one != item]
            names = list(self.desk.traffic.providers)
            verify = partial(_checked, partial(check_target, taken=others, providers=names))
        else:
            field = Field("item", "field=value of the request", item, "reasoning.effort=low")
            others = [one for one in self.plan.others if one != item]
            verify = partial(_checked, partial(check_other, taken=others))
        title = "Send to" if kind == ADD else "Send with"
        values = await asked(self, Form(title, [field], verify))
        if values is not None:
            self._put(kind, item, values["item"])

    def _put(self, kind: str, old: str, new: str) -> None:
        items = getattr(self.plan, _LISTS[kind])
        if new in items:
            self.notify(f"{clean(new)} is there already", timeout=3, markup=False)
        else:
            self.take(with_item(self.plan, _LISTS[kind], old, new))
        self.grid.select(START if kind == ADD and not old else f"{kind}{new}")

    async def _type_setting(self, field: str) -> None:
        label, hint = SETTINGS[field]
        entry = Field(field, f"{label}: {hint}", text_of(self.plan, field))
        form = Form("Send it", [entry], lambda values: check(field, values[field]))
        values = await asked(self, form)
        if values is not None:
            self.take(changed(self.plan, field, values[field]))

    def _views(self) -> Iterable[ProviderView]:
        return self.desk.traffic.providers.values()


def _checked(verify: Callable[[str], str], values: Values) -> str:
    return verify(values["item"])
