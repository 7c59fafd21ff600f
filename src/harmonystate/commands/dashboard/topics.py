"""Watches the topics: what is newest in them, and how it flows."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from harmonystate.config import Config, Topics
from harmonystate.core.alert import alert_from
from harmonystate.core.delivery import SILENCED, read_note
from harmonystate.core.flow import Flow, Look
from harmonystate.core.moments import from_ms
from harmonystate.core.newest import Drones, NewestAlerts
from harmonystate.core.pipeline import Arrow, into_topic, out_of_topic
from harmonystate.core.snapshot import Stream
from harmonystate.core.wire import NotAReport, decode_alert, decode_report
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.glance import PATIENCE_MS, Glance, Seen
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.plans import readers_of
from harmonystate.edges.kafka.records import Record

# Of each topic, at one look: more than a screen can show, and no more than a look has time for.
MOST_RECORDS = 1_000
LOOK_EVERY_S = 0.4
OVERVIEW_EVERY_S = 1.0


class Memory:
    """What outlives a service that is away.

    Attributes:
        readers: the groups, each with the topic it reads.
        flow, alerts, drones: what was seen; last: when the newest record of each topic was written.
    """

    def __init__(self, topics: Topics) -> None:
        self.readers = readers_of(topics)
        self.flow = Flow(self.readers, like={topics.global2: topics.global1})
        self.alerts = NewestAlerts()
        self.drones = Drones()
        self.last: dict[str, datetime] = {}


class TopicWatch:
    """One life of the connections to Kafka, from the opening to the first failure."""

    def __init__(self, config: Config, memory: Memory, *, now: Callable[[], datetime]) -> None:
        """Open it.

        Raises:
            HarmonyError: when Kafka is away, or lacks a topic; TransactionFailed: when it stops answering.
        """
        self._config, self._memory, self._now = config, memory, now
        topics = self._topics = config.kafka.topics
        tailed = [topics.global1, topics.alert, topics.delivery, topics.dead_letter]
        names = list(dict.fromkeys([*tailed, topics.global2]))
        require(config.kafka, names)
        self._overview_at, self._dead = 0.0, 0
        with ExitStack() as opened:
            self._glance = opened.enter_context(Glance(config.kafka, tailed, most=MOST_RECORDS))
            self._observer = opened.enter_context(_observer(config, names, memory))
            self._opened = opened.pop_all()
        self._handlers: dict[str, Callable[[Record], None]] = {
            topics.global1: self._note_report,
            topics.alert: self._note_alert,
            topics.delivery: self._note_delivery,
        }

    def look(self) -> Stream:
        """Return what the topics say now; raises as the opening does."""
        for topic, seen in self._glance.new().items():
            self._take_in(topic, seen)
        if time.monotonic() - self._overview_at >= OVERVIEW_EVERY_S:
            self._oversee()
        now = self._now()
        return Stream(self._arrows(now), self._memory.alerts.newest(), self._memory.drones.heard(now))

    def _take_in(self, topic: str, seen: Seen) -> None:
        self._memory.flow.note_read(topic, records=len(seen.records), offsets=seen.offsets)
        handle = self._handlers.get(topic)
        for record in seen.records:
            if handle:
                with suppress(NotAReport):  # dead letters have their own arrow
                    handle(record)
        if seen.records:
            self._memory.last[topic] = from_ms(max(record.timestamp for record in seen.records))

    def _note_report(self, record: Record) -> None:
        report = decode_report(record.value)
        sad = alert_from(report, threshold=self._config.alerts.threshold) is not None
        self._memory.drones.note(report, from_ms(record.timestamp), sad=sad)

    def _note_alert(self, record: Record) -> None:
        self._memory.alerts.note_alert(decode_alert(record.value))

    def _note_delivery(self, record: Record) -> None:
        note = read_note(record.value)
        if note and note.kind == SILENCED:
            self._memory.alerts.note_delivery(note.alert_id, None)
        elif note and (at := note.told_at()):
            self._memory.alerts.note_delivery(note.alert_id, at)

    def _oversee(self) -> None:
        overview = self._observer.look()
        ends = {topic: size.end for topic, size in overview.topics.items()}
        committed = {
            group: ends[topic] - overview.lags[group] for group, topic in self._memory.readers.items() if topic in ends
        }
        letters = overview.topics.get(self._topics.dead_letter)
        self._overview_at, self._dead = time.monotonic(), letters.records if letters else 0
        self._memory.flow.note(Look(self._overview_at, ends, committed))

    def _arrows(self, now: datetime) -> Sequence[Arrow]:
        topics, flow = self._topics, self._memory.flow
        last = self._memory.last | {topics.global2: self._memory.last.get(topics.global1)}

        def written(source: str, target: str, topic: str, total: int | None = None) -> Arrow:
            return into_topic(source, target, rate=flow.rate(topic), last=last.get(topic), now=now, total=total)

        return (
            written("produce", "global1", topics.global1),
            out_of_topic(flow, "global1", "stream-alerts"),
            written("stream-alerts", "alert", topics.alert),
            out_of_topic(flow, "alert", "alert-bot"),
            written("alert-bot", "delivery", topics.delivery),
            written("produce", "global2", topics.global2),
            out_of_topic(flow, "global2", "ingest"),
            written("stages", "dead-letter", topics.dead_letter, flow.records(topics.dead_letter, self._dead)),
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Close the connections."""
        self._opened.close()


def _observer(config: Config, names: list[str], memory: Memory) -> Observer:
    return Observer(config.kafka, names, memory.readers, patience_ms=PATIENCE_MS)
