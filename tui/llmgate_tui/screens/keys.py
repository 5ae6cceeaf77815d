"""The Keys screen: callers' keys and every limit with what is left of it."""

from typing import ClassVar

from llmgate_tui.desk import Desk
from llmgate_tui.screens.body import Body


class KeysBody(Body):
    """Keys."""

    TITLE: ClassVar[str] = "Keys"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="keys")
        self.desk = desk
