"""ingest: keeps every report of global2 in the table report (Spark Structured Streaming)."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import structlog

from harmonystate.config import Config
from harmonystate.core.dead_letter import bury
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import NotAReport
from harmonystate.edges.cassandra import connect as cassandra
from harmonystate.edges.cassandra import hours
from harmonystate.edges.console.meter import Meter, metering
from harmonystate.edges.kafka import connect as kafka
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor
from harmonystate.edges.local import jars, java
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.spark.checkpoint import locked
from harmonystate.edges.spark.micro_batch import DeadRecord, Ends, Outcome
from harmonystate.edges.spark.session import open_spark
from harmonystate.edges.spark.stream import Stream
from harmonystate.errors import Misconfigured, Unavailable

STAGE = "ingest"

_FENCED_TWICE_WITHIN_S = 60.0
# A batch takes a second or two; after so long we look whether Cassandra is there, and how often.
_SLOW_S = 10.0
_LOOK_EVERY_S = 5.0

_log = structlog.get_logger(f"harmony.{STAGE}")


def run(config: Config, *, once: bool) -> int:
    """Run the stage until asked to stop, or with `once` until what is there now is stored."""
    stop = stop_on_signals()
    home = Home(config.local.home)
    topics = config.kafka.topics
    kafka.require(config.kafka, [topics.global2, topics.dead_letter])
    with ExitStack() as opened:
        session = opened.enter_context(cassandra.open_session(config.cassandra))
        checkpoint = config.spark.checkpoint or default_checkpoint(config, kafka.cluster_id(config.kafka))
        lock = opened.enter_context(locked(checkpoint, locks=home.locks))
        spark = opened.enter_context(
            open_spark(
                config,
                app=STAGE,
                jars=jars.fetch(["spark"])["spark"],
                java_home=java.find_java(),
                # The JVM holds the lock too: when we are killed, it lives on for a moment.
                inherited_fds=[lock],
            )
        )
        meter = opened.enter_context(metering(STAGE))
        outlet = opened.enter_context(Ledger(config, session))
        Stream(spark, config, checkpoint=checkpoint, outlet=outlet, watch=Progress(config, meter), stop=stop).run(
            once=once
        )
    _log.info("left", **meter.counts())
    return stop.exit_code


def default_checkpoint(config: Config, cluster_id: str) -> str:
    """Return where the stream keeps its place: by cluster and topic, so that another broker never meets it."""
    return str(Home(config.local.home).checkpoint / cluster_id / config.kafka.topics.global2)


class Ledger:
    """What a batch leads to beside its rows: marks in report_hours, dead letters and offsets in Kafka.

    A dead letter is buried in one transaction with the offsets behind it (group `ingest`). So what lies below the
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
            Unavailable: when Kafka does not answer.
        """
        self._discard()
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


class Progress:
    """Shows what the stream does, and names Cassandra when a batch waits for it."""

    def __init__(self, config: Config, meter: Meter) -> None:
        self._cassandra = config.cassandra
        self._meter = meter
        self._looked_at = 0.0
        self._waiting = False

    def stored(self, outcome: Outcome) -> None:
        """Count a batch."""
        self._meter.add(rows=outcome.rows, dead_letters=outcome.dead_letters, expired=outcome.expired)
        self._meter.show(batch_age_s=outcome.age_s)

    def look(self, *, behind: int, in_hand_s: float) -> None:
        """Show the lag; look for Cassandra when a batch takes long, since the connector waits without a word."""
        self._meter.show(lag=behind)
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        self._note(waiting=in_hand_s > _SLOW_S and not cassandra.reachable(self._cassandra))

    def _note(self, *, waiting: bool) -> None:
        if waiting == self._waiting:
            return
        self._waiting = waiting
        where = cassandra.where(self._cassandra)
        _log.warning(f"waiting for {where}" if waiting else f"{where} is back")
        self._meter.show(state=f"waiting for {where}" if waiting else None)
