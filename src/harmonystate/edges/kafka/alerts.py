"""The topic alert as a member of the group alert-bot reads it, and the transaction that commits what was told."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from kafka import TopicPartition

from harmonystate.config import KafkaSettings
from harmonystate.core.backlog import Settled
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.reading import read_all, records_of
from harmonystate.edges.kafka.records import Record
from harmonystate.edges.kafka.session import Meter, Session
from harmonystate.edges.kafka.transaction import TransactionFailed

GROUP = "alert-bot"
# A poll is a bite of what waits: alerts may be large, and each is kept until it is told.
MOST_POLLED = 200
# How long the reading of what stands there may take before the first alert is told: joining the group, and a backlog.
CATCH_UP_S = 15.0
# How far the clocks of two hosts may lie apart: a delivery may seem older than its alert.
CLOCKS_DIFFER = timedelta(minutes=5)


class AlertFeed(Session):
    """One life of the reading and the committing client, from the opening to the first failure."""

    def __init__(self, settings: KafkaSettings, *, instance: str, meter: Meter, client_id: str) -> None:
        """Join the group under the name `instance`, as `client_id`; `meter` shows the lag."""
        reading = {"client_id": client_id, "max_poll_records": MOST_POLLED}
        super().__init__(settings, settings.topics.alert, stage=GROUP, instance=instance, meter=meter, **reading)
        self._ends_when_assigned: dict[TopicPartition, int] = {}
        self._opened_at = time.monotonic()
        self._has_caught_up = False

    def poll(self, timeout_s: float, *, hold: bool = False, stay: bool = False) -> list[Record]:
        """Return the next records, in order within each partition; wait so long for the first.

        Args:
            timeout_s: how long to wait.
            hold: take nothing, only stay a member of the group; what comes all the same is returned.
            stay: keep what is ours, also where the group is to share it out anew.
        """
        self._look()
        polled = self._reader.poll(int(timeout_s * 1000), hold=hold, stay=stay)
        self._note_generation()
        for where, records in polled.items():
            # What is in hand is yet to be told: a backlog, or a Discord that refuses, is a lag.
            self._committed.setdefault(where, records[0].offset)
        return records_of(polled)

    def is_unproved(self, record: Record) -> bool:
        """Say whether the record stood there when its partition came to us: another may have told of it."""
        return record.offset < self._ends_when_assigned[TopicPartition(record.topic, record.partition)]

    def may_tell(self) -> bool:
        """Say whether the alerts in hand are ours for long enough to tell of some: Discord fences out no zombie."""
        return self._reader.is_confirmed()

    def is_called_away(self) -> bool:
        """Say whether the group waits for us, to share out the alerts anew: the next poll gives ours away."""
        return self._reader.is_called()

    def has_caught_up(self) -> bool:
        """Say whether all is read that stood there when our partitions came to us, or a while has passed.

        A partition without a leader must not keep the alerts of the others.
        """
        if not self._has_caught_up and self._generation is not None:
            is_late = time.monotonic() - self._opened_at > CATCH_UP_S
            self._has_caught_up = is_late or self._reader.has_reached(self._ends_when_assigned)
        return self._has_caught_up

    def told_since(self, moment: datetime) -> set[str]:
        """Return the ids of the alerts with a delivery record from `moment` on.

        All there are, when the group has no offsets: it starts over, and so the oldest alert may be among them.
        """
        starts_over = not committed(self._settings, GROUP, self._settings.topics.alert)
        since = None if starts_over else moment - CLOCKS_DIFFER
        records = read_all(self._settings, self._settings.topics.delivery, since=since)
        return {record.key.decode(errors="replace") for record in records if record.key}

    def commit(self, settled: Settled) -> None:
        """Commit what was told and what became a dead letter, with its offsets, in one transaction."""
        if settled.offsets:
            self._transactor.commit(settled.outgoings, offsets=settled.offsets, member=self._reader.member)
            self._committed.update({TopicPartition(*where): offset for where, offset in settled.offsets.items()})

    def commit_positions(self) -> None:
        """Commit what ends a transaction, too: with nothing left to tell, a lag of 0 is shown as 0."""
        if self._reader.member is not None:
            moved = self._moved()
            self.commit(Settled([], {(where.topic, where.partition): offset for where, offset in moved.items()}))

    def has_reached(self, goal: Mapping[TopicPartition, int]) -> bool:
        """Say whether all up to `goal` is read, as far as it is ours; a member that was given no partition has."""
        return self._reader.has_reached(goal)

    def _note_generation(self) -> None:
        """Note where the topic ended when we got our share; what is read of it is ours for this generation only."""
        member = self._reader.member
        if self._generation is not None and (member is None or member.generation_id != self._generation):
            raise TransactionFailed("the group rebalances")
        if self._generation is None and member is not None:
            self._inherit()
            self._ends_when_assigned = self._reader.ends()
            self._generation = member.generation_id
