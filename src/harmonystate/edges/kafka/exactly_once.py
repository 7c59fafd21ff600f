"""Consume, transform, produce: a batch, what it led to and its offsets are one transaction."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.patience import Patience, Stop
from harmonystate.edges.kafka.reading import records_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.session import Meter, Session
from harmonystate.edges.kafka.transaction import TransactionFailed

POLL_MS = 250
# Records that lead to nothing may wait so long for their offsets to be committed.
CALM_S = 0.5

Decide = Callable[[Sequence[Record]], Iterable[Outgoing]]


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
        meter: counts reports, records written by topic as they are committed, and lives of the clients that ended
            early; shows the lag, and how old the oldest record of a transaction was when it was committed.

    Raises:
        BadInput: when a batch in the topic is corrupt.
        Misconfigured: when Kafka refuses us, the topic is gone, or another process has this one's name.
    """
    patience = Patience(settings, stop, stage=stage, note=lambda: meter.add(resets=1))
    goal: Mapping[TopicPartition, int] | None = None
    done = False
    while not (done or stop.is_set()):
        try:
            with _Loop(settings, source, stage=stage, instance=instance, meter=meter) as loop:
                goal = goal or loop.ends()
                done = loop.run(decide, stop, goal if once else None, on_turn=patience.relieved)
        except TransactionFailed as fault:
            patience.bear(fault)
    leave(settings, group=stage, instance=instance)


class _Loop(Session):
    """One life of the loop."""

    def __init__(self, settings: KafkaSettings, source: str, **options: Any) -> None:
        super().__init__(settings, source, whole_batches=True, **options)
        self._reports = 0
        self._oldest_ms: int | None = None
        self._read: dict[TopicPartition, int] = {}
        self._calm_since = time.monotonic()

    def run(
        self,
        decide: Decide,
        stop: Stop,
        goal: Mapping[TopicPartition, int] | None,
        *,
        on_turn: Callable[[], object],
    ) -> bool:
        """Work until asked to stop, or until `goal` is reached (then True).

        Each turn as a member of the group is told to `on_turn`.
        """
        while not stop.is_set():
            self._turn(decide)
            if self.is_member:
                on_turn()
            if goal is not None and self._reader.has_reached(goal):
                self._note_positions()
                self._commit([])
                return True
            self._look()
        if self._reader.member is not None:
            self._commit([])
        return False

    def _turn(self, decide: Decide) -> None:
        """Handle one poll."""
        polled = self._reader.poll(POLL_MS)
        if self._reader.member is None:
            return
        self._note_generation(self._reader.member.generation_id)
        if not polled:
            self._note_positions()
        batch = records_of(polled)
        self._reports += len(batch)
        self._note_oldest(polled.values())
        self._read.update({where: records[-1].offset + 1 for where, records in polled.items()})
        outgoings = list(decide(batch)) if batch else []
        if outgoings or (self._read and time.monotonic() - self._calm_since > CALM_S):
            self._commit(outgoings)

    def _note_oldest(self, polled: Iterable[Sequence[Record]]) -> None:
        """Keep when the oldest record in hand was written: by a partition's first one, for they come in order."""
        firsts = [records[0].timestamp for records in polled if records]
        if firsts and self._oldest_ms is None:
            self._oldest_ms = min(firsts)

    def _note_generation(self, generation: int) -> None:
        if generation != self._generation:
            if self._read:
                # Partitions that we keep also keep their position, so what is read and not committed would be skipped.
                raise TransactionFailed("the group has rebalanced")
            self._committed.clear()
            self._inherit()
        self._generation = generation

    def _note_positions(self) -> None:
        """When nothing is left to read, what ends a transaction is read too: a lag of 0 is shown as 0."""
        self._read.update(self._moved())

    def _commit(self, outgoings: Sequence[Outgoing]) -> None:
        if self._read:
            self._transactor.commit(outgoings, offsets=self._read, member=self._reader.member)
        self._committed.update(self._read)
        self._read.clear()
        self._calm_since = time.monotonic()
        self._meter.add(reports=self._reports, **Counter(outgoing.topic for outgoing in outgoings))
        self._reports = 0
        if self._oldest_ms is not None:
            self._meter.observe(age_s=time.time() - self._oldest_ms / 1000)
            self._oldest_ms = None
