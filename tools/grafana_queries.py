"""What the Grafana dashboard asks of Cassandra, in the form of the plugin hadesarchitect-cassandra-datasource 3.3.0.

The plugin makes one frame for each distinct value of the first column, so every query begins with one that is the same
in all its rows; and a NULL comes out as 0, so no query aggregates: over no rows that would be an age of 0.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery

from harmonystate.core.answers import Question
from harmonystate.edges.cassandra.analysis_reader import SERIES_ID, VALUE_COLUMNS

# The newest rows of a table whose partition is a day; UTC, as our days are.
_TODAY = "WHERE day IN (currentDate(), currentDate() - 1d)"
_NOW_MS = "toUnixTimestamp(now())"


@dataclass
class Query(Dataquery, Builder["Query"]):
    """A query as the dashboard holds it; `target` is CQL when `raw`, else the plugin makes the CQL of the rest."""

    ref: str
    raw: bool
    fields: dict[str, str]

    def build(self) -> "Query":
        return self

    def to_json(self) -> dict[str, object]:
        return {"refId": self.ref, "queryType": "query", "rawQuery": self.raw, **self.fields}


def series(keyspace: str, question: Question) -> Query:
    """Return the query of a series, as the plugin's own form has it, so that it can be edited there."""
    columns = {
        "columnId": "id",
        "valueId": str(SERIES_ID),
        "columnTime": "time",
        "columnValue": VALUE_COLUMNS[question],
    }
    return Query("A", False, {"keyspace": keyspace, "table": question.name, "alias": question.title, **columns})


def saddest(keyspace: str) -> Query:
    """Return the query of the ten saddest of the latest analysis."""
    columns = "window, rank, firstname, lastname, sad, sightings, share, share_low"
    return _raw("A", f"SELECT {columns} FROM {keyspace}.saddest WHERE window = 'latest' AND rank <= 10")


def sad_minutes(keyspace: str) -> Query:
    """Return the query of the minutes with at least $sad_at_least sad people.

    CQL has no condition on a column outside the key, short of ALLOW FILTERING. So a minute below the mark gets another
    time: count / mark is a whole number, and the factor made of it 0 or 1. At time 0 no panel shows it.
    """
    factor = "(1 - 1 / (count / $sad_at_least + 1))"
    columns = f"id, toUnixTimestamp(time) * {factor} AS time, CAST(count AS text) + ' sad people' AS text"
    where = f"id = {SERIES_ID} AND time >= $__timeFrom AND time <= $__timeTo"
    return _raw("Anno", f"SELECT {columns} FROM {keyspace}.badpersons WHERE {where}")


def stored_age(keyspace: str) -> Query:
    """Return the query of how long ago, in ms, ingest stored a report, of each hour of today and yesterday."""
    columns = f"(text)'age' AS name, {_NOW_MS} - toUnixTimestamp(changed) AS age"
    return _raw("A", f"SELECT {columns} FROM {keyspace}.report_hours {_TODAY}")


def analysis_age(keyspace: str) -> Query:
    """Return the query of how long ago, in ms, the latest analysis that was saved began."""
    columns = f"window, {_NOW_MS} - writetime(sad) / 1000 AS age"
    return _raw("A", f"SELECT {columns} FROM {keyspace}.saddest WHERE window = 'latest' AND rank = 1")


def answers_age(keyspace: str) -> Query:
    """Return the query of how old, in ms, the newest minute is that the series hold."""
    columns = f"id, {_NOW_MS} - toUnixTimestamp(time) AS age"
    return _raw("A", f"SELECT {columns} FROM {keyspace}.persons WHERE id = {SERIES_ID} ORDER BY time DESC LIMIT 1")


def stored_hours(keyspace: str) -> Query:
    """Return the query of when the reports of each hour last changed."""
    columns = "(text)'stored' AS stored, hour, toTimestamp(changed) AS changed"
    return _raw("A", f"SELECT {columns} FROM {keyspace}.report_hours {_TODAY}")


def analyzed_hours(keyspace: str) -> Query:
    """Return the query of which change each hour's answers are made from."""
    columns = "(text)'analyzed' AS analyzed, hour, toTimestamp(changed) AS made_from"
    return _raw("B", f"SELECT {columns} FROM {keyspace}.analyzed_hours {_TODAY}")


def _raw(ref: str, cql: str) -> Query:
    return Query(ref, True, {"target": cql})
