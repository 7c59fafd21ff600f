"""Looks at the topics and the store while the demo runs, and makes of it what the screen shows.

It counts records, not offsets: at a hundred small transactions a second their markers take as many offsets again.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import msgspec

from harmonystate.config import Config
from harmonystate.core.alert import RaisedAlert, alert_from
from harmonystate.core.card import clean, spell_age
from harmonystate.core.wire import NotAReport, decode_alert, decode_report
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.counts import count_reports
from harmonystate.edges.console.screen import AlertLine, StageRow, View
from harmonystate.edges.kafka.reading import Tail

NEWEST = 6
# Counting rows reads them: now and then is enough.
COUNT_ROWS_EVERY_S = 2.0
RATE_OVER_S = 3.0


class Watch:
    """What has been seen since the demo began.

    Attributes:
        rows: reports in Cassandra at the last count.
        answers: what `analyze -o json` printed last; None = not yet.
    """

    def __init__(
        self, config: Config, *, reports: Tail, alerts: Tail, deliveries: Tail, count_rows: Callable[[], int]
    ) -> None:
        self._threshold = config.alerts.threshold
        self._reports, self._alerts, self._deliveries = reports, alerts, deliveries
        self._count_rows = count_rows
        self._rows_counted_at = 0.0
        self._seen = {"reports": 0, "sad": 0, "alerts": 0, "deliveries": 0}
        self._undelivered: dict[str, RaisedAlert] = {}
        self._newest: deque[AlertLine] = deque(maxlen=NEWEST)
        self._history: deque[tuple[float, dict[str, int]]] = deque(maxlen=60)
        self.rows = 0
        self.answers: dict[str, Any] | None = None

    @property
    def seen(self) -> dict[str, int]:
        """Records so far: reports, those of them that are sad, alerts, deliveries, rows."""
        return {**self._seen, "rows": self.rows}

    def look(self) -> None:
        """Take in what is new.

        Raises:
            TransactionFailed: when Kafka does not answer; Unavailable: when Cassandra does not.
        """
        for record in self._reports.new():
            self._seen["reports"] += 1
            with suppress(NotAReport):  # a dead letter, which the check at the end counts
                self._seen["sad"] += alert_from(decode_report(record.value), threshold=self._threshold) is not None
        for record in self._alerts.new():
            self._seen["alerts"] += 1
            raised = decode_alert(record.value)
            self._undelivered[raised.alert_id] = raised
        for record in self._deliveries.new():
            self._seen["deliveries"] += 1
            self._note_delivery(msgspec.json.decode(record.value or b"{}"))
        now = time.monotonic()
        if now - self._rows_counted_at >= COUNT_ROWS_EVERY_S:
            self.rows = self._count_rows()
            self._rows_counted_at = time.monotonic()
        self._history.append((now, self.seen))

    def view(self, phase: str, where: str) -> View:
        """Return what the screen shows now."""
        seen, rate = self.seen, self._rates()
        rows = [
            StageRow("produce", "→ global1, global2", seen["reports"], rate["reports"], None),
            StageRow("stream-alerts", "global1 → alert", seen["alerts"], rate["alerts"], seen["sad"] - seen["alerts"]),
            StageRow(
                "alert-bot", "alert → you", seen["deliveries"], rate["deliveries"], seen["alerts"] - seen["deliveries"]
            ),
            StageRow("ingest", "global2 → Cassandra", seen["rows"], rate["rows"], seen["reports"] - seen["rows"]),
        ]
        return View(phase, where, [row.without_negative_lag() for row in rows], list(self._newest), self.answers)

    def _rates(self) -> dict[str, float]:
        """Return each count's rate per second over the last few seconds."""
        now, seen = self._history[-1] if self._history else (0.0, self.seen)
        then, before = next(((t, s) for t, s in self._history if now - t <= RATE_OVER_S), (now, seen))
        return {name: (seen[name] - before[name]) / (now - then) if now > then else 0.0 for name in seen}

    def _note_delivery(self, delivery: dict[str, Any]) -> None:
        raised = self._undelivered.pop(delivery["alertId"], None)
        if raised is None:
            return
        alert = raised.alert
        sad = ", ".join(f"{clean(p.firstname)} {clean(p.lastname)} ({p.score})" for p in alert.sad)
        age = spell_age(timedelta(milliseconds=delivery["ageMs"]))
        line = AlertLine(f"{alert.report.time:%H:%M:%S}", alert.report.drone_id, sad, len(alert.contacts), age)
        self._newest.appendleft(line)


@contextmanager
def watching(config: Config) -> Iterator[Watch]:
    """Open a Watch on the demo's services, from now on.

    Raises:
        TransactionFailed: when Kafka does not answer; Unavailable: when Cassandra does not.
    """
    topics = config.kafka.topics
    with ExitStack() as opened:
        reports, alerts, deliveries = (
            opened.enter_context(closing(Tail(config.kafka, topic)))
            for topic in (topics.global1, topics.alert, topics.delivery)
        )
        session = opened.enter_context(open_session(config.cassandra))
        yield Watch(
            config,
            reports=reports,
            alerts=alerts,
            deliveries=deliveries,
            count_rows=lambda: count_reports(session, config.cassandra),
        )
