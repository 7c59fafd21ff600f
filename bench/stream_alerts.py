"""stream-alerts against a broker that is there: reports/s from a backlog, latency and memory at full load.

    HARMONY_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:19092 .venv/bin/python -m bench.stream_alerts [reports] [seconds]

Topics of its own, removed at the end. Latency is from the commit of the writing transaction to the moment at which a
reader of committed records has the alert.
"""

import gc
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psutil

from bench.place import Place, own_place
from harmonystate.config import Config
from harmonystate.core.ids import report_id
from harmonystate.core.record import Outgoing
from harmonystate.core.report import Person, Report
from harmonystate.core.wire import decode_alert, encode_report
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.offsets import end_offsets, partitions_of
from harmonystate.edges.kafka.transaction import Transactor

RATE_PER_S = 5_600
TICK_S = 0.02
_STEP = timedelta(milliseconds=1)


def reports(run: str, count: int, *, alerts_every: int) -> Iterator[Report]:
    """Yield plausible reports of about 412 bytes; every `alerts_every`-th has a sad person."""
    start = datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(count):
        score = 1 if number % alerts_every == 0 else 5
        persons = (Person("Marguerite", "Yourcenar", score), Person("José", "Müller", 7), Person("Grace", "Hopper", 9))
        words = ("queue", "tax", "rain", "bread", "morning")
        drone = number % 2_000
        yield Report(report_id(run, drone, number), drone, start + number * _STEP, 48.85661, 2.35222, persons, words)


def main(count: int = 300_000, seconds: float = 60.0) -> dict[str, float]:
    """Measure, print, and return the figures by name."""
    run = f"bench-{uuid.uuid4().hex[:8]}"
    with own_place() as place:
        figures = _backlog(place, run, count) | _live(place, run, seconds)
    for name, figure in figures.items():
        print(f"stream-alerts  {name:<24} {figure:>12,.1f}")
    return figures


def _backlog(place: Place, run: str, count: int) -> dict[str, float]:
    settings = place.config
    transactor = Transactor(settings.kafka, run)
    written = [_outgoing(settings, report) for report in reports(run, count, alerts_every=20)]
    started = time.monotonic()
    for at in range(0, count, 5_000):
        transactor.commit(written[at : at + 5_000])
    loaded_s = time.monotonic() - started
    transactor.close()
    started = time.monotonic()
    child = place.start("stream-alerts", "--once")
    peak_mb, cpu_s = _watch(child)
    wall_s = time.monotonic() - started
    return {
        "load reports/s": count / loaded_s,
        "backlog reports/s": count / wall_s,
        "backlog reports/cpu-s": count / cpu_s,
        "backlog peak MB": peak_mb,
        "backlog alerts (about)": sum(end_offsets(settings.kafka, settings.kafka.topics.alert).values()),
    }


def _live(place: Place, run: str, seconds: float) -> dict[str, float]:
    settings = place.config
    # A full collection of our own would be measured as latency of theirs.
    gc.freeze()
    child = place.start("stream-alerts")
    committed: dict[str, float] = {}
    heard: dict[str, float] = {}
    stop = threading.Event()
    reader = threading.Thread(target=_hear, args=(settings, heard, stop))
    reader.start()
    time.sleep(3)
    process = psutil.Process(child.pid)
    before = process.cpu_times()
    _write_paced(settings, f"{run}-live", seconds, committed)
    after = process.cpu_times()
    memory = process.memory_info().rss / 2**20
    deadline = time.monotonic() + 30
    while len(committed.keys() & heard.keys()) < len(committed) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    reader.join()
    child.send_signal(signal.SIGTERM)
    code = child.wait(25)
    waits = sorted((heard[report] - at) * 1000 for report, at in committed.items() if report in heard)
    if not waits:
        raise SystemExit(f"bench: {len(heard)} alerts were heard, none of {len(committed)}; stream-alerts: {code}")
    return {
        "live alerts": len(committed),
        "live alerts missing": len(committed) - len(waits),
        "live p50 ms": statistics.median(waits),
        "live p99 ms": waits[int(len(waits) * 0.99)],
        "live max ms": waits[-1],
        "live cores": (after.user + after.system - before.user - before.system) / seconds,
        "live MB": memory,
        "live exit code": code,
    }


def _write_paced(settings: Config, run: str, seconds: float, committed: dict[str, float]) -> None:
    """Write transactions of a tick each, and note when each alert's was committed."""
    transactor = Transactor(settings.kafka, run)
    made = reports(run, int(RATE_PER_S * seconds), alerts_every=100)
    started, done = time.monotonic(), 0
    while (elapsed := time.monotonic() - started) < seconds:
        due = [report for _, report in zip(range(int(elapsed * RATE_PER_S) - done), made, strict=False)]
        done += len(due)
        if due:
            transactor.commit([_outgoing(settings, report) for report in due])
            now = time.monotonic()
            committed.update({report.report_id: now for report in due if report.persons[0].score < 2})
        time.sleep(max(0.0, TICK_S - (time.monotonic() - started - elapsed)))
    transactor.close()


def _hear(settings: Config, heard: dict[str, float], stop: threading.Event) -> None:
    consumer = open_consumer(settings.kafka)
    consumer.assign(partitions_of(consumer, settings.kafka.topics.alert))
    while not stop.is_set():
        for records in consumer.poll(100).values():
            now = time.monotonic()
            heard.update({decode_alert(record.value).alert.report.report_id: now for record in records})
    consumer.close()


def _outgoing(settings: Config, report: Report) -> Outgoing:
    return Outgoing(settings.kafka.topics.global1, b"%d" % report.drone_id, encode_report(report))


def _watch(child: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """Wait for the end of a child; return its peak of resident memory in MB and its CPU seconds."""
    process, peak, cpu = psutil.Process(child.pid), 0.0, 0.0
    while child.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss / 2**20)
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            break
        cpu = times.user + times.system or cpu
        time.sleep(0.02)
    if child.wait():
        raise SystemExit(f"stream-alerts ended with {child.returncode}")
    return peak, cpu


if __name__ == "__main__":
    main(*(float(argument) if "." in argument else int(argument) for argument in sys.argv[1:]))  # type: ignore[arg-type]
