"""What stands where: takes in every record and row once, and notes at once what only a second look could show.

What should stand where, and does not, is found in the end by `verdict.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from harmonystate.core import ids
from harmonystate.core.alert import alert_from
from harmonystate.core.dead_letter import Burial
from harmonystate.core.findings import Case, Findings, Kind, Remedy
from harmonystate.core.forgotten import Forgotten, without
from harmonystate.core.moments import from_ms, to_ms
from harmonystate.core.record import Place
from harmonystate.core.report import Report
from harmonystate.core.report_index import GLOBAL1, GLOBAL2, ReportIndex, key_of
from harmonystate.core.windows import EVERYTHING, Window
from harmonystate.core.wire import NotAReport, decode_alert, decode_report

TABLE = "table report"
# Who buries what is no report, or no alert, of which topic.
STREAM_ALERTS, INGEST, ALERT_BOT = "stream-alerts", "ingest", "alert-bot"
STAGES = (STREAM_ALERTS, INGEST)


class Stores(NamedTuple):
    """The names of the topics; the two global ones may be one."""

    global1: str
    global2: str
    alert: str
    dead_letter: str
    delivery: str


class Extent(NamedTuple):
    """How much of a topic was read.

    Attributes:
        floor_ms: what was written up to then may be gone, or was not read; below 0 = all that ever was is there.
        ranges: by partition, the first offset that was read and the one behind the last.
    """

    floor_ms: int
    ranges: Mapping[int, tuple[int, int]]

    @property
    def whole(self) -> bool:
        """Whether all that was ever written was read."""
        return self.floor_ms < 0

    def holds(self, place: Place) -> bool:
        """Say whether the record at `place` was read, if there is one."""
        first, end = self.ranges.get(place.partition, (0, 0))
        return first <= place.offset < end


class Told(Struct):
    """An alert, and what became of it."""

    place: Place
    written_ms: int
    of_report: bytes
    deliveries: int = 0


class Letter(Struct):
    """A record that must have a dead letter, and how many it has."""

    place: Place
    stage: str
    written_ms: int
    letters: int = 0


class Audit:
    """All that stands in the topics and in the table, as far as a verdict needs it.

    Args:
        window: reports of other event times are left out, and malformed records that were written at other times.
        forgotten: ids (`core.forgotten`) of persons whom no row is to name.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        threshold: int,
        window: Window = EVERYTHING,
        forgotten: Forgotten = MappingProxyType({}),
        limit: int = 20,
    ) -> None:
        self.stores, self.window = stores, window
        self.findings = Findings(limit=limit)
        self.reports = ReportIndex()
        self.alerts: dict[bytes, Told] = {}
        self.letters: dict[tuple[str, Place], Letter] = {}
        self.refused: set[Place] = set()
        self._replaced: set[Place] = set()
        self._ambiguous: set[int] = set()
        self._topics = (stores.global1, stores.global2)
        self._threshold, self._forgotten = threshold, forgotten

    def see_report(
        self, side: int, place: Place, written_ms: int, value: bytes | None, *, returned: bool = False
    ) -> None:
        """Take in a record of GLOBAL1 or GLOBAL2; where they are one topic, once for each.

        One that is `returned` (`core.replay`) stands for the record that was buried, if that has come to be a report.
        """
        try:
            report = decode_report(value)
        except NotAReport:
            self._expect_letter(STAGES[side], place, written_ms)
            return
        if report.time not in self.window:
            return
        row = self._row_of(report, self._topics[side], place)
        if self.reports.stands(row, side):
            first = self.reports.place(row, side, place.topic)
            if returned:
                self._replaced.add(first)
            else:
                if side == GLOBAL1 or self._topics[0] != self._topics[1]:
                    self.findings.add(Case(Kind.DOUBLED, place.topic, report.report_id, (first, place)))
                return
        self.reports.put(row, side, partition=place.partition, offset=place.offset, written_ms=written_ms)

    def see_alert(self, place: Place, written_ms: int, value: bytes | None, *, returned: bool = False) -> None:
        """Take in a record of the topic alert; one that is `returned` stands for the one that was buried."""
        try:
            raised = decode_alert(value)
        except NotAReport:
            self._expect_letter(ALERT_BOT, place, written_ms)
            return
        report = raised.alert.report
        if report.time not in self.window:
            return
        key = key_of(raised.alert_id)
        if (known := self.alerts.get(key)) and not returned:
            self.findings.add(Case(Kind.DOUBLED, place.topic, raised.alert_id, (known.place, place)))
            return
        self.alerts[key] = Told(place, written_ms, key_of(report.report_id))
        if raised.alert_id != ids.alert_id(report.report_id):
            self._disagree(place.topic, raised.alert_id, place, "the alertId is not that of its report")
        row = self.reports.find(key_of(report.report_id))
        if row is not None and self.reports.digest[row] != self._digest(report):
            self._disagree(place.topic, raised.alert_id, place, "differs from its report")

    def see_delivery(self, place: Place, alert_id: str, *, stray: bool, silenced: bool = False) -> None:
        """Take in a record of the topic delivery; `stray` says that an alert of its time must have been seen.

        One that is `silenced` accounts for its alert as any other does.
        """
        told = self.alerts.get(_key_or_none(alert_id))
        if told is None:
            if stray and self.window == EVERYTHING:
                self.findings.add(Case(Kind.STRAY, place.topic, alert_id, (place,), "no such alert was read"))
            return
        told.deliveries += 1
        self.findings.silenced += silenced
        if told.deliveries > 1:
            self.findings.add(Case(Kind.DOUBLED, place.topic, alert_id, (told.place, place)))

    def see_dead_letter(self, place: Place, burial: Burial | None, sources: Mapping[str, Extent]) -> None:
        """Take in a record of the topic dead-letter; `sources` says what was read of the topics that it may name."""
        if burial is None:
            self._disagree(place.topic, "", place, "does not say which record it keeps")
            return
        letter = self.letters.get((burial.stage, burial.place))
        if letter is not None:
            letter.letters += 1
            if letter.letters > 1:
                detail = f"by {burial.stage}"
                self.findings.add(Case(Kind.DOUBLED, place.topic, "", (burial.place, place), detail))
        elif burial.stage == ALERT_BOT:
            self.refused.add(burial.place)
        elif burial.place in self._replaced:
            return
        elif self.window == EVERYTHING and (read := sources.get(burial.place.topic)) and read.holds(burial.place):
            detail = f"{burial.stage} buried what is a report: `harmony dead-letters replay` sends it back"
            self.findings.add(Case(Kind.DISAGREEING, place.topic, "", (burial.place, place), detail))

    def see_row(self, report: Report, *, stray: bool) -> None:
        """Take in a row of the table report; `stray` says that a report of its time must have been seen."""
        row = self.reports.find(key_of(report.report_id))
        if row is None:
            if stray:
                self.findings.add(Case(Kind.STRAY, TABLE, report.report_id, (), "no such report was read"))
            return
        if self.reports.count_row(row) > 1:
            self.findings.add(Case(Kind.DOUBLED, TABLE, report.report_id))
        if self.reports.digest[row] != self._digest(report):
            self._disagree_with_report(row, report)
        elif without(report, self._forgotten) is not report and self.reports.stands(row, GLOBAL2):
            place = self.reports.place(row, GLOBAL2, self.stores.global2)
            case = Case(Kind.DISAGREEING, TABLE, report.report_id, (place,), "names somebody who is to be forgotten")
            self.findings.add(case, Remedy("store", TABLE))

    def _row_of(self, report: Report, topic: str, place: Place) -> int:
        key, digest = key_of(report.report_id), self._digest(report)
        row = self.reports.find(key)
        if row is None:
            sad = alert_from(report, threshold=self._threshold) is not None
            event_ms = to_ms(report.time)
            return self.reports.add(key, event_ms=event_ms, drone_id=report.drone_id, digest=digest, sad=sad)
        if self.reports.digest[row] != digest:
            self._ambiguous.add(row)
            self._disagree(topic, report.report_id, place, "another report of the same id differs")
        return row

    def _digest(self, report: Report) -> int:
        """Return what two reports share only if they are the same, forgotten persons aside."""
        return hash(without(report, self._forgotten))

    def _expect_letter(self, stage: str, place: Place, written_ms: int) -> None:
        if self.window == EVERYTHING or from_ms(written_ms) in self.window:
            self.letters[stage, place] = Letter(place, stage, written_ms)

    def _disagree_with_report(self, row: int, stored: Report) -> None:
        """Note a row of other content than its report's, which overwrites it where that is safe."""
        case = Case(Kind.DISAGREEING, TABLE, stored.report_id, (), "differs from its report")
        if not self.reports.has_key_of(row, stored):
            case = case._replace(detail="cannot be mended: has the drone or the time of another report")
        elif row in self._ambiguous:
            case = case._replace(detail="cannot be mended: there are two different reports of its id")
        elif self.reports.stands(row, GLOBAL2):
            place = self.reports.place(row, GLOBAL2, self.stores.global2)
            self.findings.add(case._replace(places=(place,)), Remedy("store", TABLE))
            return
        self.findings.add(case)

    def _disagree(self, store: str, identity: str, place: Place, detail: str) -> None:
        self.findings.add(Case(Kind.DISAGREEING, store, identity, (place,), detail))


def _key_or_none(identity: str) -> bytes:
    try:
        return key_of(identity)
    except ValueError:
        return b""
