"""Where alerts are told, as the loop sees it: edges/discord/sink.py and edges/console/cards.py are such."""

from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import Rules
from harmonystate.core.message import Edit, Message
from harmonystate.core.routes import Target

# What goes wrong comes as an Undelivered, or as a HarmonyError that is to end the process.
Answer = Future[list[Posted]]


class Sink(Rules, Protocol):
    """One or more channels."""

    def target_of(self, raised: RaisedAlert) -> Target:
        """Return where an alert is told."""
        ...

    def wait_s(self, channel_id: str, told: Message | Edit | None = None) -> float:
        """Return how long to wait before this, or some message, may be told; 0 = now."""
        ...

    def tell(self, channel_id: str, told: Message | Edit) -> Answer:
        """Try once to tell; what stands in the channel then may be an earlier message of the same nonce."""
        ...

    def say(self, text: str, nonce: str) -> Answer:
        """Try once to say something that is no alert; the same nonce is said once."""
        ...

    def posted_since(self, channel_id: str, moment: datetime) -> Answer:
        """Look up our messages in the channel that may show an alert raised at `moment` or later."""
        ...
