"""The help overlay: every key, made from the bindings themselves; typing searches."""

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from llmgate_tui.filter_terms import FIELDS
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.widgets.choices import Choices
from llmgate_tui.widgets.clean_input import CleanInput
from llmgate_tui.widgets.key_line import spelled

FILTER_HELP = (
    ("claude", "a part of any name"),
    ("model:claude*", "a glob; = exact, /regex/ or ~regex"),
    ("status:(4xx, >=500)", "one of a list"),
    ("ttft:>2s cost:>0.05", "numbers and times compare"),
    ("state:live  -client:codex", "live, ok, error, cut ...; - or ! negates"),
    ("a or (b c)", "or, parentheses; side by side is and"),
    ("since:5m marked retry tool err", "ages and flags"),
    ("err since:yesterday until:today", "days, 2026-11-20, 14:30; older ones come from the store"),
    ('body:"some words"  h:x-team=a', "looked for in the store: request, answer, headers"),
    ('text:umbrella  text:"in a row"', "words of request and answer, by the store's index"),
    ("marked  tag:slow  note:why  replay:*", "what you keep; parent:ID are its replays"),
    ('limit:"key ide"  queued:>2s', "what a limit of yours refused or held"),
)
_KEYS = [("esc", "close", "leave"), ("page down", "", "scroll(10)"), ("page up", "", "scroll(-10)")]


def signs(glyphs: Glyphs) -> tuple[tuple[str, str], ...]:
    """What the list is written with, as this terminal shows it."""
    failed, gone = glyphs.failed, glyphs.cancelled
    return (
        (f"{glyphs.streaming} 200", "streaming; its figures still grow"),
        (f"{glyphs.waiting} wait", "sent, no answer yet"),
        (
            f"{failed} cut  {failed} error  {failed} 404",
            "broke off, failed: the detail says why and what to do",
        ),
        (f"{glyphs.queued} queue", "held by a limit of yours until there is room"),
        (f"{gone} gone  {gone} stopped", "the caller left before the end; ended from a terminal"),
        ("429 own  budget", "refused by a limit of yours, not the provider's"),
        (
            f"fast {glyphs.arrow} llama-3.3",
            "the model asked for, and the one asked of the provider",
        ),
        ("48~", "an estimate; without the sign it was reported"),
        ("-", "unknown, or none"),
        ("P  E", "sent again by a replay, or edited before: its parent is in the summary"),
        ("T  R2  x3", "tools were called; second attempt; third equal request in a row"),
        (f"{glyphs.mark}  {glyphs.note}  {glyphs.tag}", "marked; it has a note; it has tags"),
    )


class Entry(msgspec.Struct, frozen=True):
    """One line of the help."""

    id: str
    keys: str
    text: str


class Section(msgspec.Struct, frozen=True):
    """A title and its lines."""

    title: str
    entries: list[Entry]


def section(title: str, bindings: Iterable[BindingType], *, plain: bool = False) -> Section:
    """The lines of a widget's bindings, in their order; ``plain`` for an ASCII terminal."""
    entries = [
        Entry(
            binding.id or "",
            " ".join(spelled(key, plain=plain) for key in binding.key.split(",")),
            binding.tooltip or binding.description,
        )
        for binding in bindings
        if isinstance(binding, Binding)
    ]
    return Section(title, entries)


class Help(ModalScreen[None]):
    """Keys by section, and how filters are written."""

    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help > Vertical { width: 90%; max-width: 84; height: 90%; background: $panel; padding: 1 2; }
    Help Input { background: $panel; border: none; padding: 0; height: 1; margin-bottom: 1; }
    Help Input:focus { background: $panel; background-tint: $panel 0%; border: none; }
    Help VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    Help Static { height: auto; }
    Help #help-keys { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="help.leave", tooltip="Close the help"),
        Binding("down", "scroll(1)", "Down", id="help.down", tooltip="Scroll down", show=False),
        Binding("up", "scroll(-1)", "Up", id="help.up", tooltip="Scroll up", show=False),
        Binding(
            "pagedown", "scroll(10)", "Down", id="help.pagedown", tooltip="A page down", show=False
        ),
        Binding("pageup", "scroll(-10)", "Up", id="help.pageup", tooltip="A page up", show=False),
    ]

    def __init__(self, sections: list[Section], glyphs: Glyphs) -> None:
        super().__init__()
        self._sections = sections
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """A search field and the text."""
        with Vertical():
            yield CleanInput("type to search the keys", id="help-search")
            with VerticalScroll(can_focus=False):
                yield Static(self._content(""), id="help-text", markup=False)
            yield Choices(_KEYS, id="help-keys")

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self.query_one("#help-text", Static).update(self._content(event.value.strip().lower()))

    def _content(self, wanted: str) -> Content:
        lines: list[Content] = []
        for part in self._all():
            found = [
                entry
                for entry in part.entries
                if wanted in f"{part.title} {entry.keys} {entry.text} {entry.id}".lower()
            ]
            if found:
                lines += [Content(""), Content.styled(part.title, "bold $accent")]
                lines += [
                    Content.assemble(f"{entry.keys:<30} ", (entry.text, "$quiet"))
                    for entry in found
                ]
        return Content("\n").join(lines[1:] or [Content.styled("nothing matches", "$quiet")])

    def _all(self) -> list[Section]:
        examples = [Entry("", example, text) for example, text in FILTER_HELP]
        examples.append(Entry("", "fields", " ".join(FIELDS)))
        shown = [Entry("", sign, text) for sign, text in signs(self._glyphs)]
        return [*self._sections, Section("Filter", examples), Section("Signs", shown)]

    def action_leave(self) -> None:
        """Back."""
        _ = self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Moves the text."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
