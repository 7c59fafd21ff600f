"""A small chain that has run to its end, without Spark: reports in both topics, and all that they lead to."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from harmonystate.commands import alert_bot, stream_alerts
from harmonystate.config import Config
from harmonystate.core import ids
from harmonystate.core.dead_letter import bury
from harmonystate.core.record import Outgoing
from harmonystate.core.report import Person, Report
from harmonystate.core.wire import NotAReport, decode_report, encode_report
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.reports import write_rows
from harmonystate.edges.kafka.offsets import committed, end_offsets
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import place_of
from harmonystate.edges.kafka.topics import create_topics
from tests.support.kafka import write

HOUR = timedelta(hours=1)
LAST_HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - HOUR


def some_reports(count: int, *, run: str = "", start: datetime = LAST_HOUR) -> list[Report]:
    """Return reports, one a second; every fifth is of Ada Byron, who is sad, and of Bo Li, who is not."""
    run = run or str(uuid.uuid4())
    crowds = ((Person("Ada", "Byron", 1), Person("Bo", "Li", 8)), (Person("Cy", "Wu", 5),))
    return [
        Report(
            report_id=ids.report_id(run, number % 10, number),
            drone_id=number % 10,
            time=start + timedelta(seconds=number),
            latitude=48.5,
            longitude=2.25,
            persons=crowds[number % 5 != 0],
            words=("queue", "tax"),
        )
        for number in range(count)
    ]


def set_up(config: Config) -> None:
    """Do what `harmony setup` does."""
    create_topics(config.kafka)
    schema.apply(config.cassandra)


def produce(config: Config, reports: Sequence[Report], *malformed: bytes) -> None:
    """Write these to both global topics in one transaction."""
    topics = config.kafka.topics
    records = [(b"%d" % report.drone_id, encode_report(report)) for report in reports]
    records += [(b"7", value) for value in malformed]
    write(
        config.kafka,
        [Outgoing(topic, *record) for record in records for topic in (topics.global1, topics.global2)],
    )


def ingest(config: Config, *, rows: bool = True) -> None:
    """Do what ingest does, on a small scale, without Spark; without `rows`, only what it does in Kafka."""
    topics, now = config.kafka.topics, datetime.now(UTC)
    reports, letters = [], []
    ends, done = end_offsets(config.kafka, topics.global2), committed(config.kafka, "ingest", topics.global2)
    for record in read_all(config.kafka, topics.global2):
        if record.offset < done.get(record.partition, (0, ""))[0]:
            continue
        try:
            reports.append(decode_report(record.value))
        except NotAReport as fault:
            kept = (place_of(record), record.key, record.value)
            letters.append(bury(*kept, fault, stage="ingest", at=now, topic=topics.dead_letter))
    if rows:
        with open_session(config.cassandra) as session:
            write_rows(session, config.cassandra, reports, now=now)
    offsets = {(topics.global2, partition): end for partition, end in ends.items()}
    write(config.kafka, letters, offsets=offsets, group="ingest")


def handle(config: Config) -> None:
    """Run stream-alerts and alert-bot to the end of what is there, and what stands for ingest."""
    assert stream_alerts.run(config, once=True, instance="a") == 0
    assert alert_bot.run(config, sink="console", once=True, instance="a") == 0
    ingest(config)
