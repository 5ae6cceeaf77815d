"""What every screen needs at hand: the gateway, what is known of it, the time, the draft."""

import msgspec

from llmgate_tui.api import Api
from llmgate_tui.clock import Clock
from llmgate_tui.draft import Draft
from llmgate_tui.glyphs import Glyphs
from llmgate_tui.keeping import Keeping
from llmgate_tui.replaying import Replaying
from llmgate_tui.state import Traffic
from llmgate_tui.steering import Steering


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """One for the whole application; ``traffic`` holds status, providers and notices too."""

    api: Api
    steering: Steering
    replaying: Replaying
    keeping: Keeping
    traffic: Traffic
    clock: Clock
    glyphs: Glyphs
    address: str
    draft: Draft
