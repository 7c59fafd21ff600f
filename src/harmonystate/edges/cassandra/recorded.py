"""What setup records of a keyspace in its table settings: shards and schema_version. Who may work on it."""

from collections.abc import Mapping

from cassandra.cluster import Session

from harmonystate.config import CassandraSettings
from harmonystate.errors import Misconfigured

# Of the last step in schema.cql.
VERSION = 3


def read_settings(session: Session, keyspace: str) -> dict[str, str]:
    """Return all of it, as text."""
    rows = session.execute(f"SELECT name, value FROM {keyspace}.settings")  # noqa: S608 - a checked name
    return {row.name: row.value for row in rows}


def record(session: Session, name: str, value: str) -> None:
    """Record a setting of the keyspace in use."""
    session.execute("INSERT INTO settings (name, value) VALUES (%s, %s)", (name, value))


def version_of(recorded: Mapping[str, str]) -> int:
    """Return the number of the last step that was run, 0 before the first."""
    return int(recorded.get("schema_version", 0))


def refuse_other_shards(recorded: Mapping[str, str], settings: CassandraSettings) -> None:
    """Refuse a config whose `shards` differ: its readers would miss rows.

    Raises:
        Misconfigured: naming both numbers.
    """
    shards = recorded.get("shards", str(settings.shards))
    if shards != str(settings.shards):
        raise Misconfigured(
            f"cassandra.shards: {settings.shards}, but keyspace {settings.keyspace} was set up with {shards}: "
            f"set it to {shards}, or use another keyspace"
        )


def refuse_newer(recorded: Mapping[str, str], keyspace: str) -> None:
    """Refuse tables of which we may not know all.

    Raises:
        Misconfigured: naming the keyspace.
    """
    if version_of(recorded) > VERSION:
        raise Misconfigured(f"keyspace {keyspace} was set up by a newer harmony: use that one")
