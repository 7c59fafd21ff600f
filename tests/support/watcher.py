"""Reads topics while faults happen, and notes at once what no reader of committed records may ever see."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import end_offsets, partitions_of, position_of
from tests.support.kafka import PATIENT_MS, wait_until
from tests.support.lookout import Lookout

# Where it shows that rows were stored; it stands among the topics that are watched.
STORED = "the table report"
_LOOK_EVERY_S = 0.3
# After an outage it is the stages that are to be waited for, not the watcher.
PROMPT = {"reconnect_backoff_max_ms": 200}


class _Seen(msgspec.Struct, rename="camel"):
    report_id: str


class Sight(NamedTuple):
    """Records of one partition that came together; the moments are ms since 1970.

    Attributes:
        written_ms: when the last of them was written.
        seen_ms: when a reader had them: that may be much later, since it waits for the end of every transaction.
    """

    partition: int
    written_ms: int
    seen_ms: int


class Watcher(Lookout):
    """A read_committed reader from the beginning, while the body of a `with` runs.

    Attributes:
        sights: what it saw, by topic.
        faults: what it saw and should not have: a record twice, or offsets that went down.
    """

    def __init__(self, settings: KafkaSettings, *topics: str) -> None:
        super().__init__()
        self._settings, self._topics = settings, topics
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._next: dict[TopicPartition, int] = {}
        self._goal: dict[TopicPartition, int] = {}
        self.sights: dict[str, list[Sight]] = defaultdict(list)
        self.faults: list[str] = []

    def count(self, topic: str) -> int:
        """Return how many different reports of a topic it has seen."""
        return len(self._ids[topic])

    def note_stored(self, at_ms: int) -> None:
        """Hear that rows were stored, which a reader of the table had by then."""
        self.sights[STORED].append(Sight(0, at_ms, at_ms))

    def pause_s(self, topic: str, since_ms: int) -> float:
        """Return the longest time, from a moment to now, in which a reader got nothing of one of the partitions.

        All that there is to be read now is read first.
        """
        ends = end_offsets(self._settings, topic)
        self._goal = {TopicPartition(topic, partition): end for partition, end in ends.items()}
        wait_until(lambda: not self._goal, what=f"a look at all that stands in {topic}")
        return longest_pause_s(self.sights[topic], ends, since_ms, _now_ms())

    def recovery_s(self, topic: str, fault_ms: int) -> float | None:
        """Return how long after a fault a reader got a record that was written later; None when it got none."""
        seen_ms = min((sight.seen_ms for sight in self.sights[topic] if sight.written_ms > fault_ms), default=None)
        return None if seen_ms is None else (seen_ms - fault_ms) / 1000

    def _watch(self) -> None:
        consumer = open_consumer(self._settings, bootstrap_timeout_ms=PATIENT_MS, **PROMPT)
        consumer.assign([place for topic in self._topics for place in partitions_of(consumer, topic)])
        while not self._stop.is_set():
            try:
                polled = consumer.poll(250)
            except KafkaError as fault:  # the broker is away: that is what the test is about
                self._stop.wait(0.2 if fault else 0)
                continue
            seen_ms = _now_ms()
            for place, records in polled.items():
                for record in records:
                    self._see(place, record)
                written_ms = max(record.timestamp for record in records)
                self.sights[place.topic].append(Sight(place.partition, written_ms, seen_ms))
            if self._goal:
                with suppress(KafkaError):
                    self._goal = {at: end for at, end in self._goal.items() if position_of(consumer, at) < end}
        consumer.close(autocommit=False)

    def _see(self, place: TopicPartition, record) -> None:
        if record.offset < self._next.get(place, 0):
            self.faults.append(f"{record.topic}: offset {record.offset} again")
        self._next[place] = record.offset + 1
        report_id = msgspec.json.decode(record.value, type=_Seen).report_id
        if report_id in self._ids[record.topic]:
            self.faults.append(f"{record.topic}: report {report_id} twice, again at {place} offset {record.offset}")
        self._ids[record.topic].add(report_id)


def longest_pause_s(sights: Iterable[Sight], partitions: Iterable[int], since_ms: int, until_ms: int) -> float:
    """Return the longest time between two moments in which nothing of one of the partitions was seen."""
    moments = {partition: [since_ms] for partition in partitions}
    for sight in sights:
        if since_ms < sight.seen_ms <= until_ms:
            moments[sight.partition].append(sight.seen_ms)
    return max(after - before for seen in moments.values() for before, after in pairwise([*seen, until_ms])) / 1000


def _now_ms() -> int:
    return int(time.time() * 1000)


class BatchWatcher(Lookout):
    """Notes, while the body of a `with` runs, when each batch of ingest was done, as Spark writes it down.

    Args:
        checkpoints: the folder in which checkpoints are.
        note: gets the moments, ms since 1970.
    """

    def __init__(self, checkpoints: Path, note: Callable[[int], None]) -> None:
        super().__init__()
        self._checkpoints, self._note = checkpoints, note
        self._noted: set[int] = set()

    def _watch(self) -> None:
        # Spark keeps the last hundred only.
        while not self._stop.wait(_LOOK_EVERY_S):
            for done in self._checkpoints.glob("*/*/commits/[0-9]*"):
                with suppress(FileNotFoundError):
                    self._note_once(int(done.stat().st_mtime * 1000))

    def _note_once(self, moment: int) -> None:
        if moment not in self._noted:
            self._noted.add(moment)
            self._note(moment)
