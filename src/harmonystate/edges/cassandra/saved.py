"""What analyze has saved, for those who look at it: the saddest, the three series, and how fresh they are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from cassandra.cluster import Session

from harmonystate.config import CassandraSettings
from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS, Point, Question
from harmonystate.core.curves import LONGEST
from harmonystate.core.ranking import Ranked
from harmonystate.core.snapshot import Saved
from harmonystate.core.windows import HOUR, Window, floor_to_hour
from harmonystate.edges.cassandra.analysis_reader import RollupReader

# The series are read anew after an analysis, and now and then all the same: others may write or delete, too.
READ_AGAIN_AFTER = timedelta(minutes=1)

_SADDEST = "SELECT rank, firstname, lastname, sad, sightings, share, share_low FROM saddest WHERE window = 'latest'"
_ANALYZED_AT = "SELECT WRITETIME(threshold) AS written FROM analyzed_hours WHERE day = ?"
_RANKED_AT = "SELECT WRITETIME(firstname) AS written FROM saddest WHERE window = 'latest' LIMIT 1"
_UUID_EPOCH = datetime(1582, 10, 15, tzinfo=UTC)


class SavedReader:
    """Reads it again and again over the same session, the series only when they may have changed."""

    def __init__(self, session: Session, settings: CassandraSettings) -> None:
        self._session = session
        self._rollups = RollupReader(session, settings)
        self._series: dict[Question, list[Point]] = {}
        self._series_of: tuple[datetime | None, datetime | None] = (None, None)

    def read(self, now: datetime) -> Saved:
        """Return what is saved now, of the last days (`core.curves.LONGEST`)."""
        window = Window(floor_to_hour(now - LONGEST), floor_to_hour(now) + HOUR)
        changed, analyzed = self._rollups.changed(window), self._rollups.analyzed(window)
        analyzed_at = self._analyzed_at(window)
        self._refresh_series(window, analyzed_at, now)
        return Saved(
            saddest=read_saddest(self._session),
            series=self._series,
            dirty_hours=sum(hour not in analyzed or analyzed[hour].changed != mark for hour, mark in changed.items()),
            written_at=max(map(_time_of, changed.values()), default=None),
            analyzed_at=analyzed_at,
        )

    def _refresh_series(self, window: Window, analyzed_at: datetime | None, now: datetime) -> None:
        of, read_at = self._series_of
        if read_at is None or analyzed_at != of or now - read_at > READ_AGAIN_AFTER:
            self._series = {
                question: self._rollups.points(question, window) for question in (HARMONYSCORES, PERSONS, BADPERSONS)
            }
            self._series_of = (analyzed_at, now)

    def _analyzed_at(self, window: Window) -> datetime | None:
        query = self._session.prepare(_ANALYZED_AT)
        written = [row.written for day in window.days() for row in self._session.execute(query, (day.date(),))]
        written += [row.written for row in self._session.execute(_RANKED_AT)]
        return datetime.fromtimestamp(max(written) / 1e6, UTC) if written else None


def read_saddest(session: Session) -> list[Ranked]:
    """Return the list of the last analysis, first rank first; empty before there was one."""
    return [Ranked(*row) for row in session.execute(_SADDEST)]


def _time_of(mark: UUID) -> datetime:
    """Return when a timeuuid was made."""
    return _UUID_EPOCH + timedelta(microseconds=mark.time // 10)
