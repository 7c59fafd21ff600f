"""Every metric that a process of ours exports, by the name and unit that Prometheus' conventions ask for.

https://prometheus.io/docs/practices/naming/ - docs/metrics.md lists them for people, and a test compares.
"""

from enum import StrEnum
from typing import NamedTuple

PRODUCE, STREAM_ALERTS, ALERT_BOT, INGEST = "produce", "stream-alerts", "alert-bot", "ingest"
DAEMONS = (PRODUCE, STREAM_ALERTS, ALERT_BOT, INGEST)


class Kind(StrEnum):
    """What kind of figure it is."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """A metric of the running stages; its one label is `stage`.

    Attributes:
        source: how the stage's meter calls it.
        stages: which of them have it.
    """

    name: str
    kind: Kind
    help: str
    source: str
    stages: tuple[str, ...]


METRICS = (
    Metric(
        "harmony_reports_total",
        Kind.COUNTER,
        "Reports in committed transactions: made by produce, read by stream-alerts.",
        "reports",
        (PRODUCE, STREAM_ALERTS),
    ),
    Metric(
        "harmony_alerts_total",
        Kind.COUNTER,
        "Alerts: due by produce, raised by stream-alerts, told by alert-bot.",
        "alerts",
        (PRODUCE, STREAM_ALERTS, ALERT_BOT),
    ),
    Metric("harmony_rows_total", Kind.COUNTER, "Reports stored in Cassandra.", "rows", (INGEST,)),
    Metric(
        "harmony_messages_total",
        Kind.COUNTER,
        "Messages posted, each with one or more alerts.",
        "messages",
        (ALERT_BOT,),
    ),
    Metric(
        "harmony_dead_letters_total",
        Kind.COUNTER,
        "Records that are no report or no alert, buried in the topic dead-letter.",
        "dead_letters",
        (STREAM_ALERTS, ALERT_BOT, INGEST),
    ),
    Metric(
        "harmony_expired_reports_total",
        Kind.COUNTER,
        "Reports older than report_ttl, which are not stored.",
        "expired",
        (INGEST,),
    ),
    Metric(
        "harmony_resets_total",
        Kind.COUNTER,
        "Times that the Kafka clients were thrown away, and the work went on from what is committed.",
        "resets",
        (PRODUCE, STREAM_ALERTS, ALERT_BOT),
    ),
    Metric(
        "harmony_retries_total",
        Kind.COUNTER,
        "Tries that failed and came again: requests to Discord, Spark's queries.",
        "retries",
        (ALERT_BOT, INGEST),
    ),
    Metric(
        "harmony_lag_records",
        Kind.GAUGE,
        "About how many records the stage has yet to handle; absent while it is not known.",
        "lag",
        (STREAM_ALERTS, ALERT_BOT, INGEST),
    ),
    Metric(
        "harmony_behind_seconds",
        Kind.GAUGE,
        "How far event time is behind where it should be by now.",
        "behind_s",
        (PRODUCE,),
    ),
    Metric(
        "harmony_age_seconds",
        Kind.HISTOGRAM,
        "At the commit: the age of a transaction's oldest record (stream-alerts), of an alert since it was heard "
        "(alert-bot), of a batch's first record (ingest).",
        "age_s",
        (STREAM_ALERTS, ALERT_BOT, INGEST),
    ),
    Metric(
        "harmony_waiting",
        Kind.GAUGE,
        "1 while the stage waits for a service that is away, else 0.",
        "state",
        DAEMONS,
    ),
)


class Figure(NamedTuple):
    """A gauge in the file that a run of analyze leaves."""

    name: str
    help: str


ANALYZE = (
    Figure("harmony_analyze_last_success_timestamp_seconds", "When analyze last ended well, in Unix time."),
    Figure("harmony_analyze_duration_seconds", "How long that run took."),
    Figure("harmony_analyze_window_minutes", "Minutes of its window that have reports."),
    Figure("harmony_analyze_mean_score", "The mean score of all sightings in its window, 0 to 10; absent without any."),
)
