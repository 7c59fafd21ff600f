"""How the pipeline is at a moment, in as much as a person asks for who is not at its terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from harmonystate.core.silence import Silence


class Condition(NamedTuple):
    """What `/harmony status` tells.

    Attributes:
        waiting: about how many records each group has yet to handle.
        last_report: when the newest report was written; None = there is none.
        silences: those that mute now.
    """

    waiting: Mapping[str, int]
    last_report: datetime | None
    silences: Sequence[Silence]
