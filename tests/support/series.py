"""Looks at what analyze saves while it saves, and notes what no reader may ever see."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cassandra.cluster import Session

from tests.support.lookout import Lookout

_SERIES = {"harmonyscores": "harmonyscore", "persons": "count", "badpersons": "count"}
_LOOK_EVERY_S = 0.02
Versions = dict[str, frozenset[int]]


class SeriesWatcher(Lookout):
    """Reads the series of some hours, and the saddest, while the body of a `with` runs.

    A run writes all with one timestamp, so rows of two of them in one answer are half a run.

    Attributes:
        faults: what it saw and should not have.
        seen: the timestamps of the runs that it saw.
    """

    def __init__(self, session: Session, hours: Sequence[datetime]) -> None:
        super().__init__()
        self._session, self._hours = session, hours
        self.faults: list[str] = []
        self.seen: set[int] = set()
        self.looks = 0

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self.looks += 1
            for hour in self._hours:
                self._look(hour)
            self._look_at_saddest()

    def _look(self, hour: datetime) -> None:
        versions = self._versions(hour)
        # Three tables are not read at one moment: a half hour is what still stands at a second look.
        if len(set(versions.values())) > 1 and versions == self._versions(hour):
            self.faults.append(f"{hour}: {versions}")
        for table, some in versions.items():
            self._note(f"{table} of {hour}", some)

    def _versions(self, hour: datetime) -> Versions:
        return {table: self._written(table, column, hour) for table, column in _SERIES.items()}

    def _written(self, table: str, column: str, hour: datetime) -> frozenset[int]:
        query = f"SELECT WRITETIME({column}) FROM {table} WHERE time >= %s AND time < %s ALLOW FILTERING"
        return frozenset(row[0] for row in self._session.execute(query, (hour, hour + timedelta(hours=1))))

    def _look_at_saddest(self) -> None:
        rows = list(self._session.execute("SELECT rank, WRITETIME(sad) AS at FROM saddest WHERE window = 'latest'"))
        self._note("saddest", {row.at for row in rows})
        if [row.rank for row in rows] != list(range(1, len(rows) + 1)):
            self.faults.append(f"saddest: ranks {[row.rank for row in rows]}")

    def _note(self, where: str, written: Iterable[int]) -> None:
        versions = set(written)
        self.seen |= versions
        if len(versions) > 1:
            self.faults.append(f"{where}: of {len(versions)} runs")
