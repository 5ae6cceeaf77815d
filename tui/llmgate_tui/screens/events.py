"""The Events screen: what happened to the gateway itself."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class EventsBody(Body):
    """Events."""

    TITLE: ClassVar[str] = "Events"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="events")
        self.desk = desk
