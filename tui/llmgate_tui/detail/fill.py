"""Fills the view with a tab: asks for what it needs, renders, and follows what is still growing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Final

from llmgate.wire.exchanges import Growth
from llmgate_tui.api import ApiProblem
from llmgate_tui.clock import Clock
from llmgate_tui.detail import (
    answer,
    attempts,
    chat,
    events,
    headers,
    prompt,
    request,
    summary,
    timing,
)
from llmgate_tui.detail.request import Body
from llmgate_tui.detail.source import Source
from llmgate_tui.widgets.line_text import Item, Line
from llmgate_tui.widgets.line_view import LineView

_SLOW_BYTES: Final = 100_000  # laying out more than this would be felt
_COMPARED_BYTES: Final = 2_000_000
_WAITING: Final[Line] = [("Nothing has arrived yet.", "quiet")]


class Filler:
    """One tab of one exchange in one view; cancelling ``fill`` stops everything.

    ``again`` means that the same tab is filled once more, so that the reader stays in place.
    """

    def __init__(
        self,
        view: LineView,
        source: Source,
        clock: Clock,
        *,
        raw: bool = False,
        again: bool = False,
    ) -> None:
        self.view = view
        self.source = source
        self.clock = clock
        self.raw = raw
        self.shown = False  # something of this tab is to be seen
        self.problem: list[Line] = []  # what stopped it, below what is shown
        self._again = again
        self._tabs: dict[str, Callable[[], Awaitable[None]]] = {
            "Summary": self._summary,
            "Chat": self._chat,
            "Prompt": self._prompt,
            "Request": self._request,
            "Answer": self._answer,
            "Events": self._events,
            "Headers": self._headers,
            "Timing": self._timing,
            "Attempts": self._attempts,
        }

    async def fill(self, tab: str) -> None:
        """Shows a tab; returns when nothing more will come."""
        await self._tabs[tab]()

    @property
    def _width(self) -> int:
        return self.view.scrollable_content_region.width

    def _put(self, items: Iterable[Item]) -> None:
        self.view.show([*items, *self.problem], keep_place=self._again)
        self.shown = self._again = True

    def say(self, problem: str) -> None:
        """Shows what stopped it below what there is, and keeps it there."""
        line: Line = [("▲ ", "warn"), (problem, "")]
        if self.shown:
            self.problem = [[], line]
            self.view.append_lines(self.problem)
        else:
            self._put([line])

    def redraw_summary(self) -> None:
        """The Summary with what is known now."""
        source = self.source
        now_ms = self.clock.now_ms()
        items = summary.render(source.summary, source.known, source.at_us, self._width, now_ms)
        self._put(items)

    async def _headers(self) -> None:
        self._put(headers.render(await self.source.detail(), self._width))

    async def _attempts(self) -> None:
        self._put(attempts.render(await self.source.detail(), self._width))

    async def _summary(self) -> None:
        self.redraw_summary()
        await self.source.detail()
        self.redraw_summary()
        if self.source.live:
            await self._follow(self._timer())
        elif self.source.summary.chunks > 2:
            await self.source.chunks()
            self.redraw_summary()

    def _timer(self) -> Callable[[Growth], None]:
        """Collects the times of chunks; the stream tells them all from the first one on."""
        at_us: list[int] = []

        def take(growth: Growth) -> None:
            at_us.extend(chunk.at_us for chunk in growth.chunks)
            if growth.chunks:
                self.source.at_us = at_us
                self.redraw_summary()

        return take

    async def _timing(self) -> None:
        detail = await self.source.detail()
        at_us = [chunk.at_us for chunk in await self.source.chunks()]
        self._put(timing.render(detail, at_us, self._width))

    async def _chat(self) -> None:
        live = self.source.live
        conversation = await self.source.chat()
        items = chat.render(conversation, with_answer=not live)
        self._put(items if live else [*items, *self._failure()])
        if live:
            self.view.append_lines([chat.head("assistant", "answer"), []])
            await self._grow(indent="  ")

    async def _prompt(self) -> None:
        diff, before = await self.source.prompt()
        self._put(prompt.render(diff, before, self.clock.moment, self._width))

    async def _answer(self) -> None:
        if self.source.live:
            self._put([_WAITING])
            await (self._follow(self._add_text) if self.raw else self._grow())
        elif self.raw:
            await self._show_body("answer")
        else:
            await self._complete_answer()

    async def _complete_answer(self) -> None:
        conversation = await self.source.chat()
        if conversation.answer or not self.source.summary.response_bytes:
            self._put([*answer.render(conversation), *self._failure()])
        else:  # an error, embeddings, or a protocol that is not read
            await self._show_body("answer")

    def _failure(self) -> list[Line]:
        row = self.source.summary
        if not row.error_type:
            return []
        words = row.error_type.replace("_", " ")
        return [[], [("✗ ", "bad"), (words, "bad"), (f"  {row.error}", "")]]

    async def _grow(self, indent: str = "") -> None:
        growing = answer.Growing(indent)

        def add(growth: Growth) -> None:
            for text, tone in growing.pieces(growth.blocks):
                self._append(text, tone)

        await self._follow(add)

    def _add_text(self, growth: Growth) -> None:
        for chunk in growth.chunks:
            self._append(chunk.text, "")

    def _append(self, text: str, tone: str) -> None:
        if self.view.text.texts == [_WAITING[0][0]]:
            self.view.show([])
        self.view.append(text, tone)

    async def _events(self) -> None:
        transport = self.source.summary.transport
        if not self.source.live:
            chunks = await self.source.chunks()
            items = events.render(chunks, transport, self._width)
            left = self.source.summary.chunks - len(chunks)
            if left > 0:
                items.append([(f"… {left} chunks more", "quiet")])
            self._put(items)
            return
        table = events.EventTable(transport, self._width)
        self._put([table.head])
        await self._follow(lambda growth: self.view.append_lines(table.rows(growth.chunks)))

    async def _request(self) -> None:
        detail = await self.source.detail()
        if not detail.request_kept:
            self._put([[("The body was not kept: recording.bodies, or its age.", "quiet")]])
            return
        await self._show_body("request")

    async def _show_body(self, part: request.Part) -> None:
        data = await self.source.body(part)
        sent = await self._sent() if part == "request" and len(data) < _COMPARED_BYTES else None
        if len(data) > _SLOW_BYTES:
            body = await asyncio.to_thread(request.render, data, sent, raw=self.raw)
        else:
            body = request.render(data, sent, raw=self.raw)
        self._show(body)

    async def _sent(self) -> bytes | None:
        """What the provider got; nothing when it got nothing, or when that was not kept."""
        if not self.source.summary.provider:
            return None
        try:
            return await self.source.body("sent")
        except ApiProblem:
            return None

    def _show(self, body: Body) -> None:
        above: list[Line] = [[(body.note, "quiet")], []] if body.note else []
        self.shown = True
        self.view.show_text(body.text, body.colour, above=above)

    async def _follow(self, take: Callable[[Growth], None]) -> None:
        """Hands over everything that is added, until the exchange is done."""
        async with aclosing(self.source.stream()) as stream:
            async for growth in stream:
                take(growth)
                if growth.done:
                    self.view.flush()
                    return
        self.view.append("\n")
        self.view.append_lines([[("▲ ", "warn"), ("The gateway stopped telling more.", "warn")]])
