"""What a batch leads to beside its rows: marks in report_hours, dead letters and offsets in Kafka."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from harmonystate.config import Config, KafkaSettings
from harmonystate.core.dead_letter import bury
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import NotAReport
from harmonystate.edges.cassandra import hours
from harmonystate.edges.cassandra.connect import translating
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor
from harmonystate.edges.spark.micro_batch import DeadRecord, Ends
from harmonystate.errors import Misconfigured, Unavailable

STAGE = "ingest"

_FENCED_TWICE_WITHIN_S = 60.0


class Ledger:
    """The `Outlet` of the stream; its place in Kafka is the group `ingest`.

    A dead letter is buried in one transaction with the offsets behind it. So what lies below the
    committed offsets is buried, and a batch that comes again leaves it out.
    """

    def __init__(self, config: Config, session: Any) -> None:
        self._config = config
        self._session = session
        self._topic = config.kafka.topics.global2
        self._transactor: Transactor | None = None
        self._buried: dict[tuple[str, int], int] = {}
        self._fenced_at: float | None = None

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self._discard()

    def begin(self) -> None:
        """Read what is buried, once no earlier transaction of ours can still be decided.

        Raises:
            Unavailable: when Kafka or Cassandra does not answer.
        """
        self._discard()
        # Spark's connector, asked for anything while Cassandra is away, may never answer again (session.py).
        with translating(self._config.cassandra):
            self._session.execute("SELECT key FROM system.local")
        try:
            self._transactor = Transactor(self._config.kafka, f"harmony-{STAGE}-{self._topic}")
            found = committed(self._config.kafka, STAGE, self._topic)
        except TransactionFailed as fault:
            raise self._away(fault) from fault
        self._buried = {(self._topic, partition): offset for partition, (offset, _) in found.items()}

    def mark_changed(self, changed: Sequence[datetime], now: datetime) -> None:
        """Mark hours that have new rows."""
        hours.mark_changed(self._session, changed, settings=self._config.cassandra, now=now)

    def commit(self, dead: Sequence[DeadRecord], ends: Ends) -> None:
        """Bury what is not buried yet, and commit how far we are, never less than what was committed before.

        Raises:
            Unavailable: when Kafka does not answer; whether it went through shows when we begin again.
            Misconfigured: when another ingest of this topic is running.
        """
        assert self._transactor is not None  # noqa: S101 - begin comes first
        now = datetime.now(UTC)
        fresh = [self._letter(letter, now) for letter in dead if not self._is_buried(letter)]
        reached = {place: max(end, self._buried.get(place, 0)) for place, end in ends.items()}
        try:
            self._transactor.commit(fresh, offsets=reached, group=STAGE)
        except TransactionFailed as fault:
            raise self._away(fault) from fault
        self._buried |= reached

    def _is_buried(self, letter: DeadRecord) -> bool:
        place = letter.place
        return place.offset < self._buried.get((place.topic, place.partition), 0)

    def _letter(self, letter: DeadRecord, now: datetime) -> Outgoing:
        topic = self._config.kafka.topics.dead_letter
        return bury(letter.place, letter.key, letter.value, NotAReport(letter.fault), stage=STAGE, at=now, topic=topic)

    def _away(self, fault: TransactionFailed) -> Exception:
        if isinstance(fault, Fenced):
            now = time.monotonic()
            if self._fenced_at is not None and now - self._fenced_at < _FENCED_TWICE_WITHIN_S:
                return Misconfigured(f"another ingest of {self._topic} is running, perhaps on another host: stop one")
            self._fenced_at = now
        return Unavailable(f"Kafka at {self._config.kafka.bootstrap_servers}: {fault}")

    def _discard(self) -> None:
        if self._transactor is not None:
            self._transactor.discard()
            self._transactor = None


def lag_of(settings: KafkaSettings) -> int | None:
    """Return how many offsets ingest is not done with, or None when Kafka does not answer."""
    try:
        return lag(settings, STAGE, settings.topics.global2)
    except TransactionFailed:
        return None
