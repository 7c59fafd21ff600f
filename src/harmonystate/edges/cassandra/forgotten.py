"""Whom the store is to forget, for as long as some topic may still name them: rows of the table settings."""

from datetime import UTC, datetime, timedelta

from cassandra.cluster import Session

_PREFIX = "forgotten/"


def read_forgotten(session: Session) -> frozenset[str]:
    """Return the ids (`core.forgotten`) of persons whom no row is to name."""
    names = (row.name for row in session.execute("SELECT name FROM settings"))
    return frozenset(name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))


def note_forgotten(session: Session, identity: str, *, now: datetime, keep: timedelta) -> None:
    """Remember for so long that the person of this id is to be forgotten."""
    query = "INSERT INTO settings (name, value) VALUES (%s, %s) USING TTL %s"
    moment = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    session.execute(query, (_PREFIX + identity, moment, round(keep.total_seconds())))
