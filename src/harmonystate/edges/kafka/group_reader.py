"""Reads a topic as a member of a consumer group, under a name of its own."""

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any

import structlog
from kafka import TopicPartition
from kafka.errors import CorruptRecordError, KafkaError, KafkaTimeoutError

from harmonystate.config import KafkaSettings
from harmonystate.core.gaps import gaps
from harmonystate.edges.kafka import batches, seam
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.membership import is_member, is_settled
from harmonystate.edges.kafka.offsets import ANSWER_MS, partitions_of
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, translated
from harmonystate.edges.kafka.watchdog import Watchdog
from harmonystate.errors import BadInput, Misconfigured

CLOSE_MS = 1_000
LOOK_MS = 3_000
# Of a session: what is left of it is for what is done on the strength of our being a member.
FRESH_SHARE = 0.6


class GroupReader:
    """One life of a consumer, from the opening to the first failure; not for several threads.

    Its methods raise TransactionFailed when Kafka is away or the group has thrown us out: close it, open a new one, go
    on from what is committed.

    Attributes:
        member: who we were right after the last poll, before any work: whoever commits with it is fenced if we have
            become a zombie since. None while the group has not settled: nothing may be committed then, for what we are
            assigned still belongs to the generation before.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        topic: str,
        *,
        group: str,
        instance: str,
        whole_batches: bool = False,
        **ours: Any,
    ) -> None:
        """Open it; the first polls join the group.

        Args:
            settings: where Kafka is.
            topic: what to read.
            group: the consumer group.
            instance: our name in it.
            whole_batches: polls return `batches.BatchRecord`s, three times as fast, and end with a batch.
            ours: options that the config cannot override.

        Raises:
            Misconfigured: when there is no such topic, or we may not read it: a poll would only be silent, for ever.
        """
        with translated():
            self._consumer = open_consumer(settings, topic, group_id=group, group_instance_id=instance, **ours)
        if whole_batches:
            batches.read_whole_batches(self._consumer)
        self._heartbeat = seam.note_answers(self._consumer)
        self._stood_at = seam.note_resets(self._consumer)
        self._topic = topic
        self._log = structlog.get_logger(f"harmony.{group}")
        self._watchdog = Watchdog()
        self._joined = False
        self.member: Any = None
        try:
            # Before joining: a leader that does not know the partitions yet gives every member an empty share, and
            # that looks like being done.
            self.ends()
        except BaseException:
            self.close()
            raise

    def poll(self, timeout_ms: int, *, hold: bool = False, stay: bool = False) -> dict[TopicPartition, list[Any]]:
        """Return the next records by partition, in order; wait so long for the first.

        What Kafka has let go of before it was read is named in the log, before anything behind it can be committed.

        Args:
            timeout_ms: how long to wait.
            hold: take nothing, only stay a member of the group; what comes all the same is returned.
            stay: do not join anew, even where the group asks for it: until we do, what is ours is nobody else's.

        Raises:
            BadInput: when the topic is corrupt, naming partition and offset.
        """
        if hold:
            self._consumer.pause(*self._consumer.assignment())
        else:
            self._consumer.resume(*self._consumer.paused())
        try:
            staying = seam.staying(self._consumer) if stay else nullcontext()
            with translated(), self._watchdog.watching("poll"), staying:
                polled: dict[TopicPartition, list[Any]] = self._consumer.poll(timeout_ms)
        except TransactionFailed as fault:
            if isinstance(fault.__cause__, CorruptRecordError):
                # It comes back at every poll, for ever: somebody has to look at the broker's disk.
                raise BadInput(
                    f"topic {self._topic} is damaged: {fault}: look at the broker's disk, then at docs/operations.md"
                ) from fault
            raise
        self._note_member(self._consumer.group_metadata(), has_records=bool(polled))
        if self._stood_at:
            self._tell_what_is_gone()
        return polled

    def is_confirmed(self) -> bool:
        """Say whether the group will keep our partitions for us for a while: 4 s with a session of 10 s.

        It is asked with every heartbeat, and it counts from when that was sent. Whoever was frozen, or cut off, for
        longer than a session is no member any more and does not know it yet. Kafka's transactions fence such a zombie
        out; what is done elsewhere, nobody does.
        """
        session_s = self._consumer.config["session_timeout_ms"] / 1000
        stays = self.member is not None and not self.is_called()
        return stays and self._heartbeat.age_s < FRESH_SHARE * session_s

    def is_called(self) -> bool:
        """Say whether the group waits for us to join anew, to share out the partitions: the next poll does."""
        return seam.is_called(self._consumer)

    def ends(self, timeout_ms: int = ANSWER_MS) -> dict[TopicPartition, int]:
        """Return where the committed records of the topic end now; raises as the opening does."""
        with translated(), self._watchdog.watching("end_offsets"):
            partitions = partitions_of(self._consumer, self._topic)
            if not partitions:
                raise Misconfigured(f"Kafka has no topic {self._topic}, or we no right to read it: run `harmony setup`")
            return dict(self._consumer.end_offsets(partitions, timeout_ms=timeout_ms))

    def positions(self) -> dict[TopicPartition, int]:
        """Return what to read next, by assigned partition.

        Raises:
            TransactionFailed: also when Kafka does not say what is committed: a transaction that holds offsets of ours
                is not decided. A poll would only be silent, and nothing left to read would look like nothing to do.
        """
        with translated(), self._watchdog.watching("position"):
            assigned = self._consumer.assignment()
            found = {where: self._consumer.position(where, timeout_ms=ANSWER_MS) for where in assigned}
            if undecided := sorted(where.partition for where, position in found.items() if position is None):
                raise KafkaTimeoutError(f"a transaction on {self._topic}, partitions {undecided}, is not decided")
        return found

    def has_reached(self, goal: Mapping[TopicPartition, int]) -> bool:
        """Say whether all up to `goal` is read, as far as it is ours; a member that was given no partition has."""
        if self.member is None:
            return False
        positions = self.positions()
        return all(positions.get(where, -1) >= goal.get(where, 0) for where in self._consumer.assignment())

    def lag(self, done: Mapping[TopicPartition, int]) -> int:
        """Return how many offsets are left of what is ours, behind what is done, or else behind what is read.

        It also notices a broker that went away, for a poll just goes on returning nothing.
        """
        ends = self.ends(LOOK_MS)
        reached = {where: done.get(where, position) for where, position in self.positions().items()}
        return sum(max(0, ends.get(where, 0) - offset) for where, offset in reached.items())

    def close(self) -> None:
        """Close it; the group keeps our partitions for us until `membership.leave`, or the session times out."""
        self._watchdog.close()
        with suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=CLOSE_MS)

    def _tell_what_is_gone(self) -> None:
        with translated(), self._watchdog.watching("beginning_offsets"):
            begins = self._consumer.beginning_offsets(list(self._stood_at), timeout_ms=LOOK_MS)
        read = {place.partition: offset for place, offset in self._stood_at.items()}
        firsts = {place.partition: first for place, first in begins.items()}
        for gap in gaps(read, firsts):
            self._log.warning("goes on without records that Kafka no longer has", topic=self._topic, **gap._asdict())
        for partition, first in sorted(firsts.items()):
            if read[partition] >= first:
                # Behind the end: the broker has lost its last records, which were read, in a power cut perhaps.
                self._log.warning(
                    "reads all records again: Kafka has lost some that were read",
                    topic=self._topic, partition=partition, first=first, stood_at=read[partition],
                )  # fmt: skip
        self._stood_at.clear()

    def _note_member(self, now: Any, *, has_records: bool) -> None:
        if (self._joined and not is_member(now)) or (has_records and not is_settled(now)):
            raise TransactionFailed("the group has thrown this process out")
        if self._joined and seam.is_unheard(self._consumer):
            if seam.is_fenced(self._consumer):
                raise Fenced("another process has taken this one's name in the group")
            raise TransactionFailed("the group has not answered for a whole session")
        self._joined = is_member(now)
        self.member = now if is_settled(now) else None
