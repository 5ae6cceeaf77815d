"""The Spend screen: money and tokens by name and time."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class SpendBody(Body):
    """Spend."""

    TITLE: ClassVar[str] = "Spend"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="spend")
        self.desk = desk
