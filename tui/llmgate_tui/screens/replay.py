"""The Replay screen: says what will be here."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class ReplayBody(Body):
    """Replay."""

    TITLE: ClassVar[str] = "Replay"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="replay")
        self.desk = desk
