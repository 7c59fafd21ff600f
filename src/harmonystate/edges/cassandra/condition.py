"""What a Cassandra is, and how its tables differ from those that `harmony setup` makes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from cassandra.cluster import Session

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra.schema import steps

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*)\)(?: WITH .*)?$", re.DOTALL)
_KEY = re.compile(
    r",?\s*PRIMARY KEY\s*\(\((?P<partition>[^)]*)\),?\s*(?P<clustering>[^)]*)\)|,?\s*PRIMARY KEY \((?P<one>\w+)\)"
)
_TTL = re.compile(r"default_time_to_live = (\d+)")

# A table's columns, each with its type and its part in the key.
Columns = dict[str, str]


class Node(NamedTuple):
    """The node that answers.

    Attributes:
        clock: its own, UTC; asked_at: ours, in the middle between question and answer.
    """

    release: tuple[int, ...]
    clock: datetime
    asked_at: datetime


def ask(session: Session) -> Node:
    """Ask a node for its version and its time."""
    before = datetime.now(UTC)
    row = session.execute("SELECT release_version, toTimestamp(now()) AS clock FROM system.local").one()
    after = datetime.now(UTC)
    numbers = tuple(int(number) for number in re.findall(r"\d+", row.release_version)[:3])
    return Node(numbers, row.clock.replace(tzinfo=UTC), before + (after - before) / 2)


class Life(NamedTuple):
    """What the table report says of a report's life, and what `harmony setup` would make it say; seconds."""

    recorded: int
    planned: int


def replication(session: Session, keyspace: str) -> dict[str, str]:
    """Return how often a keyspace is kept in each datacenter."""
    query = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
    found = dict(session.execute(query, (keyspace,)).one().replication)
    return {name: number for name, number in found.items() if name != "class"}


def planned_tables(settings: CassandraSettings) -> dict[str, Columns]:
    """Return the tables of schema.cql."""
    statements = [statement for _, some in steps(settings) for statement in some]
    return {match[1]: columns_of(match[2]) for text in statements if (match := _TABLE.match(text))}


def columns_of(body: str) -> Columns:
    """Read what stands between the brackets of a CREATE TABLE, its key last."""
    match = _KEY.search(body)
    assert match is not None  # noqa: S101 - every table of ours has one
    partition = _names(match["partition"] or match["one"])
    clustering = _names(match["clustering"] or "")
    columns = {}
    for name, kind in re.findall(r"(\w+) ([a-z]+(?:<.*?>+)?)(?:,|$)", _KEY.sub("", body).strip()):
        part = "partition_key" if name in partition else "clustering" if name in clustering else "regular"
        columns[name] = f"{kind} {part}"
    return columns


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def drift(session: Session, settings: CassandraSettings) -> Iterator[str]:
    """Yield what differs between the tables that are there and those of setup, one line each."""
    query = "SELECT table_name, column_name, type, kind FROM system_schema.columns WHERE keyspace_name = %s"
    there: dict[str, Columns] = {}
    for row in session.execute(query, (settings.keyspace,)):
        there.setdefault(row.table_name, {})[row.column_name] = f"{row.type} {row.kind}"
    for table, planned in planned_tables(settings).items():
        yield from differing(table, planned, there.get(table))


def differing(table: str, planned: Columns, actual: Columns | None) -> Iterator[str]:
    """Yield how a table differs from its plan; more columns than planned are somebody else's, and do no harm."""
    if actual is None:
        yield f"table {table} is not there"
        return
    for name, kind in planned.items():
        if name not in actual:
            yield f"table {table} has no column {name}"
        elif actual[name] != kind:
            yield f"table {table}: column {name} is {actual[name]}, not {kind}"


def life(session: Session, settings: CassandraSettings) -> Life | None:
    """Return what the table report says of a report's life; None when there is no such table."""
    query = "SELECT default_time_to_live AS ttl FROM system_schema.tables WHERE keyspace_name = %s AND table_name = %s"
    row = session.execute(query, (settings.keyspace, "report")).one()
    (planned,) = (int(match[1]) for _, some in steps(settings) for text in some if (match := _TTL.search(text)))
    return Life(row.ttl, planned) if row is not None else None
