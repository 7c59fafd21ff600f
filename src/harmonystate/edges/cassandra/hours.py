"""Which hours have changed: what ingest tells analyze through the table report_hours."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.retention import seconds_to_keep
from harmonystate.edges.cassandra.connect import translating

_MARK = "INSERT INTO report_hours (day, hour, changed) VALUES (?, ?, now()) USING TTL ?"


def mark_changed(session: Session, hours: Iterable[datetime], *, settings: CassandraSettings, now: datetime) -> None:
    """Mark hours as changed, around the writing of rows of theirs; a mark lives as long as the hour's last row can.

    Args:
        hours: whole UTC hours that hold rows.
        now: a UTC time.

    Raises:
        Unavailable: when Cassandra does not answer; some may be marked then, which costs analyze a look and no more.
    """
    rows = []
    for hour in hours:
        ttl = seconds_to_keep(hour + timedelta(hours=1), keep=settings.report_ttl, now=now)
        if ttl > 0:
            rows.append((hour.date(), hour, ttl))
    with translating(settings):
        execute_concurrent_with_args(session, session.prepare(_MARK), rows, raise_on_first_error=True)
