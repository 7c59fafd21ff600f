"""Takes one person out of the tables: of each row what names them, and of the rollups and answers their rows."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.forgotten import as_shown, name_of, shard_of, splits
from harmonystate.core.report import Person
from harmonystate.core.windows import floor_to_hour
from harmonystate.edges.cassandra.connect import translating
from harmonystate.edges.cassandra.reports import StoredReport

# The row keeps its key and its other columns. What is written is to go when they do, so it is given what is left of
# their time; with none it would stay for ever, under the key of a row that is gone.
_REWRITE = (
    "UPDATE report USING TTL ? AND TIMESTAMP ? SET persons = ? "
    "WHERE hour = ? AND shard = ? AND droneid = ? AND time = ? AND reportid = ?"
)
_ROLLUP = "FROM person_hours WHERE hour = ? AND shard = ? AND lastname = ? AND firstname = ?"


class Named(NamedTuple):
    """A row that names the person, and when it was read: what was left of its time has gone on since."""

    stored: StoredReport
    read_at: datetime


class Rollup(NamedTuple):
    """A row of person_hours."""

    hour: datetime
    shard: int
    lastname: str
    firstname: str


class Answer(NamedTuple):
    """A row of saddest."""

    window: str
    rank: int


class Eraser:
    """Finds and takes out what names one person.

    Args:
        name: first and last name with a space between, as on a card.
        timestamp: microseconds; later than that of every run of analyze so far (see `lease.Lease`).
    """

    def __init__(self, session: Session, settings: CassandraSettings, *, name: str, timestamp: int) -> None:
        self._session, self._settings = session, settings
        self._name, self._timestamp = as_shown(name), timestamp

    def names(self, person: Person) -> bool:
        """Say whether this is the person."""
        return name_of(person) == self._name

    def rollups(self, spellings: Iterable[tuple[str, str]]) -> list[Rollup]:
        """Return the person's rollups, of every hour that was analysed; raises Unavailable.

        Args:
            spellings: first and last names that a producer has written differently from a card.
        """
        with translating(self._settings):
            hours = [row.hour.replace(tzinfo=UTC) for row in self._session.execute("SELECT hour FROM analyzed_hours")]
            keys = [
                Rollup(hour, shard_of(first, last, self._settings.shards), last, first)
                for first, last in {*splits(self._name), *spellings}
                for hour in hours
            ]
            found = self._all(f"SELECT hour {_ROLLUP}", keys)
            return [key for key, rows in zip(keys, found, strict=True) if list(rows)]

    def answers(self) -> list[Answer]:
        """Return where the person stands among the saddest, of any window; raises Unavailable."""
        with translating(self._settings):
            rows = self._session.execute("SELECT window, rank, firstname, lastname FROM saddest")
            return [Answer(row.window, row.rank) for row in rows if name_of(row) == self._name]

    def erase_rows(self, rows: Iterable[Named], *, clock: Callable[[], datetime]) -> None:
        """Take the person out of these rows; the others of each row stay. Raises Unavailable."""
        # One after the other, as they are written: each is asked then what is left of its time.
        rewritten = (new for row in rows if (new := self._rewritten(row, now=clock())))
        with translating(self._settings):
            self._all(_REWRITE, rewritten)

    def erase_rollups(self, rollups: Sequence[Rollup]) -> None:
        """Delete these; raises Unavailable."""
        with translating(self._settings):
            self._all(f"DELETE {_ROLLUP.replace('WHERE', 'USING TIMESTAMP ? WHERE')}", self._stamped(rollups))

    def erase_answers(self, answers: Sequence[Answer]) -> None:
        """Delete these; those behind keep their ranks. Raises Unavailable."""
        with translating(self._settings):
            self._all("DELETE FROM saddest USING TIMESTAMP ? WHERE window = ? AND rank = ?", self._stamped(answers))

    def _rewritten(self, row: Named, *, now: datetime) -> tuple[Any, ...] | None:
        """Return what _REWRITE takes; None where the row is over."""
        stored, report = row.stored, row.stored.report
        if (left_s := _left_s(row, now)) is not None and left_s <= 0:
            return None
        persons = [(p.firstname, p.lastname, p.score) for p in report.persons if not self.names(p)]
        # Newer than the row, whatever the clock of the host says that wrote it.
        timestamp = max(self._timestamp, stored.written_ms * 1000 + 1000)
        key = (floor_to_hour(report.time), report.drone_id % self._settings.shards, report.drone_id, report.time)
        never = 0
        return (left_s or never, timestamp, persons, *key, UUID(report.report_id))

    def _stamped(self, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return [(self._timestamp, *row) for row in rows]

    def _all(self, query: str, rows: Iterable[tuple[Any, ...]]) -> list[Any]:
        prepared = self._session.prepare(query)
        done = execute_concurrent_with_args(self._session, prepared, rows, concurrency=16, raise_on_first_error=True)
        return [answer.result_or_exc for answer in done]


def _left_s(row: Named, now: datetime) -> int | None:
    """Return how many whole seconds a row has left, at least; None = it does not expire."""
    if row.stored.left_s is None:
        return None
    return row.stored.left_s - math.ceil((now - row.read_at).total_seconds())
