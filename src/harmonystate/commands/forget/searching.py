"""Finds all that names one person: every record of the topics, every row of the table."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from harmonystate.config import Config
from harmonystate.core.audit import TABLE
from harmonystate.core.delivery import SILENCED, read_note
from harmonystate.core.moments import from_ms
from harmonystate.core.report import Report
from harmonystate.core.windows import EVERYTHING
from harmonystate.core.wire import MAX_ALERT_BYTES, NotAReport, decode_alert, decode_report
from harmonystate.edges.cassandra.erasure import Answer, Eraser, Named, Rollup
from harmonystate.edges.cassandra.reports import hours_with_reports, read_rows
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.survey import Surveyor

if TYPE_CHECKING:
    from cassandra.cluster import Session


class Held(Struct):
    """What a topic holds of the person: so many records, the last one written then."""

    records: int = 0
    last: datetime | None = None


class Found(Struct):
    """All that names the person.

    Attributes:
        topics: by name; alert_ids: of alerts; messages: channel and message id of Discord's that show these.
        on_terminals: deliveries that were told on a terminal, and are out of our hands.
        spellings: the person's first and last name, as producers have written them.
        ahead: ids of reports that are not of `now` yet.
    """

    now: datetime
    rows: list[Named]
    rollups: list[Rollup]
    answers: list[Answer]
    topics: dict[str, Held]
    alert_ids: set[str]
    messages: set[tuple[int, int]]
    on_terminals: int = 0
    spellings: set[tuple[str, str]] = set()
    ahead: set[str] = set()

    def is_nothing(self) -> bool:
        """Say whether nothing names the person."""
        stored = self.rows or self.rollups or self.answers
        return not stored and not any(held.records for held in self.topics.values())


def search(config: Config, session: "Session", eraser: Eraser, *, meter: Meter, clock: Callable[[], datetime]) -> Found:
    """Read everything once.

    Raises:
        TransactionFailed: when Kafka does not answer; Unavailable: when Cassandra does not.
    """
    found = Found(clock(), [], [], eraser.answers(), {}, set(), set())
    with Surveyor(config.kafka) as surveyor:
        _Topics(config, surveyor, eraser, found, meter).read()
    rows = read_rows(session, config.cassandra, hours_with_reports(session, EVERYTHING))
    found.rows = [Named(row, clock()) for row in meter.reading(TABLE, rows) if _names(row.report, eraser, found)]
    found.rollups = eraser.rollups(found.spellings)
    return found


class _Topics:
    def __init__(self, config: Config, surveyor: Surveyor, eraser: Eraser, found: Found, meter: Meter) -> None:
        self._topics, self._surveyor, self._eraser = config.kafka.topics, surveyor, eraser
        self._found, self._meter = found, meter

    def read(self) -> None:
        topics = self._topics
        for topic in dict.fromkeys([topics.global1, topics.global2, topics.dead_letter]):
            for record in self._records(topic):
                if self._names(_report_in(record.value)):
                    self._count(topic, record)
        for record in self._records(topics.alert):
            if self._names(_report_in(record.value)):
                self._count(topics.alert, record)
                self._found.alert_ids |= _alert_ids_in(record.value)
        for record in self._records(topics.delivery):
            self._note_message(record.value)

    def _note_message(self, value: bytes | None) -> None:
        note = read_note(value)
        if note is None or note.alert_id not in self._found.alert_ids:
            return
        if note.channel_id.isdecimal() and note.message_id.isdecimal():
            self._found.messages.add((int(note.channel_id), int(note.message_id)))
        elif note.kind != SILENCED:
            self._found.on_terminals += 1

    def _names(self, report: Report | None) -> bool:
        return report is not None and _names(report, self._eraser, self._found)

    def _count(self, topic: str, record: Record) -> None:
        held, written = self._found.topics.setdefault(topic, Held()), from_ms(record.timestamp)
        held.records += 1
        held.last = max(held.last or written, written)

    def _records(self, topic: str) -> Iterator[Record]:
        self._found.topics.setdefault(topic, Held())
        return self._meter.reading(topic, self._surveyor.read(topic))


def _names(report: Report, eraser: Eraser, found: Found) -> bool:
    spellings = {(person.firstname, person.lastname) for person in report.persons if eraser.names(person)}
    found.spellings |= spellings
    if spellings and report.time >= found.now:
        found.ahead.add(report.report_id)
    return bool(spellings)


def _report_in(value: bytes | None) -> Report | None:
    """Return what can be read as a report; whom a record names that is none, nobody can tell."""
    try:
        return decode_report(value, max_bytes=MAX_ALERT_BYTES)
    except NotAReport:
        return None


def _alert_ids_in(value: bytes | None) -> set[str]:
    try:
        return {decode_alert(value).alert_id}
    except NotAReport:
        return set()
