"""Holds the newest snapshot: watchers write their part, the page reads the whole. Safe to use from several threads."""

import threading
from datetime import datetime

import structlog

from harmonystate.core.snapshot import Outage, Saved, Service, Snapshot, Stream

log = structlog.get_logger("harmony.dashboard")


class Board:
    """The one place where watchers and page meet."""

    def __init__(self, *, kafka: str, cassandra: str) -> None:
        """Begin with services that have not answered yet, at these addresses."""
        self._lock = threading.Lock()
        self._snapshot = Snapshot(Service("Kafka", kafka), Service("Cassandra", cassandra))

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        return self._snapshot

    def put_stream(self, stream: Stream) -> None:
        """Take what the topics say."""
        with self._lock:
            kafka = _answers(self._snapshot.kafka)
            self._snapshot = self._snapshot._replace(stream=stream, kafka=kafka)

    def put_saved(self, saved: Saved) -> None:
        """Take what the tables say."""
        with self._lock:
            cassandra = _answers(self._snapshot.cassandra)
            self._snapshot = self._snapshot._replace(saved=saved, cassandra=cassandra)

    def kafka_is_away(self, why: object, now: datetime) -> None:
        """Note that Kafka does not answer; since when, it says itself when it is told again."""
        with self._lock:
            self._snapshot = self._snapshot._replace(kafka=_is_away(self._snapshot.kafka, why, now))

    def cassandra_is_away(self, why: object, now: datetime) -> None:
        """Note that Cassandra does not answer."""
        with self._lock:
            self._snapshot = self._snapshot._replace(cassandra=_is_away(self._snapshot.cassandra, why, now))


def _answers(service: Service) -> Service:
    if service.outage:
        log.info("answers again", service=service.name)
    return service if service.answered and not service.outage else service._replace(answered=True, outage=None)


def _is_away(service: Service, why: object, now: datetime) -> Service:
    if service.outage is None:
        log.warning("does not answer", service=service.name, at=service.at, why=str(why))
    since = service.outage.since if service.outage else now
    return service._replace(outage=Outage(since, str(why)))
