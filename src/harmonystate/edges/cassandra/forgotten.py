"""Whom the store is to forget, for as long as some topic may still name them: rows of the table settings."""

from datetime import datetime, timedelta

from cassandra.cluster import Session

from harmonystate.core.forgotten import Forgotten

_PREFIX = "forgotten/"


def read_forgotten(session: Session) -> Forgotten:
    """Return the ids (`core.forgotten`) of persons whom no row is to name, each with until when it was heard."""
    rows = session.execute("SELECT name, value FROM settings")
    return {
        row.name.removeprefix(_PREFIX): datetime.fromisoformat(row.value)
        for row in rows
        if row.name.startswith(_PREFIX)
    }


def note_forgotten(session: Session, identity: str, *, until: datetime, keep: timedelta | None) -> None:
    """Remember that what was heard of a person before `until` is to be forgotten; `keep` None = for ever."""
    ttl = 0 if keep is None else round(keep.total_seconds())
    query = "INSERT INTO settings (name, value) VALUES (%s, %s) USING TTL %s"
    session.execute(query, (_PREFIX + identity, until.isoformat(), ttl))
