"""What the plugin hadesarchitect-cassandra-datasource 3.3.0 sends to Cassandra, and makes of the answer.

Read in its source (pkg/plugin/query.go, pkg/handler/data_query.go, pkg/cassandra/row.go), and written anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from cassandra.cluster import Session

# Of what Go's driver returns, the plugin takes these and no list, set, map, UDT, decimal, duration or time.
_TAKEN = {
    *("ascii", "text", "varchar", "tinyint", "smallint", "int", "bigint", "counter", "varint", "float", "double"),
    *("boolean", "timestamp", "date", "uuid", "timeuuid", "inet", "blob"),
}
Rows = list[dict[str, Any]]


def queries(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every query of a dashboard, with the title of its panel or annotation."""
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target) for target in panel["targets"])
    yield from ((marks["name"], marks["target"]) for marks in dashboard["annotations"]["list"])


def variables(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """Return what the dashboard's variables are at first."""
    return {one["name"]: one["current"]["value"] for one in dashboard["templating"]["list"]}


def ask(
    session: Session, target: Mapping[str, Any], *, since: datetime, until: datetime, values: Mapping[str, str]
) -> dict[str, Rows]:
    """Run a query as the plugin does, and return its frames by their names.

    Raises:
        AssertionError: for what the plugin would refuse.
    """
    assert target["queryType"] == "query"
    if target["rawQuery"]:
        cql, bound = _raw(target["target"], since, until, values), ()
    else:
        cql, bound = _built(target), (_ids(target["valueId"]), since, until)
    # Go's driver prepares whatever it sends.
    return _frames(session.execute(session.prepare(cql), bound))


def _raw(text: str, since: datetime, until: datetime, values: Mapping[str, str]) -> str:
    assert text.strip().upper().startswith("SELECT ")
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    for name, moment in (("$__timeFrom", since), ("$__timeTo", until)):
        text = text.replace(name, str(round(moment.timestamp() * 1000)))
    assert "$" not in text
    return text


def _built(target: Mapping[str, Any]) -> str:
    columns = f"{target['columnId']}, {target['columnValue']}, {target['columnTime']}"
    where = f"{target['columnId']} IN ? AND {target['columnTime']} >= ? AND {target['columnTime']} <= ?"
    filtering = " ALLOW FILTERING" if target.get("filtering") else ""
    return f"SELECT {columns} FROM {target['keyspace']}.{target['table']} WHERE {where}{filtering}"


def _ids(text: str) -> list[UUID]:
    return [UUID(one.strip()) for one in text.split(",")]


def _frames(result: Any) -> dict[str, Rows]:
    refused = {kind.typename for kind in result.column_types} - _TAKEN
    assert not refused, f"the plugin takes no {refused}"
    frames = defaultdict(list)
    for row in _named(result.column_names, result):
        frames[str(row[result.column_names[0]])].append(row)
    return dict(frames)


def _named(names: list[str], rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    assert len(set(names)) == len(names)
    return (dict(zip(names, row, strict=True)) for row in rows)
