"""The Providers screen: how each is doing, and what can be done about it."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class ProvidersBody(Body):
    """Providers."""

    TITLE: ClassVar[str] = "Providers"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="providers")
        self.desk = desk
