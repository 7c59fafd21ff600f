"""stream-alerts: copies every report with a sad person from global1 to alert, exactly once."""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, TextIO

from harmonystate.config import Config, Topics
from harmonystate.core.alert import alert_from
from harmonystate.core.dead_letter import bury
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import MAX_REPORT_BYTES, NotAReport, decode_report, encode_alert
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka import connect
from harmonystate.edges.kafka.exactly_once import transform_exactly_once
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.local import instance as instances
from harmonystate.edges.local.stop import Stop, stop_on_signals
from harmonystate.edges.metrics.exporter import exporting
from harmonystate.errors import BadInput

STAGE = "stream-alerts"

Clock = Callable[[], datetime]


def run(config: Config, *, once: bool, instance: str | None, metrics_port: int | None = None) -> int:
    """Run the stage until asked to stop, or with `once` until what is there now is done."""
    stop = stop_on_signals()
    topics = config.kafka.topics
    decide = partial(sort_out, threshold=config.alerts.threshold, topics=topics, now=_now)
    connect.require(config.kafka, [topics.global1, topics.alert, topics.dead_letter])
    # What is loaded stays. A full collection would walk all of it, and an alert would wait 50 ms for that.
    gc.freeze()
    with (
        instances.claim(config.local.home, STAGE, instance) as name,
        metering(STAGE) as meter,
        exporting(meter, metrics_port),
    ):
        meter.rename({topics.alert: "alerts", topics.dead_letter: "dead_letters"})
        transform_exactly_once(
            config.kafka,
            source=topics.global1,
            stage=STAGE,
            instance=name,
            decide=decide,
            stop=stop,
            once=once,
            meter=meter,
        )
    return stop.exit_code


def sort_out(batch: Sequence[Record], *, threshold: int, topics: Topics, now: Clock) -> Iterator[Outgoing]:
    """Yield an alert for each report with a sad person, and a dead letter for each record that is no report."""
    for record in batch:
        value = record.value
        try:
            report = decode_report(value)
        except NotAReport as fault:
            yield _letter(record, fault, topic=topics.dead_letter, at=now())
            continue
        alert = alert_from(report, threshold=threshold)
        if alert is not None and value is not None:
            text = encode_alert(alert, value, threshold=threshold, raised_at=now())
            yield Outgoing(topics.alert, b"%d" % report.drone_id, text)


def _letter(record: Record, fault: NotAReport, *, topic: str, at: datetime) -> Outgoing:
    place, headers = place_of(record), record.headers
    return bury(place, record.key, record.value, fault, stage=STAGE, at=at, topic=topic, headers=headers)


def filter_lines(config: Config) -> int:
    """Do the same for JSON lines from stdin to stdout, without Kafka."""
    stop = stop_on_signals(at_once=_end_stdin)
    code = sort_out_lines(
        _lines(sys.stdin.buffer, stop),
        threshold=config.alerts.threshold,
        now=_now,
        alerts=sys.stdout.buffer,
        faults=sys.stderr,
    )
    return stop.exit_code if stop.is_set() else code


def sort_out_lines(lines: Iterable[bytes], *, threshold: int, now: Clock, alerts: BinaryIO, faults: TextIO) -> int:
    """Write an alert for each line with a sad person; name each line that is no report, and go on.

    Returns:
        the exit code: 65 when there was a line that is no report.
    """
    bad = False
    for number, line in enumerate(lines, start=1):
        try:
            alert = alert_from(decode_report(line), threshold=threshold)
        except NotAReport as fault:
            bad = True
            print(json.dumps({"line": number, "fault": str(fault)}, ensure_ascii=False), file=faults)
            continue
        if alert is not None:
            alerts.write(encode_alert(alert, line, threshold=threshold, raised_at=now()) + b"\n")
            # The next line may be an hour away.
            alerts.flush()
    return BadInput.exit_code if bad else 0


def _end_stdin() -> None:
    """Let whoever waits for the next line find the end of the input instead."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)


def _lines(stream: BinaryIO, stop: Stop) -> Iterator[bytes]:
    """Yield lines without their end; of one that is too long to be a report only the beginning, to bound our memory."""
    while line := stream.readline(MAX_REPORT_BYTES + 2):
        if stop.is_set() and not line.endswith(b"\n"):
            return  # of this one, the rest has not come
        yield line.removesuffix(b"\n")
        while not line.endswith(b"\n") and (line := stream.readline(MAX_REPORT_BYTES)):
            pass


def _now() -> datetime:
    return datetime.now(UTC)
