"""What the tables hold of one report: its row, and the statistics of its minute."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.report import Report
from harmonystate.core.windows import floor_to_hour
from harmonystate.edges.cassandra.analysis_reader import SERIES_ID
from harmonystate.edges.cassandra.connect import translating
from harmonystate.edges.cassandra.reports import COLUMNS, as_report

_SELECT = f"SELECT {COLUMNS}, WRITETIME(latitude) AS written, TTL(latitude) AS left_s FROM report"  # noqa: S608
_BY_KEY = f"{_SELECT} WHERE hour = ? AND shard = ? AND droneid = ? AND time = ? AND reportid = ?"
# Filtered by the server within one partition, which it reads from end to end.
_BY_ID = f"{_SELECT} WHERE hour = ? AND shard = ? AND reportid = ? ALLOW FILTERING"


class FoundRow(NamedTuple):
    """A row of the table report; left_s = seconds until it expires."""

    report: Report
    written: datetime
    left_s: int | None


class Minute(NamedTuple):
    """The statistics of a minute; None = not analysed."""

    harmonyscore: float | None
    persons: int | None
    badpersons: int | None


def find_row(session: Session, settings: CassandraSettings, report: Report) -> FoundRow | None:
    """Return the row of a report, by its whole key; raises Unavailable."""
    with translating(settings):
        key = (floor_to_hour(report.time), report.drone_id % settings.shards, report.drone_id, report.time)
        found = session.execute(session.prepare(_BY_KEY), (*key, UUID(report.report_id))).one()
    return found and _found(found)


def search_row(session: Session, settings: CassandraSettings, report_id: str) -> FoundRow | None:
    """Return the row of a report of which only the id is known: reads the whole table; raises Unavailable."""
    with translating(settings):
        hours = [row.hour for row in session.execute("SELECT hour FROM report_hours")]
        keys = [(hour, shard, UUID(report_id)) for hour, shard in product(hours, range(settings.shards))]
        query = session.prepare(_BY_ID)
        for _, rows in execute_concurrent_with_args(session, query, keys, concurrency=8, raise_on_first_error=True):
            for row in rows:
                return _found(row)
    return None


def read_minute(session: Session, settings: CassandraSettings, moment: datetime) -> Minute:
    """Return the statistics of the minute that `moment` lies in; raises Unavailable."""
    minute = moment.replace(second=0, microsecond=0)
    with translating(settings):
        return Minute(
            _value(session, "SELECT harmonyscore FROM harmonyscores WHERE id = %s AND time = %s", minute),
            _value(session, "SELECT count FROM persons WHERE id = %s AND time = %s", minute),
            _value(session, "SELECT count FROM badpersons WHERE id = %s AND time = %s", minute),
        )


def _value(session: Session, query: str, minute: datetime) -> Any:
    row = session.execute(query, (SERIES_ID, minute)).one()
    return row[0] if row else None


def _found(row: Any) -> FoundRow:
    # A column that somebody has deleted has no time either.
    written = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row.written or 0)
    return FoundRow(as_report(row), written, row.left_s)
