"""Makes good what is missing or disagrees, from the record that should have led to it, as its stage would have."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harmonystate.commands.verify.deliveries import find_told
from harmonystate.config import Config
from harmonystate.core.alert import RaisedAlert, alert_from
from harmonystate.core.dead_letter import bury
from harmonystate.core.delivery import delivery_record
from harmonystate.core.findings import RECORD, Remedy
from harmonystate.core.forgotten import Forgotten, without
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.retention import seconds_to_keep
from harmonystate.core.wire import NotAReport, decode_alert, decode_report, encode_alert
from harmonystate.edges.cassandra.reports import write_rows
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.kafka.transaction import Transactor

if TYPE_CHECKING:
    from cassandra.cluster import Session

    from harmonystate.core.report import Report

# Dead letters may hold 1 MiB each.
AT_ONCE = 100


def mend(
    config: Config, session: "Session", todo: Mapping[Remedy, Set[Place]], *, forgotten: Forgotten
) -> Counter[Remedy]:
    """Do what is to be done; return how much of it was. Killed on the way, the next run does the rest.

    Raises:
        TransactionFailed: when Kafka does not answer.
        Unavailable: when Cassandra does not.
    """
    if not todo:
        return Counter()
    mending = _Mending(config, session, forgotten)
    by_topic: defaultdict[str, defaultdict[Place, list[Remedy]]] = defaultdict(lambda: defaultdict(list))
    for remedy, places in todo.items():
        for place in places:
            by_topic[place.topic][place].append(remedy)
    for topic, wanted in by_topic.items():
        for record in _find(config, topic, wanted.keys()):
            for remedy in wanted[place_of(record)]:
                mending.take(record, remedy)
    return mending.finish()


def _find(config: Config, topic: str, places: Set[Place]) -> Iterator[Record]:
    left = len(places)
    for record in read_all(config.kafka, topic):
        if place_of(record) in places:
            yield record
            left -= 1
        if not left:
            return


class _Mending:
    def __init__(self, config: Config, session: "Session", forgotten: Forgotten) -> None:
        self._config, self._session, self._forgotten = config, session, forgotten
        self._transactor: Transactor | None = None
        self._outgoings: list[tuple[Remedy, Outgoing]] = []
        self._reports: list[tuple[Remedy, Report]] = []
        self._unproved: list[tuple[Remedy, RaisedAlert]] = []
        self._done: Counter[Remedy] = Counter()

    def take(self, record: Record, remedy: Remedy) -> None:
        if remedy.action == "store":
            self._take_report(decode_report(record.value), remedy)
        elif remedy.action == RECORD:
            self._unproved.append((remedy, decode_alert(record.value)))
        else:
            self._outgoings.append((remedy, self._outgoing(record, remedy)))
            if len(self._outgoings) >= AT_ONCE:
                self._send()

    def _take_report(self, report: "Report", remedy: Remedy) -> None:
        if seconds_to_keep(report.time, keep=self._config.cassandra.report_ttl, now=datetime.now(UTC)) <= 0:
            return  # a row that disagrees, and should not be there at all
        self._reports.append((remedy, without(report, self._forgotten)))
        if len(self._reports) >= AT_ONCE:
            self._store()

    def finish(self) -> Counter[Remedy]:
        self._store()
        self._record()
        self._send()
        if self._transactor is not None:
            self._transactor.close()
        return self._done

    def _outgoing(self, record: Record, remedy: Remedy) -> Outgoing:
        if remedy.action == "copy":
            return Outgoing(remedy.to, record.key, record.value, record.headers)
        if remedy.action == "raise":
            return self._alert(record, remedy.to)
        return self._letter(record, stage=remedy.to)

    def _alert(self, record: Record, topic: str) -> Outgoing:
        report, threshold = decode_report(record.value), self._config.alerts.threshold
        alert = alert_from(report, threshold=threshold)
        assert alert is not None  # noqa: S101 - the audit saw a sad person
        text = encode_alert(alert, record.value or b"", threshold=threshold, raised_at=datetime.now(UTC))
        return Outgoing(topic, b"%d" % report.drone_id, text)

    def _letter(self, record: Record, *, stage: str) -> Outgoing:
        topics = self._config.kafka.topics
        decode = decode_alert if record.topic == topics.alert else decode_report
        try:
            decode(record.value)
        except NotAReport as fault:
            kept, now = (place_of(record), record.key, record.value), datetime.now(UTC)
            return bury(*kept, fault, stage=stage, at=now, topic=topics.dead_letter, headers=record.headers)
        raise AssertionError("the audit saw that this is no report")

    def _record(self) -> None:
        """Record the deliveries of which the channel shows the message."""
        if not self._unproved:
            return
        told = find_told(self._config.discord, [raised for _, raised in self._unproved])
        for remedy, raised in self._unproved:
            if posted := told.get(raised.alert_id):
                self._outgoings.append((remedy, delivery_record(raised, posted, topic=remedy.to)))

    def _send(self) -> None:
        if not self._outgoings:
            return
        if self._transactor is None:
            self._transactor = Transactor(self._config.kafka, "harmony-verify")
        try:
            self._transactor.commit([outgoing for _, outgoing in self._outgoings])
        except BaseException:
            self._transactor.discard()
            raise
        self._done.update(remedy for remedy, _ in self._outgoings)
        self._outgoings.clear()

    def _store(self) -> None:
        if not self._reports:
            return
        write_rows(
            self._session, self._config.cassandra, [report for _, report in self._reports], now=datetime.now(UTC)
        )
        self._done.update(remedy for remedy, _ in self._reports)
        self._reports.clear()
