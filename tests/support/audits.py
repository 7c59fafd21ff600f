"""An audit of records that stand in lists, for tests of the verdict."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from harmonystate.core import ids
from harmonystate.core.alert import alert_from
from harmonystate.core.audit import Audit, Extent, Stores
from harmonystate.core.dead_letter import bury, read_burial
from harmonystate.core.moments import to_ms
from harmonystate.core.record import Place
from harmonystate.core.report import Person, Report
from harmonystate.core.verdict import Terms, judge
from harmonystate.core.windows import EVERYTHING
from harmonystate.core.wire import NotAReport, encode_alert, encode_report

STORES = Stores("global1", "global2", "alert", "dead-letter", "delivery")
NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
WRITTEN = NOW - timedelta(minutes=30)
ALL = Extent(-1, {0: (0, 1_000)})


def report(number: int, *scores: int, time: datetime = WRITTEN, words: tuple[str, ...] = ("tax",)) -> Report:
    """Return report `number`: persons of these scores."""
    persons = tuple(Person(f"First{at}", "Last", score) for at, score in enumerate(scores or (5,)))
    return Report(ids.report_id("run", 7, number), 7, time, 48.5, 2.5, persons, words)


def alert(of: Report, threshold: int = 2) -> bytes:
    """Return the record of a report's alert."""
    raised = alert_from(of, threshold=threshold)
    assert raised is not None
    return encode_alert(raised, encode_report(of), threshold=threshold, raised_at=WRITTEN)


class Stage:
    """Five topics and a table as lists; `judged` looks at them as `harmony verify` does.

    By default it holds a sad report, a calm one and a malformed record, each with all that they lead to.
    """

    def __init__(self) -> None:
        self.sad, self.calm = report(1, 1, 8), report(2, 5)
        self.global1: list[bytes | Report] = [self.sad, self.calm, b"{"]
        self.global2: list[bytes | Report] = [self.sad, self.calm, b"{"]
        self.alerts: list[bytes] = [alert(self.sad)]
        self.deliveries = [ids.alert_id(self.sad.report_id)]
        self.silenced: set[str] = set()
        self.letters = [("stream-alerts", Place("global1", 0, 2)), ("ingest", Place("global2", 0, 2))]
        self.rows = [self.sad, self.calm]
        self.reached = {"stream-alerts": 3, "ingest": 3, "alert-bot": 1}
        self.returned: set[Place] = set()
        self.written_ms = to_ms(WRITTEN)
        self.extents = dict.fromkeys(STORES, ALL)
        self.now = NOW

    def judged(self, *, window=EVERYTHING, forgotten=MappingProxyType({}), keep=timedelta(days=30), limit=20) -> Audit:
        audit = Audit(STORES, threshold=2, window=window, forgotten=forgotten, limit=limit)
        at = self.written_ms
        for side, records in enumerate((self.global1, self.global2)):
            for offset, record in enumerate(records):
                value = encode_report(record) if isinstance(record, Report) else record
                place = Place(STORES[side], 0, offset)
                audit.see_report(side, place, at, value, returned=place in self.returned)
        for offset, value in enumerate(self.alerts):
            place = Place("alert", 0, offset)
            audit.see_alert(place, at, value, returned=place in self.returned)
        for offset, identity in enumerate(self.deliveries):
            stray, silenced = self.extents["alert"].whole, identity in self.silenced
            audit.see_delivery(Place("delivery", 0, offset), identity, stray=stray, silenced=silenced)
        for offset, (stage, place) in enumerate(self.letters):
            letter = bury(place, None, b"{", NotAReport("no"), stage=stage, at=NOW, topic="dead-letter")
            audit.see_dead_letter(Place("dead-letter", 0, offset), read_burial(letter.headers), self.extents)
        for row in self.rows:
            audit.see_row(row, stray=self.extents["global2"].whole)
        judge(audit, Terms(self.now, {name: {0: end} for name, end in self.reached.items()}, self.extents, keep))
        return audit


def told(audit: Audit) -> Sequence[tuple[str, str, str]]:
    """Return what is wrong: kind, store, id."""
    return [(str(case.kind), case.store, case.id) for case in audit.findings.cases()]
