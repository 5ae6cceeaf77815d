"""The Config screen: the file, its problems, the draft, its history."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class ConfigBody(Body):
    """Config."""

    TITLE: ClassVar[str] = "Config"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="config")
        self.desk = desk
