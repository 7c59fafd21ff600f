"""What is stored: for status, and for the demo's check that all counts agree."""

from datetime import UTC, datetime
from typing import NamedTuple

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra.connect import translating


class Stored(NamedTuple):
    """What is stored now.

    Attributes:
        hours: whole UTC hours that hold reports, rising.
        analyzed: how many of them have been analysed.
        last_analysis: when answers were last saved, UTC; None = never.
    """

    hours: list[datetime]
    analyzed: int
    last_analysis: datetime | None


def stored(session: Session, settings: CassandraSettings) -> Stored:
    """Return which hours are stored and when they were last analysed; reads one small row an hour.

    Raises:
        Unavailable: when Cassandra does not answer.
    """
    with translating(settings):
        hours = sorted(row.hour.replace(tzinfo=UTC) for row in session.execute("SELECT hour FROM report_hours"))
        analyzed = session.execute("SELECT hour, WRITETIME(threshold) AS written FROM analyzed_hours")
        written_us = {row.hour.replace(tzinfo=UTC): row.written for row in analyzed}
        latest = session.execute("SELECT WRITETIME(firstname) AS written FROM saddest WHERE window = 'latest' LIMIT 1")
        all_us = [*written_us.values(), *(row.written for row in latest)]
    last = datetime.fromtimestamp(max(all_us) / 1e6, UTC) if all_us else None
    return Stored(hours, len(written_us.keys() & set(hours)), last)


def count_reports(session: Session, settings: CassandraSettings) -> int:
    """Count the stored reports, partition by partition.

    Raises:
        Unavailable: when Cassandra does not answer.
    """
    with translating(settings):
        partitions = [
            (row.hour, shard)
            for row in session.execute("SELECT hour FROM report_hours")
            for shard in range(settings.shards)
        ]
        count = session.prepare("SELECT COUNT(*) AS n FROM report WHERE hour = ? AND shard = ?")
        answers = execute_concurrent_with_args(session, count, partitions, concurrency=8, raise_on_first_error=True)
        return sum(answer.result_or_exc.one().n for answer in answers)
