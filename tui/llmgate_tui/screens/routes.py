"""The Routes screen: targets, weights and shares, edited as a draft."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class RoutesBody(Body):
    """Routes."""

    TITLE: ClassVar[str] = "Routes"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="routes")
        self.desk = desk
