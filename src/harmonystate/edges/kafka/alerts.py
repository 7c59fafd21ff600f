"""The topic alert as a member of the group alert-bot reads it, and the transaction that commits what was told."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import CorruptRecordError, KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.core.dispatch import Settled
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.exactly_once import Meter
from harmonystate.edges.kafka.membership import is_member, is_settled
from harmonystate.edges.kafka.offsets import ANSWER_MS, committed, partitions_of
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor, translated
from harmonystate.edges.kafka.watchdog import Watchdog
from harmonystate.errors import BadInput, Misconfigured

GROUP = "alert-bot"
LOOK_EVERY_S = 5.0
CLOSE_MS = 1_000
# How far the clocks of two hosts may lie apart: a delivery may seem older than its alert.
CLOCKS_DIFFER = timedelta(minutes=5)


class AlertFeed:
    """One life of the reading and the committing client, from the opening to the first failure.

    Every method raises TransactionFailed when Kafka is away or the group has rebalanced: close it, open a new one, go
    on from what is committed.
    """

    def __init__(self, settings: KafkaSettings, *, instance: str, meter: Meter) -> None:
        """Join the group under the name `instance`; `meter` shows the lag."""
        self._settings = settings
        self._meter = meter
        self._topic = settings.topics.alert
        self._watchdog = Watchdog()
        # First of all: this resolves what the life before left pending, and only then are offsets worth reading.
        self._transactor = Transactor(settings, f"harmony-{GROUP}-{instance}")
        try:
            with translated():
                # A poll is a bite of what waits; the backlog is bounded, and so is what one transaction holds.
                self._consumer = open_consumer(
                    settings, self._topic, group_id=GROUP, group_instance_id=instance, max_poll_records=200
                )
        except BaseException:
            self._transactor.discard()
            raise
        self._member: Any = None
        self._ends_when_assigned: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._looked_at = time.monotonic()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Close both clients; after an error nothing is flushed or committed any more."""
        self._watchdog.close()
        if kind is None:
            self._transactor.close()
        else:
            self._transactor.discard()
        with suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def ends(self) -> dict[int, int]:
        """Return where the topic's committed records end now, by partition."""
        with translated(), self._watchdog.watching("end_offsets"):
            partitions = partitions_of(self._consumer, self._topic)
            if not partitions:
                raise Misconfigured(f"Kafka has no topic {self._topic}, or we no right to read it: run `harmony setup`")
            return {p.partition: end for p, end in self._consumer.end_offsets(partitions, timeout_ms=ANSWER_MS).items()}

    def poll(self, timeout_s: float, *, hold: bool = False) -> list[Record]:
        """Return the next records, in order within each partition; wait so long for the first.

        Args:
            hold: take nothing, only stay a member of the group. What comes all the same is returned.
        """
        if time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._look()
        paused, assigned = self._consumer.paused(), self._consumer.assignment()
        if hold:
            self._consumer.pause(*(assigned - paused))
        else:
            self._consumer.resume(*paused)
        polled = self._poll(timeout_s)
        # At once, before any work: it fences us if we are a zombie by the time we commit.
        self._note_member(self._consumer.group_metadata(), bool(polled))
        return [record for records in polled.values() for record in records]

    def is_unproved(self, record: Record) -> bool:
        """Say whether the record stood there when its partition came to us: another may have told of it."""
        end = self._ends_when_assigned.get(TopicPartition(record.topic, record.partition))
        return end is None or record.offset < end

    def told_since(self, moment: datetime) -> set[str]:
        """Return the ids of the alerts with a delivery record from `moment` on.

        All there are, when the group has no offsets: it starts over, and so the oldest alert may be among them.
        """
        starts_over = not committed(self._settings, GROUP, self._topic)
        since = None if starts_over else moment - CLOCKS_DIFFER
        records = read_all(self._settings, self._settings.topics.delivery, since=since)
        return {record.key.decode(errors="replace") for record in records if record.key}

    def commit(self, settled: Settled) -> None:
        """Commit what was told and what became a dead letter, with its offsets, in one transaction."""
        if not settled.offsets:
            return
        self._transactor.commit(settled.outgoings, offsets=settled.offsets, member=self._member)
        self._committed.update({TopicPartition(*where): offset for where, offset in settled.offsets.items()})

    def commit_positions(self) -> None:
        """Commit what ends a transaction, too: with nothing left to tell, a lag of 0 is shown as 0."""
        positions = {where: self._position(where) for where in self._consumer.assignment()}
        moved = {(w.topic, w.partition): at for w, at in positions.items() if at and at != self._committed.get(w)}
        self.commit(Settled([], moved))

    def has_reached(self, goal: Mapping[int, int]) -> bool:
        """Say whether all up to `goal` is read, as far as it is ours; a member that was given no partition has."""
        if self._member is None or not is_settled(self._member):
            return False
        return all((self._position(p) or 0) >= goal.get(p.partition, 0) for p in self._consumer.assignment())

    def _poll(self, timeout_s: float) -> dict[TopicPartition, list[Any]]:
        try:
            with translated(), self._watchdog.watching("poll"):
                return dict(self._consumer.poll(int(timeout_s * 1000)))
        except TransactionFailed as fault:
            if isinstance(fault.__cause__, CorruptRecordError):
                raise BadInput(f"topic {self._topic} is damaged: {fault}") from fault
            raise

    def _note_member(self, member: Any, has_records: bool) -> None:
        if not is_member(member):
            if self._member is not None or has_records:
                raise TransactionFailed("this process was thrown out of the group")
            return
        if self._member is not None and member.generation_id != self._member.generation_id:
            raise TransactionFailed("the group has rebalanced")
        if not self._ends_when_assigned and is_settled(member):
            with translated(), self._watchdog.watching("end_offsets"):
                assigned = self._consumer.assignment()
                self._ends_when_assigned = dict(self._consumer.end_offsets(assigned, timeout_ms=ANSWER_MS))
        self._member = member

    def _position(self, where: TopicPartition) -> int | None:
        with translated(), self._watchdog.watching("position"):
            position: int | None = self._consumer.position(where, timeout_ms=ANSWER_MS)
            return position

    def _look(self) -> None:
        """Show the lag; and notice a broker that went away, for a poll just goes on returning nothing."""
        ends = self.ends()
        done = {p: self._committed.get(p) or self._position(p) or 0 for p in self._consumer.assignment()}
        self._meter.show(lag=sum(max(0, ends.get(p.partition, 0) - at) for p, at in done.items()))
        self._looked_at = time.monotonic()
