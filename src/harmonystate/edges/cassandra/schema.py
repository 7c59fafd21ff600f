"""`harmony setup`'s half of Cassandra: keyspace and tables, in numbered steps that can be run again."""

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from string import Template
from uuid import NAMESPACE_URL, uuid4, uuid5

from cassandra import InvalidRequest
from cassandra.cluster import Session

from harmonystate.config import CassandraSettings
from harmonystate.edges.cassandra.conditional import settled
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.cassandra.recorded import (
    read_settings,
    record,
    refuse_newer,
    refuse_other_shards,
    version_of,
)
from harmonystate.errors import Busy, Misconfigured, Unavailable

_STEP = re.compile(r"^-- step (\d+):.*$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
# Time windows in the life of a report. Each is a file or two, and a read of an hour must look into few.
_WINDOWS = 30
_LOCK_TTL_S = 60
_LOOK_EVERY_S = 0.2


def apply(settings: CassandraSettings) -> list[str]:
    """Make the keyspace and its tables where they are missing; safe to run again, and from several hosts at once.

    Returns:
        lines to say.

    Raises:
        Unavailable: when Cassandra does not answer, or its nodes do not agree on the schema.
        Misconfigured: when `shards` differ from those set up, or the keyspace is of a newer version than this.
    """
    with connected(settings) as session:
        lines = _make_keyspace(session, settings)
        session.set_keyspace(settings.keyspace)
        _make_settings_table(session, settings.keyspace)
        with _alone(session):
            recorded = read_settings(session, settings.keyspace)
            refuse_other_shards(recorded, settings)
            refuse_newer(recorded, settings.keyspace)
            before = _tables(session, settings.keyspace)
            # Before the tables: whoever finds those finds this too.
            record(session, "shards", str(settings.shards))
            _run_steps(session, settings, done=version_of(recorded))
            made = sorted(_tables(session, settings.keyspace) - before)
        return [*lines, f"keyspace {settings.keyspace}: {'made ' + ', '.join(made) if made else 'tables are there'}"]


def steps(settings: CassandraSettings) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbered steps of schema.cql, each with its statements, filled in from the config."""
    text = resources.files(__package__).joinpath("schema.cql").read_text()
    _, *parts = _STEP.split(text)
    values = {
        "report_ttl_s": math.ceil(settings.report_ttl.total_seconds()),
        "window_hours": window_hours(settings.report_ttl),
    }
    for number, body in zip(parts[::2], parts[1::2], strict=True):
        filled = Template(_COMMENT.sub("", body)).substitute(values)
        yield int(number), [statement.strip() for statement in filled.split(";") if statement.strip()]


def window_hours(report_ttl: timedelta) -> int:
    """Return the compaction window of the table report: a thirtieth of a report's life, in whole hours."""
    return max(1, math.ceil(report_ttl / timedelta(hours=1) / _WINDOWS))


def _make_keyspace(session: Session, settings: CassandraSettings) -> list[str]:
    wanted = {"class": "NetworkTopologyStrategy", settings.datacenter: str(settings.replication)}
    _define(session, f"CREATE KEYSPACE IF NOT EXISTS {settings.keyspace} WITH replication = {wanted}")
    query = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"
    there = dict(session.execute(query, (settings.keyspace,)).one().replication)
    there["class"] = there["class"].rpartition(".")[2]
    return [] if there == wanted else [f"keyspace {settings.keyspace}: replication is {there}, left as it is"]


def _make_settings_table(session: Session, keyspace: str) -> None:
    """Make the one table that is made before we hold the lock, which is a row of it.

    Two coordinators that create a table at once draw two ids for it and never agree again; so we name the id.
    """
    table_id = uuid5(NAMESPACE_URL, f"harmony:{keyspace}.settings")
    _define(
        session,
        f"CREATE TABLE IF NOT EXISTS settings (name text, value text, PRIMARY KEY (name)) WITH id = {table_id}",
    )


@contextmanager
def _alone(session: Session) -> Iterator[None]:
    """Keep every other setup of this keyspace waiting; a killed one stands in the way for a minute."""
    holder = str(uuid4())
    give_up = time.monotonic() + 2 * _LOCK_TTL_S
    while not _take(session, holder):
        if time.monotonic() > give_up:
            raise Busy("another `harmony setup` is running: try again")
        time.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        settled(session, "DELETE FROM settings WHERE name = 'setup' IF value = %s", (holder,), within_s=_LOCK_TTL_S)


def _take(session: Session, holder: str) -> bool:
    take = "INSERT INTO settings (name, value) VALUES ('setup', %s) IF NOT EXISTS USING TTL %s"
    taken = settled(session, take, (holder, _LOCK_TTL_S), within_s=_LOCK_TTL_S)
    return bool(taken.was_applied or taken.one().value == holder)


def _run_steps(session: Session, settings: CassandraSettings, *, done: int) -> None:
    """Run all steps, for a table may be gone; the version never falls meanwhile, since others run."""
    for number, statements in steps(settings):
        for statement in statements:
            _define(session, statement)
        if number > done:
            record(session, "schema_version", str(number))


def _define(session: Session, statement: str) -> None:
    """Run one DDL statement and wait until all nodes agree: a second one before that can split the schema."""
    try:
        result = session.execute(statement, timeout=30)
    except InvalidRequest as fault:
        raise Misconfigured(f"Cassandra refuses the schema: {fault}") from None
    if not result.response_future.is_schema_agreed:
        raise Unavailable("the Cassandra nodes do not agree on the schema: see that all are up, and run setup again")


def _tables(session: Session, keyspace: str) -> set[str]:
    rows = session.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (keyspace,))
    return {row.table_name for row in rows}
