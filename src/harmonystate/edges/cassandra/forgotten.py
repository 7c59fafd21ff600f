"""Whom the store is to forget, for as long as some topic may still name them: rows of the table settings."""

from datetime import datetime, timedelta

from cassandra.cluster import Session

from harmonystate.core.forgotten import Forgetting, Forgotten

_PREFIX = "forgotten/"


def read_forgotten(session: Session) -> Forgotten:
    """Return the ids (`core.forgotten`) of persons whom no row is to name, each with what is to be forgotten."""
    rows = session.execute("SELECT name, value FROM settings")
    return {row.name.removeprefix(_PREFIX): _read(row.value) for row in rows if row.name.startswith(_PREFIX)}


def note_forgotten(session: Session, identity: str, forgetting: Forgetting, *, keep: timedelta | None) -> None:
    """Remember what is to be forgotten of a person; `keep` None = for ever."""
    ttl = 0 if keep is None else round(keep.total_seconds())
    query = "INSERT INTO settings (name, value) VALUES (%s, %s) USING TTL %s"
    value = " ".join([forgetting.until.isoformat(), *sorted(forgetting.ahead)])
    session.execute(query, (_PREFIX + identity, value, ttl))


def _read(value: str) -> Forgetting:
    until, *ahead = value.split()
    return Forgetting(datetime.fromisoformat(until), frozenset(ahead))
