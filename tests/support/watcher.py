"""Reads topics while faults happen, and notes at once what no reader of committed records may ever see."""

from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import msgspec
from kafka.errors import KafkaError

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import partitions_of
from tests.support.kafka import PATIENT_MS
from tests.support.lookout import Lookout

# Where it shows that rows were stored; it stands among the topics that are watched.
STORED = "the table report"
_LOOK_EVERY_S = 0.3


class _Seen(msgspec.Struct, rename="camel"):
    report_id: str


class Watcher(Lookout):
    """A read_committed reader from the beginning, while the body of a `with` runs.

    Attributes:
        written: when each record was written (ms since 1970), by topic.
        faults: what it saw and should not have: a record twice, or offsets that went down.
    """

    def __init__(self, settings: KafkaSettings, *topics: str) -> None:
        super().__init__()
        self._settings, self._topics = settings, topics
        self._seen: dict[str, set[str]] = defaultdict(set)
        self._next: dict[tuple[str, int], int] = {}
        self.written: dict[str, list[int]] = defaultdict(list)
        self._partitions: dict[str, list[int]] = defaultdict(list)
        self.faults: list[str] = []

    def count(self, topic: str) -> int:
        """Return how many different reports of a topic it has seen."""
        return len(self._seen[topic])

    def pause_s(self, topic: str, since_ms: int) -> float:
        """Return the longest time in which nothing was written to one of the partitions, from a moment on."""
        moments: dict[int, list[int]] = defaultdict(lambda: [since_ms])
        for at, partition in zip(self.written[topic], self._partitions[topic], strict=False):
            if at > since_ms:
                moments[partition].append(at)
        return max((later - at for of_one in moments.values() for at, later in pairwise(of_one)), default=0) / 1000

    def recovery_s(self, topic: str, fault_ms: int) -> float | None:
        """Return how long after a fault the next record of a topic was written; None when none was."""
        later = min((at for at in self.written[topic] if at > fault_ms), default=None)
        return None if later is None else (later - fault_ms) / 1000

    def _watch(self) -> None:
        consumer = open_consumer(self._settings, bootstrap_timeout_ms=PATIENT_MS)
        consumer.assign([place for topic in self._topics for place in partitions_of(consumer, topic)])
        while not self._stop.is_set():
            try:
                polled = consumer.poll(250)
            except KafkaError as fault:  # the broker is away: that is what the test is about
                self._stop.wait(0.2 if fault else 0)
                continue
            for records in polled.values():
                for record in records:
                    self._see(record)
        consumer.close(autocommit=False)

    def _see(self, record) -> None:
        place = (record.topic, record.partition)
        if record.offset < self._next.get(place, 0):
            self.faults.append(f"{record.topic}: offset {record.offset} again")
        self._next[place] = record.offset + 1
        report_id = msgspec.json.decode(record.value, type=_Seen).report_id
        if report_id in self._seen[record.topic]:
            self.faults.append(f"{record.topic}: report {report_id} twice, again at {place} offset {record.offset}")
        self._seen[record.topic].add(report_id)
        self._partitions[record.topic].append(record.partition)
        self.written[record.topic].append(record.timestamp)


class BatchWatcher(Lookout):
    """Notes, while the body of a `with` runs, when each batch of ingest was done, as Spark writes it down.

    Args:
        checkpoints: the folder in which checkpoints are.
        done: gets the moments, ms since 1970.
    """

    def __init__(self, checkpoints: Path, done: list[int]) -> None:
        super().__init__()
        self._checkpoints, self._done = checkpoints, done

    def _watch(self) -> None:
        # Spark keeps the last hundred only.
        while not self._stop.wait(_LOOK_EVERY_S):
            for note in self._checkpoints.glob("*/*/commits/[0-9]*"):
                with suppress(FileNotFoundError):
                    self._note(note.stat().st_mtime)

    def _note(self, second: float) -> None:
        moment = int(second * 1000)
        if moment not in self._done:
            self._done.append(moment)
