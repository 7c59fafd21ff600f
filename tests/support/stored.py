"""The table report, row by row, as it should be and as it is: each row as its id and a hash of all that it holds."""

import hashlib
import json
from collections.abc import Iterable, Iterator

from harmonystate.config import Config
from tests.support.cassandra import looking_into

_COLUMNS = "reportid, droneid, time, latitude, longitude, persons, words"


def rows_of(lines: Iterable[bytes]) -> Iterator[str]:
    """Yield what the table should hold of some reports."""
    for line in lines:
        report = json.loads(line)
        persons = [(person["firstname"], person["lastname"], person["harmonyscore"]) for person in report["persons"]]
        place = (report["droneId"], report["time"], float(report["latitude"]), float(report["longitude"]))
        yield _row(report["reportId"], *place, persons, report["words"])


def rows_in(config: Config) -> Iterator[str]:
    """Yield what the table holds."""
    settings = config.cassandra
    with looking_into(settings, settings.keyspace) as session:
        for row in session.execute(f"SELECT {_COLUMNS} FROM report"):
            time = f"{row.time:%Y-%m-%dT%H:%M:%S}.{row.time.microsecond // 1000:03}Z"
            place = (row.droneid, time, row.latitude, row.longitude)
            yield _row(str(row.reportid), *place, [tuple(person) for person in row.persons], list(row.words))


def _row(report_id: str, *rest: object) -> str:
    return f"{report_id} {hashlib.sha256(repr(rest).encode()).hexdigest()[:16]}"
