"""What analyze reads by the driver: which hours changed, and the rollups of those that stand."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS, Point, Question
from harmonystate.core.ranking import Tally
from harmonystate.core.rollups import Analyzed
from harmonystate.core.windows import Window

# The one value of `id`, so that a range of time is one partition, and an hour of all three series one mutation.
SERIES_ID = UUID("6f1d2ad7-6b0f-5a55-9a0c-000000000001")
VALUE_COLUMNS = {HARMONYSCORES: "harmonyscore", PERSONS: "count", BADPERSONS: "count"}

_CHANGED = "SELECT hour, changed FROM report_hours WHERE day = ? AND hour >= ? AND hour < ?"
_ANALYZED = (
    "SELECT hour, changed, threshold, sightings, score_sum FROM analyzed_hours WHERE day = ? AND hour >= ? AND hour < ?"
)
_PROBE = "SELECT hour FROM report WHERE hour = ? AND shard = ? LIMIT ?"
_POINTS = "SELECT time, {column} FROM {table} WHERE id = ? AND time >= ? AND time < ?"
_PERSONS = "SELECT firstname, lastname, sad, sightings FROM person_hours WHERE hour = ? AND shard = ?"


class RollupReader:
    """Reads what ingest and earlier runs stored."""

    def __init__(self, session: Session, settings: CassandraSettings) -> None:
        self._session, self._shards = session, settings.shards

    def changed(self, window: Window) -> dict[datetime, UUID]:
        """Return the hours of the window that have reports, each with the mark of its last change."""
        return {_utc(row.hour): row.changed for row in self._days(_CHANGED, window)}

    def analyzed(self, window: Window) -> dict[datetime, Analyzed]:
        """Return the hours of the window that have rollups, each with what these were made from."""
        return {
            _utc(row.hour): Analyzed(row.changed, row.threshold, row.sightings, row.score_sum)
            for row in self._days(_ANALYZED, window)
        }

    def has_few_reports(self, hours: Sequence[datetime], *, few: int) -> bool:
        """Guess whether some hours (at least one) hold fewer than `few` reports, from one shard of each."""
        limit = few // (self._shards * len(hours)) + 1
        counts = Counter(row.hour for row in self._all(_PROBE, [(hour, 0, limit) for hour in hours]))
        return max(counts.values(), default=0) < limit

    def points(self, question: Question, window: Window) -> list[Point]:
        """Return the stored points of a series, rising in time."""
        query = self._session.prepare(_POINTS.format(table=question.name, column=VALUE_COLUMNS[question]))
        rows = self._session.execute(query, (SERIES_ID, window.since, window.until))
        return [Point(_utc(time), value) for time, value in rows]

    def tallies(self, hours: Iterable[datetime]) -> list[Tally]:
        """Add up the stored rollups of some hours, person by person: 250,000 rollups a second."""
        sad: Counter[tuple[str, str]] = Counter()
        seen: Counter[tuple[str, str]] = Counter()
        for firstname, lastname, some_sad, sightings in self._all(_PERSONS, list(product(hours, range(self._shards)))):
            seen[firstname, lastname] += sightings
            sad[firstname, lastname] += some_sad
        return [Tally(*names, sad[names], sightings) for names, sightings in seen.items()]

    def _days(self, query: str, window: Window) -> Iterator[Any]:
        return self._all(query, [(day.date(), window.since, window.until) for day in window.days()])

    def _all(self, query: str, keys: list[tuple[Any, ...]]) -> Iterator[Any]:
        for _, result in execute_concurrent_with_args(
            self._session, self._session.prepare(query), keys, concurrency=16, raise_on_first_error=True
        ):
            yield from result


def _utc(naive: datetime) -> datetime:
    """The driver returns UTC without saying so."""
    return naive.replace(tzinfo=UTC)
