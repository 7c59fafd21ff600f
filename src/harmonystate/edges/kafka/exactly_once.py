"""Consume, transform, produce: a batch, what it led to and its offsets are one transaction."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from kafka import TopicPartition
from kafka.errors import CorruptRecordError, KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.membership import is_member, leave
from harmonystate.edges.kafka.offsets import ANSWER_MS, partitions_of
from harmonystate.edges.kafka.patience import Patience, Stop
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor, translated
from harmonystate.edges.kafka.watchdog import Watchdog
from harmonystate.errors import BadInput, Misconfigured

POLL_MS = 250
# Records that lead to nothing may wait so long for their offsets to be committed.
CALM_S = 0.5
LOOK_EVERY_S = 5.0
LOOK_MS = 3_000
CLOSE_MS = 1_000

Decide = Callable[[Sequence[Record]], Iterable[Outgoing]]


class Meter(Protocol):
    """Where progress is shown; `edges.console.meter.Meter` is such, and so is a test's dictionary."""

    def add(self, **counts: int) -> None:
        """Add to counts."""
        ...

    def show(self, **states: object) -> None:
        """Set what is true now."""
        ...


def transform_exactly_once(  # noqa: PLR0913 - the one door to the loop; every argument is by name
    settings: KafkaSettings,
    *,
    source: str,
    stage: str,
    instance: str,
    decide: Decide,
    stop: Stop,
    once: bool,
    meter: Meter,
) -> None:
    """Read `source`, write what `decide` returns for each batch, exactly once, until asked to stop.

    On any error both clients are thrown away and the work goes on from the committed offsets, so `decide` may see a
    batch twice; readers of its output never do. While Kafka is away it waits. Instances share the partitions.

    Args:
        settings: where Kafka is.
        source: the topic to read.
        stage: the command's name, and the consumer group's.
        instance: this process's name among its like; no two may bear it at once.
        decide: what to write for a batch; a batch holds records of several partitions, each in order.
        stop: asks to leave; the batch in hand is finished first.
        once: leave once all that was there at the start is done; partitions that others hold are theirs.
        meter: counts reports, and records written by topic, as they are committed; shows the lag.

    Raises:
        BadInput: when a batch in the topic is corrupt.
        Misconfigured: when Kafka refuses us, the topic is gone, or another process has this one's name.
    """
    patience = Patience(settings, stop, stage=stage)
    goal: Mapping[TopicPartition, int] | None = None
    done = False
    while not (done or stop.is_set()):
        try:
            with _Session(settings, source=source, stage=stage, instance=instance, meter=meter) as session:
                goal = goal or session.ends()
                patience.relieved()
                done = session.run(decide, stop, goal if once else None)
        except TransactionFailed as fault:
            patience.bear(fault)
    leave(settings, group=stage, instance=instance)


class _Session:
    """One life of both clients, from the opening to the first failure."""

    def __init__(self, settings: KafkaSettings, *, source: str, stage: str, instance: str, meter: Meter) -> None:
        self._source = source
        self._meter = meter
        self._watchdog = Watchdog()
        # First of all: this resolves what the session before left pending, and only then are offsets worth reading.
        self._transactor = Transactor(settings, f"harmony-{stage}-{instance}")
        try:
            with translated():
                self._consumer = open_consumer(settings, source, group_id=stage, group_instance_id=instance)
        except BaseException:
            self._transactor.discard()
            raise
        self._member: Any = None
        self._reports = 0
        self._read: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._calm_since = self._looked_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self._watchdog.close()
        if kind is None:
            self._transactor.close()
        else:
            self._transactor.discard()
        with suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def ends(self, timeout_ms: int = ANSWER_MS) -> dict[TopicPartition, int]:
        """Return where the committed records end now; a consumer without the right to read hears it only here."""
        with translated(), self._watchdog.watching("end_offsets"):
            partitions = partitions_of(self._consumer, self._source)
            if not partitions:
                raise Misconfigured(
                    f"Kafka has no topic {self._source}, or we no right to read it: run `harmony setup`"
                )
            return dict(self._consumer.end_offsets(partitions, timeout_ms=timeout_ms))

    def run(self, decide: Decide, stop: Stop, goal: Mapping[TopicPartition, int] | None) -> bool:
        """Work until asked to stop, or until `goal` is reached (then True)."""
        while not stop.is_set():
            self._turn(decide)
            if goal is not None and self._has_reached(goal):
                self._note_positions()
                self._commit([])
                return True
            if time.monotonic() - self._looked_at > LOOK_EVERY_S:
                self._look()
        if self._read:
            self._commit([])
        return False

    def _turn(self, decide: Decide) -> None:
        """Handle one poll."""
        polled = self._poll()
        # At once, before any work: it fences us if we are a zombie by the time we commit.
        member = self._consumer.group_metadata()
        if not is_member(member):
            if polled or self._read:
                raise TransactionFailed("this process was thrown out of the group")
            return
        self._note_generation(member)
        if not polled:
            self._note_positions()
        batch = [record for records in polled.values() for record in records]
        self._reports += len(batch)
        self._read.update({where: records[-1].offset + 1 for where, records in polled.items()})
        outgoings = list(decide(batch)) if batch else []
        if outgoings or (self._read and time.monotonic() - self._calm_since > CALM_S):
            self._commit(outgoings)

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        try:
            with translated(), self._watchdog.watching("poll"):
                return dict(self._consumer.poll(POLL_MS))
        except TransactionFailed as fault:
            if isinstance(fault.__cause__, CorruptRecordError):
                # It comes back at every poll, for ever: somebody has to look at the broker's disk.
                raise BadInput(f"topic {self._source} is damaged: {fault}") from fault
            raise

    def _note_generation(self, member: Any) -> None:
        if self._member is not None and member.generation_id != self._member.generation_id:
            if self._read:
                # Partitions that we keep also keep their position, so what is read and not committed would be skipped.
                raise TransactionFailed("the group has rebalanced")
            self._committed.clear()
        self._member = member

    def _note_positions(self) -> None:
        """When nothing is left to read, what ends a transaction is read too: a lag of 0 is shown as 0."""
        for where in self._consumer.assignment():
            position = self._position(where)
            if position is not None and position != self._committed.get(where):
                self._read[where] = position

    def _commit(self, outgoings: Sequence[Outgoing]) -> None:
        if self._read or outgoings:
            self._transactor.commit(outgoings, offsets=self._read, member=self._member)
        self._committed.update(self._read)
        self._read.clear()
        self._calm_since = time.monotonic()
        self._meter.add(reports=self._reports, **Counter(outgoing.topic for outgoing in outgoings))
        self._reports = 0

    def _has_reached(self, goal: Mapping[TopicPartition, int]) -> bool:
        """Say whether this member is done; one that was given no partition is."""
        if self._member is None:
            return False
        return all((self._position(where) or 0) >= goal.get(where, 0) for where in self._consumer.assignment())

    def _position(self, where: TopicPartition) -> int | None:
        with translated(), self._watchdog.watching("position"):
            position: int | None = self._consumer.position(where, timeout_ms=ANSWER_MS)
            return position

    def _look(self) -> None:
        """Show the lag; and notice a broker that went away, for a poll just goes on returning nothing."""
        ends = self.ends(LOOK_MS)
        assigned = self._consumer.assignment()
        self._meter.show(lag=sum(max(0, ends.get(where, 0) - (self._position(where) or 0)) for where in assigned))
        self._looked_at = time.monotonic()
