"""What the dashboard knows at one moment: what the topics say, what the tables say, and who does not answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from harmonystate.core.answers import Point, Question
from harmonystate.core.newest import Heard, Told
from harmonystate.core.pipeline import Arrow, of_store, unknown
from harmonystate.core.ranking import Ranked


class Outage(NamedTuple):
    """A service that does not answer: since when, and what is wrong and what to do, in one line."""

    since: datetime
    why: str


class Service(NamedTuple):
    """A service.

    Attributes:
        name: as people write it; at: its addresses.
        answered: whether it ever has; outage: None = it answers, or has not been asked to the end yet.
    """

    name: str
    at: str
    answered: bool = False
    outage: Outage | None = None


class Stream(NamedTuple):
    """What the topics say.

    Attributes:
        alerts: the newest first; drones: where each was heard last.
    """

    arrows: Sequence[Arrow]
    alerts: Sequence[Told]
    drones: Sequence[Heard]


class Saved(NamedTuple):
    """What the tables say.

    Attributes:
        saddest: of the latest window, by rank.
        series: by question, the points of the last days, rising in time.
        dirty_hours: hours that have changed since they were analysed.
        written_at: when ingest last wrote; analyzed_at: when analyze last did; None = never.
    """

    saddest: Sequence[Ranked]
    series: Mapping[Question, Sequence[Point]]
    dirty_hours: int
    written_at: datetime | None
    analyzed_at: datetime | None


class Snapshot(NamedTuple):
    """All of it; what a service said last stays while it is away, None = it has said nothing yet."""

    kafka: Service
    cassandra: Service
    stream: Stream | None = None
    saved: Saved | None = None


def arrows_of(snapshot: Snapshot, now: datetime) -> list[Arrow]:
    """Return every arrow of the picture; of a service that is away nothing is known."""
    known: list[Arrow] = []
    if snapshot.stream and not snapshot.kafka.outage:
        known += snapshot.stream.arrows
    if snapshot.saved and not snapshot.cassandra.outage:
        written, analyzed = snapshot.saved.written_at, snapshot.saved.analyzed_at
        known += [
            of_store("ingest", "report", last=written, now=now),
            of_store("report", "analyze", last=analyzed, now=now, dirty_hours=snapshot.saved.dirty_hours),
            of_store("analyze", "statistics", last=analyzed, now=now),
        ]
    by_ends = {(arrow.source, arrow.target): arrow for arrow in known}
    return [by_ends.get((arrow.source, arrow.target), arrow) for arrow in unknown()]
