"""Cassandra as a test looks into it, past everything of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from cassandra.cluster import Cluster, Session

from harmonystate.config import CassandraSettings

# With the driver's own 2 s, a busy Cassandra that holds the tables of all tests is not there.
_CONNECT_WITHIN_S = 60
_ANSWER_WITHIN_S = 120


@contextmanager
def looking_into(settings: CassandraSettings, keyspace: str | None = None) -> Iterator[Session]:
    """Lend a session; nobody is asked about the tables of others, and every answer is waited for."""
    with Cluster(
        list(settings.contact_points),
        port=settings.port,
        protocol_version=5,
        connect_timeout=_CONNECT_WITHIN_S,
        control_connection_timeout=_CONNECT_WITHIN_S,
        schema_metadata_enabled=False,
    ) as cluster:
        session = cluster.connect(keyspace)
        session.default_timeout = _ANSWER_WITHIN_S
        yield session
