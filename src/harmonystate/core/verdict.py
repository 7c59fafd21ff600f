"""What should stand where, and does not: each stage is held to what lies below its committed offsets.

A stage commits its offsets together with, or after, all that a record leads to. So what a record below them should
have led to, and has not, is missing; a record above them waits, and is late once it has waited too long.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from harmonystate.core import ids
from harmonystate.core.audit import ALERT_BOT, INGEST, STREAM_ALERTS, TABLE, Audit, Extent, Letter, Told
from harmonystate.core.findings import RECORD, Case, Kind, Remedy
from harmonystate.core.moments import to_ms
from harmonystate.core.record import Place
from harmonystate.core.report_index import GLOBAL1, GLOBAL2, key_of

# A record that a stage has not come to in so long is late. It also covers what clocks of two hosts differ by.
LATE = timedelta(minutes=5)
# For so long at most a transaction is seen in one topic and not in the other: the broker ends it within 50 s.
SETTLED = timedelta(minutes=1)


class Terms(Struct, frozen=True):
    """What the verdict rests on.

    Attributes:
        now: when the reading began; UTC.
        reached: by stage and partition, the offset that it has committed, read before anything else was.
        extents: what was read of each topic.
        keep: how long the table keeps a report from its event time on.
    """

    now: datetime
    reached: Mapping[str, Mapping[int, int]]
    extents: Mapping[str, Extent]
    keep: timedelta

    @property
    def settled_ms(self) -> int:
        """What was written before is in both topics, or in neither."""
        return to_ms(self.now - SETTLED)


def judge(audit: Audit, terms: Terms) -> None:
    """Add to the audit's findings what is missing and what is late."""
    _Judge(audit, terms).all()


class _Judge:
    def __init__(self, audit: Audit, terms: Terms) -> None:
        self._stores, self._reports, self._alerts = audit.stores, audit.reports, audit.alerts
        self._letters, self._refused, self._findings = audit.letters, audit.refused, audit.findings
        self._terms, self._late_ms = terms, to_ms(terms.now - LATE)
        self._keep_ms = terms.keep // timedelta(milliseconds=1)

    def all(self) -> None:
        for row, key in enumerate(self._reports.keys()):
            report_id = str(UUID(bytes=key))
            if self._reports.stands(row, GLOBAL1):
                self._judge_alert(row, report_id)
            else:
                self._judge_copy(row, report_id, GLOBAL1)
            if self._reports.stands(row, GLOBAL2):
                self._judge_row(row, report_id)
            else:
                self._judge_copy(row, report_id, GLOBAL2)
        for key, told in self._alerts.items():
            self._judge_delivery(str(UUID(bytes=key)), told)
        for letter in self._letters.values():
            self._judge_letter(letter)

    def _judge_copy(self, row: int, report_id: str, side: int) -> None:
        """Judge a report that stands in one of the global topics only."""
        topics = (self._stores.global1, self._stores.global2)
        there, written = self._reports.place(row, 1 - side, topics[1 - side]), self._reports.written_ms(row, 1 - side)
        if not self._floor_ms(topics[side]) < written < self._terms.settled_ms:
            return
        case = Case(Kind.MISSING, topics[side], report_id, (there,))
        if side == GLOBAL1 and key_of(ids.alert_id(report_id)) in self._alerts:
            # A copy would raise the alert once more.
            self._findings.add(case._replace(detail="cannot be mended: its alert is there"))
        else:
            self._findings.add(case, Remedy("copy", topics[side]))

    def _judge_alert(self, row: int, report_id: str) -> None:
        place, written = self._reports.place(row, GLOBAL1, self._stores.global1), self._reports.written_ms(row, GLOBAL1)
        if not self._has_reached(STREAM_ALERTS, place):
            self._wait(STREAM_ALERTS, report_id, place, written)
        elif self._reports.sad[row] and written > self._floor_ms(self._stores.alert):
            alert_id = ids.alert_id(report_id)
            if key_of(alert_id) not in self._alerts:
                case = Case(Kind.MISSING, self._stores.alert, alert_id, (place,), f"of report {report_id}")
                self._findings.add(case, Remedy("raise", self._stores.alert))

    def _judge_row(self, row: int, report_id: str) -> None:
        place, written = self._reports.place(row, GLOBAL2, self._stores.global2), self._reports.written_ms(row, GLOBAL2)
        if not self._has_reached(INGEST, place):
            self._wait(INGEST, report_id, place, written)
        elif not self._reports.rows[row] and not self._is_over(row, written):
            self._findings.add(Case(Kind.MISSING, TABLE, report_id, (place,)), Remedy("store", TABLE))

    def _judge_delivery(self, alert_id: str, told: Told) -> None:
        global1 = self._terms.extents[self._stores.global1]
        if self._reports.find(told.of_report) is None and global1.whole and told.written_ms < self._terms.settled_ms:
            report_id = str(UUID(bytes=told.of_report))
            detail = f"no report {report_id} was read"
            self._findings.add(Case(Kind.STRAY, self._stores.alert, alert_id, (told.place,), detail))
        if told.deliveries or told.place in self._refused:
            return
        if not self._has_reached(ALERT_BOT, told.place):
            self._wait(ALERT_BOT, alert_id, told.place, told.written_ms)
        elif told.written_ms > self._floor_ms(self._stores.delivery):
            detail = "--repair records it, if its message stands in the channel"
            case = Case(Kind.MISSING, self._stores.delivery, alert_id, (told.place,), detail)
            self._findings.add(case, Remedy(RECORD, self._stores.delivery))

    def _judge_letter(self, letter: Letter) -> None:
        if letter.letters:
            return
        if not self._has_reached(letter.stage, letter.place):
            self._wait(letter.stage, "", letter.place, letter.written_ms)
        elif letter.written_ms > self._floor_ms(self._stores.dead_letter):
            case = Case(Kind.MISSING, self._stores.dead_letter, "", (letter.place,), f"by {letter.stage}")
            self._findings.add(case, Remedy("bury", letter.stage))

    def _wait(self, stage: str, identity: str, place: Place, written_ms: int) -> None:
        if written_ms < self._late_ms:
            self._findings.add(Case(Kind.LATE, stage, identity, (place,), "not handled yet"))
        else:
            self._findings.waiting[stage] += 1

    def _has_reached(self, stage: str, place: Place) -> bool:
        return place.offset < self._terms.reached.get(stage, {}).get(place.partition, 0)

    def _floor_ms(self, topic: str) -> int:
        return self._terms.extents[topic].floor_ms

    def _is_over(self, row: int, written_ms: int) -> bool:
        """Say whether the row's time is over (`core.retention`), or so nearly that it may be."""
        over_ms = min(self._reports.event_ms[row] + self._keep_ms, written_ms + 2 * self._keep_ms)
        return over_ms <= to_ms(self._terms.now + LATE)
