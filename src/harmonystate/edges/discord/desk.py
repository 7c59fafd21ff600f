"""What people in the channel may ask of the program; commands/alert_bot/desk.py answers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from harmonystate.core.condition import Condition
from harmonystate.core.matchers import Matchers
from harmonystate.core.ranking import Ranked
from harmonystate.core.silence import Silence


class Wish(NamedTuple):
    """A silence that somebody wants.

    Attributes:
        identity: what is asked for twice under one id is one silence; None = a new one.
    """

    matchers: Matchers
    lasts: timedelta
    author: str
    comment: str = ""
    identity: str | None = None


class Desk(Protocol):
    """Its methods may take a while, and raise a HarmonyError that says what is away."""

    def silence(self, wish: Wish) -> Silence:
        """Mute what matches."""
        ...

    def silences(self) -> Sequence[Silence]:
        """Return those that mute now."""
        ...

    def condition(self) -> Condition:
        """Return how the pipeline is."""
        ...

    def saddest(self) -> Sequence[Ranked]:
        """Return the last analysis's list, first rank first."""
        ...
