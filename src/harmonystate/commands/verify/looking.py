"""Reads everything once: how far each stage has come first, then causes, then effects.

In this order a stage that goes on meanwhile never seems to have lost something: what a record below its committed
offsets leads to was there before we read them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from harmonystate.config import Config
from harmonystate.core.audit import TABLE, Audit, Extent, Stores
from harmonystate.core.dead_letter import read_burial
from harmonystate.core.delivery import is_silenced
from harmonystate.core.findings import Findings
from harmonystate.core.forgotten import Forgotten
from harmonystate.core.moments import from_ms, to_ms
from harmonystate.core.replay import is_returned
from harmonystate.core.report_index import GLOBAL1, GLOBAL2
from harmonystate.core.verdict import SETTLED, Terms, judge
from harmonystate.core.windows import EVERYTHING, Window
from harmonystate.edges.cassandra.forgotten import read_forgotten
from harmonystate.edges.cassandra.reports import hours_with_reports, read_rows
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.plans import readers_of
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.kafka.survey import Surveyor

if TYPE_CHECKING:
    from cassandra.cluster import Session

# A report of the window was written at most so long before its event time; one of a farther future is left out.
AHEAD = timedelta(hours=1)
HOUR_MS = 3_600_000
_T = TypeVar("_T")  # PEP 695 needs Python 3.12


def look(
    config: Config, session: "Session", window: Window, *, now: datetime, limit: int, meter: Meter
) -> tuple[dict[str, int], Findings, Forgotten]:
    """Return how much was read of each store, what is wrong, and the ids of forgotten persons."""
    forgotten = read_forgotten(session)
    stores = Stores(**config.kafka.topics.model_dump(include=set(Stores._fields)))
    audit = Audit(stores, threshold=config.alerts.threshold, window=window, forgotten=forgotten, limit=limit)
    eyes = _Look(config, audit, now=now, meter=meter)
    reached = eyes.reached()
    with Surveyor(config.kafka) as surveyor:
        eyes.topics(surveyor)
    extents = surveyor.extents
    eyes.table(session, extents[stores.global2])
    judge(audit, Terms(now, reached, extents, config.cassandra.report_ttl))
    return dict(eyes.seen), audit.findings, forgotten


class _Look:
    def __init__(self, config: Config, audit: Audit, *, now: datetime, meter: Meter) -> None:
        self._config, self._audit, self._meter = config, audit, meter
        self._settled_ms = to_ms(now - SETTLED)
        since = audit.window.since
        self._since = None if since == EVERYTHING.since else since - AHEAD
        self.seen: Counter[str] = Counter()

    def reached(self) -> dict[str, dict[int, int]]:
        """Return each stage's committed offsets by partition."""
        kafka = self._config.kafka
        found = {stage: committed(kafka, stage, topic) for stage, topic in readers_of(kafka.topics).items()}
        return {stage: {part: at for part, (at, _) in offsets.items()} for stage, offsets in found.items()}

    def topics(self, surveyor: Surveyor) -> None:
        """Read the five topics."""
        stores, audit, extents = self._audit.stores, self._audit, surveyor.extents
        sides = {stores.global1: [GLOBAL1], stores.global2: [GLOBAL2]}
        if stores.global1 == stores.global2:
            sides = {stores.global1: [GLOBAL1, GLOBAL2]}
        for topic, there in sides.items():
            for record in self._read(surveyor, topic):
                place, returned = place_of(record), is_returned(record.headers)
                for side in there:
                    audit.see_report(side, place, record.timestamp, record.value, returned=returned)
        for record in self._read(surveyor, stores.alert):
            returned = is_returned(record.headers)
            audit.see_alert(place_of(record), record.timestamp, record.value, returned=returned)
        for record in self._read(surveyor, stores.delivery):
            stray = extents[stores.alert].whole and record.timestamp < self._settled_ms
            alert_id = (record.key or b"").decode(errors="replace")
            audit.see_delivery(place_of(record), alert_id, stray=stray, silenced=is_silenced(record.value))
        for record in self._read(surveyor, stores.dead_letter):
            audit.see_dead_letter(place_of(record), read_burial(record.headers), extents)

    def table(self, session: "Session", read: Extent) -> None:
        """Read the rows of the hours that matter; `read` is how much of global2 was."""
        hours = {from_ms(hour * HOUR_MS) for hour in {ms // HOUR_MS for ms in self._audit.reports.event_ms}}
        if read.whole:
            hours |= set(hours_with_reports(session, self._audit.window))
        for row in self._counted(TABLE, read_rows(session, self._config.cassandra, sorted(hours))):
            self._audit.see_row(row.report, stray=read.whole and row.written_ms < self._settled_ms)

    def _read(self, surveyor: Surveyor, topic: str) -> Iterator[Record]:
        return self._counted(topic, surveyor.read(topic, since=self._since))

    def _counted(self, store: str, items: Iterable[_T]) -> Iterator[_T]:
        self.seen[store] = 0
        for item in self._meter.reading(store, items):
            self.seen[store] += 1
            yield item
