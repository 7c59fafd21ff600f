"""The table report by the driver, an hour's shard at a time: what an audit compares, and what a repair writes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any, NamedTuple
from uuid import UUID

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.report import Person, Report
from harmonystate.core.retention import seconds_to_keep
from harmonystate.core.windows import Window, floor_to_hour
from harmonystate.edges.cassandra.connect import translating
from harmonystate.edges.cassandra.hours import mark_changed

COLUMNS = "droneid, time, reportid, latitude, longitude, persons, words"
_READ = (
    f"SELECT {COLUMNS}, WRITETIME(persons) AS written, TTL(persons) AS left_s FROM report WHERE hour = ? AND shard = ?"  # noqa: S608
)
_WRITE = f"INSERT INTO report (hour, shard, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?"  # noqa: S608
_WRITTEN = (
    "SELECT WRITETIME(latitude), WRITETIME(longitude), WRITETIME(persons), WRITETIME(words) FROM report "
    "WHERE hour = ? AND shard = ? AND droneid = ? AND time = ? AND reportid = ?"
)
# Pages in memory at once: so many partitions, each with a page of 5,000 rows at most.
_AT_ONCE = 8


class StoredReport(NamedTuple):
    """A row.

    Attributes:
        written_ms: when its persons were written, milliseconds since 1970; 0 = somebody has deleted them.
        left_s: seconds until it expires; None = never.
    """

    report: Report
    written_ms: int
    left_s: int | None


def hours_with_reports(session: Session, window: Window) -> list[datetime]:
    """Return the hours of the window that have rows, rising."""
    found = (row.hour.replace(tzinfo=UTC) for row in session.execute("SELECT hour FROM report_hours"))
    return sorted(hour for hour in found if hour in window)


def read_rows(session: Session, settings: CassandraSettings, hours: Iterable[datetime]) -> Iterator[StoredReport]:
    """Yield the rows of these hours, partition by partition.

    Raises:
        Unavailable: when Cassandra does not answer.
    """
    with translating(settings):
        query = session.prepare(_READ)
        partitions = product(hours, range(settings.shards))
        while some := list(islice(partitions, _AT_ONCE)):
            for _, rows in execute_concurrent_with_args(session, query, some, raise_on_first_error=True):
                for row in rows:
                    # A column that somebody has deleted has no time either.
                    yield StoredReport(as_report(row), (row.written or 0) // 1000, row.left_s)


def write_rows(session: Session, settings: CassandraSettings, reports: Iterable[Report], *, now: datetime) -> int:
    """Store reports as ingest does, over whatever stands there, and mark their hours as changed; return how many.

    One whose time is over is left out.

    Raises:
        Unavailable: when Cassandra does not answer; the same again is harmless.
    """
    rows = [row for report in reports if (row := _row(report, settings, now))[-1] > 0]
    hours = {row[0] for row in rows}
    # Before the rows: where we are killed in between, nobody would come back to rows that are there.
    mark_changed(session, hours, settings=settings, now=now)
    with translating(settings):
        keys = [row[:5] for row in rows]
        written = execute_concurrent_with_args(session, session.prepare(_WRITTEN), keys, raise_on_first_error=True)
        stamped = [(*row, _later(found.one() or (), now)) for row, (_, found) in zip(rows, written, strict=True)]
        execute_concurrent_with_args(session, session.prepare(_WRITE), stamped, raise_on_first_error=True)
    # After the rows: whoever reads an hour after its mark sees them.
    mark_changed(session, hours, settings=settings, now=now)
    return len(rows)


def _row(report: Report, settings: CassandraSettings, now: datetime) -> tuple[Any, ...]:
    return (
        floor_to_hour(report.time),
        report.drone_id % settings.shards,
        report.drone_id,
        report.time,
        UUID(report.report_id),
        report.latitude,
        report.longitude,
        [(person.firstname, person.lastname, person.score) for person in report.persons],
        report.words,
        seconds_to_keep(report.time, keep=settings.report_ttl, now=now),
    )


def _later(written: Iterable[int | None], now: datetime) -> int:
    """Return a timestamp, microseconds, that beats what stands there, whatever the clock of its writer says."""
    return max([int(now.timestamp() * 1_000_000), *(moment + 1000 for moment in written if moment is not None)])


def as_report(row: Any) -> Report:
    """Return a row that holds COLUMNS as a report."""
    return Report(
        report_id=str(row.reportid),
        drone_id=row.droneid,
        time=row.time.replace(tzinfo=UTC),
        latitude=row.latitude,
        longitude=row.longitude,
        persons=tuple(Person(*person) for person in row.persons or ()),
        words=tuple(row.words or ()),
    )
