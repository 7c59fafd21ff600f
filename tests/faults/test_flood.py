"""S11: one drone that floods does not keep the others' alerts waiting."""

import json
import time
from contextlib import contextmanager
from statistics import quantiles
from threading import Event, Thread

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.core.wire import encode_report
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.transaction import Transactor
from tests.support.account import Verdict
from tests.support.chain import some_reports
from tests.support.harmony import start_harmony
from tests.support.kafka import wait_until

pytestmark = pytest.mark.faults

ALERTS, EVERY_S = 400, 0.05
FLOOD = ("produce", "--drones", "1", "--rate", "600000/min", "--seed", "1")
# On a quiet machine an alert takes some 10 ms: below this, twice as much is the clock's and the scheduler's doing.
UNNOTICED_S = 0.1
# A busy machine makes half of the ten thousand; with much less than that there was no flood.
LEAST_RATE = 4_000


@contextmanager
def running(config_file, *arguments):
    child = start_harmony(config_file, *arguments)
    try:
        yield child
    finally:
        child.terminate()
        _, said = child.communicate(timeout=30)
    assert child.returncode == 0, said


@pytest.fixture
def arrivals(config):
    """When each alert could be read, by report id; filled in a thread of its own."""
    seen, done = {}, Event()

    def watch():
        consumer = open_consumer(config.kafka, config.kafka.topics.alert)
        while not done.is_set():
            for records in consumer.poll(50).values():
                now = time.time()
                seen.update({json.loads(record.value)["reportId"]: now for record in records})
        consumer.close(autocommit=False)

    watcher = Thread(target=watch)
    watcher.start()
    yield seen
    done.set()
    watcher.join()


def p99_s(config, arrivals):
    """Let quiet drones report, twenty sad persons a second; return how long 99 of 100 alerts took at most."""
    quiet = [report for report in some_reports(5 * ALERTS) if any(person.score < 2 for person in report.persons)]
    transactor, sent = Transactor(config.kafka, "quiet"), {}
    for number, report in enumerate(quiet):
        sent[report.report_id] = time.time()
        transactor.commit([Outgoing(config.kafka.topics.global1, b"%d" % (number + 1), encode_report(report))])
        time.sleep(EVERY_S)
    transactor.close()
    wait_until(lambda: sent.keys() <= arrivals.keys(), what="all alerts")
    return quantiles((arrivals[report_id] - at for report_id, at in sent.items()), n=100)[98]


def test_s11_one_drone_at_ten_thousand_a_second_keeps_nobody_waiting(config, config_file, arrivals, report):
    with running(config_file, "stream-alerts"):
        p99_s(config, arrivals)
        calm = p99_s(config, arrivals)
        before = time.time()
        with running(config_file, *FLOOD):
            wait_until(lambda: len(arrivals) > 3 * ALERTS, what="the flood")
            flooded = p99_s(config, arrivals)

    rate = (len(arrivals) - 3 * ALERTS) / 0.05 / (time.time() - before)
    what = f"p99 {calm * 1000:.0f} ms calm, {flooded * 1000:.0f} ms beside {rate:,.0f} reports/s of one drone"
    report("S11", what, Verdict(len(arrivals)))
    assert rate > LEAST_RATE
    assert flooded < max(2 * calm, UNNOTICED_S)
