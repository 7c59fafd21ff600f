"""What analyze writes by the driver. Each call is all or nothing where a reader could see it half done.

What it replaces it deletes with a timestamp just older than that of what it writes: with equal ones the DELETE wins.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import product
from typing import Any

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import BatchStatement, BatchType, PreparedStatement

from harmonystate.config import CassandraSettings
from harmonystate.core.answers import POINTS, Minute, Point
from harmonystate.core.ranking import Ranked
from harmonystate.core.retention import seconds_to_keep
from harmonystate.core.rollups import Analyzed
from harmonystate.core.windows import HOUR, Window
from harmonystate.edges.cassandra.analysis_reader import SERIES_ID, VALUE_COLUMNS

_CLEAR_PERSONS = "DELETE FROM person_hours USING TIMESTAMP ? WHERE hour = ? AND shard = ?"
_CLEAR_POINTS = "DELETE FROM {table} USING TIMESTAMP ? WHERE id = ? AND time >= ? AND time < ?"
_POINT = "INSERT INTO {table} (id, time, {column}) VALUES (?, ?, ?) USING TTL ? AND TIMESTAMP ?"
_MARK = (
    "INSERT INTO analyzed_hours (day, hour, changed, threshold, sightings, score_sum) VALUES (?, ?, ?, ?, ?, ?) "
    "USING TTL ? AND TIMESTAMP ?"
)
_CLEAR_SADDEST = "DELETE FROM saddest USING TIMESTAMP ? WHERE window = ?"
_SADDEST = (
    "INSERT INTO saddest (window, rank, firstname, lastname, sad, sightings, share, share_low) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?"
)


class RollupWriter:
    """Writes what one run made."""

    def __init__(self, session: Session, settings: CassandraSettings, *, now: datetime, timestamp: int) -> None:
        """Write from now on.

        Args:
            now: a UTC time; what is stored lives `series_ttl` from its own time on, so a TTL needs the clock.
            timestamp: microseconds; later than every earlier run's (see `lease.Lease`).
        """
        self._session, self._settings = session, settings
        self._now, self._timestamp = now, timestamp
        self._prepare: Callable[[str], PreparedStatement] = cache(session.prepare)

    def clear_stale_persons(self, hours: Iterable[datetime]) -> None:
        """Remove what earlier runs stored of the persons of these hours; what this run stored stays.

        It comes after Spark's writes, so that a reader never finds an hour empty.
        """
        rows = [(self._timestamp - 1, hour, shard) for hour, shard in product(hours, range(self._settings.shards))]
        self._execute_all(_CLEAR_PERSONS, rows)

    def replace_series(self, hour: datetime, minutes: Sequence[Minute]) -> None:
        """Write the points of an hour in place of those stored, all three series at once."""
        batch = _one_mutation()
        for question, points in POINTS.items():
            names = {"table": question.name, "column": VALUE_COLUMNS[question]}
            clear, insert = self._prepare(_CLEAR_POINTS.format(**names)), self._prepare(_POINT.format(**names))
            batch.add(clear, (self._timestamp - 1, SERIES_ID, hour, hour + HOUR))
            for row in self._point_rows(points(minutes)):
                batch.add(insert, row)
        self._session.execute(batch)

    def mark_analyzed(self, hours: Mapping[datetime, Analyzed]) -> None:
        """Say what the rollups of these hours were made from. They are all stored: from now on they stand."""
        rows = [
            (hour.date(), hour, done.changed, done.threshold, done.sightings, done.score_sum, ttl, self._timestamp)
            for hour, done in hours.items()
            if (ttl := self._ttl(hour)) > 0
        ]
        self._execute_all(_MARK, rows)

    def replace_saddest(self, window: Window, ranked: Sequence[Ranked]) -> None:
        """Write who are the saddest of this window in place of those stored, and then of the latest one."""
        clear, insert, ttl = self._prepare(_CLEAR_SADDEST), self._prepare(_SADDEST), self._ttl(window.until)
        for name in (str(window), "latest"):
            batch = _one_mutation()
            batch.add(clear, (self._timestamp - 1, name))
            for r in ranked if ttl > 0 else ():
                counts = (r.sad, r.sightings, r.share, r.share_low)
                batch.add(insert, (name, r.rank, r.firstname, r.lastname, *counts, ttl, self._timestamp))
            self._session.execute(batch)

    def _point_rows(self, points: Iterable[Point]) -> Iterator[tuple[Any, ...]]:
        for point in points:
            if (ttl := self._ttl(point.time)) > 0:
                yield SERIES_ID, point.time, point.value, ttl, self._timestamp

    def _ttl(self, event: datetime) -> int:
        return seconds_to_keep(event, keep=self._settings.series_ttl, now=self._now)

    def _execute_all(self, query: str, rows: list[tuple[Any, ...]]) -> None:
        execute_concurrent_with_args(self._session, self._prepare(query), rows, raise_on_first_error=True)


def _one_mutation() -> BatchStatement:
    """Within one partition an unlogged batch is one mutation, over several tables too, and has no size limit."""
    return BatchStatement(BatchType.UNLOGGED)
