"""Counts what every store holds, and says whether all agree. It reads all of it anew and trusts no counter."""

import time
from collections.abc import Callable
from typing import NamedTuple

from harmonystate.config import Config
from harmonystate.core.alert import alert_from
from harmonystate.core.wire import NotAReport, decode_report
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.counts import count_reports
from harmonystate.edges.kafka.reading import read_all
from harmonystate.errors import CheckFailed


class Tally(NamedTuple):
    """What stands where.

    Attributes:
        global1, global2: reports in each topic; rows: of them in Cassandra.
        sad: reports in global1 that call for an alert; alerts, deliveries, dead_letters: records in each topic.
    """

    global1: int
    global2: int
    rows: int
    sad: int
    alerts: int
    deliveries: int
    dead_letters: int

    def agrees(self) -> bool:
        """Say whether nothing is lost, doubled or broken."""
        return self.global1 == self.global2 == self.rows and self.sad == self.alerts == self.deliveries and not self[-1]

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return (
            f"reports {self.global1:,} in global1, {self.global2:,} in global2, {self.rows:,} rows in Cassandra; "
            f"alerts {self.alerts:,} for {self.sad:,} sad reports, {self.deliveries:,} deliveries; "
            f"{self.dead_letters:,} dead letters"
        )


def settle(take: Callable[[], Tally], *, within_s: float, pause: Callable[[], None]) -> Tally:
    """Take counts until they agree, `pause` between two, and return them.

    Raises:
        CheckFailed: when they do not in time.
    """
    deadline = time.monotonic() + within_s
    while not (counts := take()).agrees():
        if time.monotonic() > deadline:
            raise CheckFailed(f"the counts do not agree: {counts}")
        pause()
    return counts


def take(config: Config) -> Tally:
    """Count everything.

    Raises:
        TransactionFailed: when Kafka does not answer; Unavailable: when Cassandra does not.
    """
    topics, threshold = config.kafka.topics, config.alerts.threshold
    reports = [record.value for record in read_all(config.kafka, topics.global1)]
    with open_session(config.cassandra) as session:
        rows = count_reports(session, config.cassandra)
    global2, alerts, deliveries, dead = (
        sum(1 for _ in read_all(config.kafka, topic))
        for topic in (topics.global2, topics.alert, topics.delivery, topics.dead_letter)
    )
    sad = sum(_is_sad(report, threshold) for report in reports)
    return Tally(len(reports), global2, rows, sad, alerts, deliveries, dead)


def _is_sad(value: bytes | None, threshold: int) -> bool:
    try:
        return alert_from(decode_report(value), threshold=threshold) is not None
    except NotAReport:  # a dead letter, which is counted as such
        return False
