"""The pipeline as arrows: what passes along each, what waits before it, since when, and whether it stalls."""

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from harmonystate.core.flow import STALLED_AFTER_S, Flow

# A writer that is silent for longer is shown as quiet, which need not be a fault.
QUIET_AFTER_S = 60.0


class State(Enum):
    """What becomes of an arrow."""

    FLOWS = "flows"
    QUIET = "quiet"
    STALLS = "stalls"
    UNKNOWN = "unknown"


class Arrow(NamedTuple):
    """What goes from one node of the picture to another.

    Attributes:
        rate: records per second; None = nobody counts them.
        lag: how much waits before it, about; None = nothing can.
        unit: of the lag.
        age_s: how long ago the last one passed; before a reader, how long the oldest has waited. None = unknown.
        total: about how many have passed, where that is told.
    """

    source: str
    target: str
    rate: float | None = None
    lag: int | None = None
    unit: str = "records"
    age_s: float | None = None
    total: int | None = None
    state: State = State.UNKNOWN


# In the order in which a report meets them.
ARROWS = (
    ("produce", "global1"),
    ("global1", "stream-alerts"),
    ("stream-alerts", "alert"),
    ("alert", "alert-bot"),
    ("alert-bot", "delivery"),
    ("produce", "global2"),
    ("global2", "ingest"),
    ("ingest", "report"),
    ("report", "analyze"),
    ("analyze", "statistics"),
    ("stages", "dead-letter"),
)


def unknown() -> list[Arrow]:
    """Return every arrow, of which nothing is known."""
    return [Arrow(source, target) for source, target in ARROWS]


def into_topic(
    source: str, target: str, *, rate: float, last: datetime | None, now: datetime, total: int | None = None
) -> Arrow:
    """Return what a process writes into a topic; `last` is when the newest record was written, None = there is none."""
    age_s = max(0.0, (now - last).total_seconds()) if last else None
    is_quiet = age_s is None or age_s > QUIET_AFTER_S
    return Arrow(source, target, rate, age_s=age_s, total=total, state=State.QUIET if is_quiet else State.FLOWS)


def out_of_topic(flow: Flow, source: str, group: str) -> Arrow:
    """Return what a group reads of a topic; it stalls when it gets nothing done though something waits."""
    rate, lag = flow.handled(group), flow.lag(group)
    moves = State.FLOWS if rate or lag else State.QUIET
    state = State.STALLS if flow.stalls_s(group) > STALLED_AFTER_S else moves
    return Arrow(source, group, rate, lag, age_s=flow.waits_s(group), state=state)


def of_store(
    source: str, target: str, *, last: datetime | None, now: datetime, dirty_hours: int | None = None
) -> Arrow:
    """Return what goes into a table and out of it; `last` is when it did, None = never."""
    age_s = max(0.0, (now - last).total_seconds()) if last else None
    state = State.QUIET if age_s is None or age_s > QUIET_AFTER_S else State.FLOWS
    return Arrow(source, target, lag=dirty_hours, unit="hours", age_s=age_s, state=state)
