"""R6: a broker that ends, or is frozen, while transactions are being completed, and goes on at once."""

import itertools
import signal
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from tests.support.account import Verdict
from tests.support.kafka import wait_until

# So many that one of them is always between the decision and its markers.
WRITERS = 6


class Writer:
    """Writes numbers, and how far it is, in one transaction each, until Kafka goes away, or its time is over."""

    def __init__(self, config, name):
        self.topic, self.group = config.kafka.topics.alert, f"writer-{name}"
        self._settings, self._name = config.kafka, name
        self.done, self.over = 0, threading.Event()

    def run(self):
        transactor = Transactor(self._settings, self.group)
        try:
            for number in itertools.count(1):
                if self.over.is_set():
                    break
                outgoing = Outgoing(self.topic, b"%d" % self._name, b"%d" % number)
                transactor.commit([outgoing], offsets={(self.topic, 0): number}, group=self.group)
                self.done = number
            transactor.close()
        except TransactionFailed:
            transactor.discard()


@contextmanager
def at_work(writer):
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        yield
    finally:
        writer.over.set()
        thread.join(120)


def killed(broker):
    broker.kill()
    broker.start()


def stopped(broker):
    broker.stop()
    broker.start()


def frozen(broker, seconds=12):
    """Longer than a session lasts by default."""
    broker.signal(signal.SIGSTOP)
    time.sleep(seconds)
    broker.signal(signal.SIGCONT)


def frozen_for_long(broker):
    """As long as the broker lets a transaction last, and longer than a client waits for an answer."""
    frozen(broker, 40)


@pytest.mark.parametrize(
    "troubles",
    [
        pytest.param([killed], marks=pytest.mark.services, id="quick"),
        pytest.param([stopped], marks=pytest.mark.services, id="quick-stopped"),
        pytest.param([killed, stopped, frozen, stopped] * 5, marks=pytest.mark.faults, id="full"),
        pytest.param([frozen_for_long] * 3, marks=pytest.mark.faults, id="full-frozen"),
    ],
)
def test_r6_no_transaction_stays_undecided_when_the_broker_dies(troubles, broker, config, history, report):
    verdicts = []
    for number, trouble in enumerate(troubles):
        writers = [Writer(config, number * WRITERS + name) for name in range(WRITERS)]
        with ExitStack() as running:
            for writer in writers:
                running.enter_context(at_work(writer))
            wait_until(lambda some=writers: all(writer.done >= 20 for writer in some), within_s=120)
            history.fault(trouble.__name__, "broker")
            trouble(broker)
            if trouble in (killed, stopped):
                assert "Fencing broker 1" in broker.mourned()
        for writer in writers:
            # What is pending is decided, of all before any is read: one that is not hides what others wrote after it.
            Transactor(config.kafka, writer.group).close()
        verdicts += [verdict_on(config, writer) for writer in writers]

    report("R6", f"broker ends amid transactions, {len(troubles)} x", *verdicts)


def verdict_on(config, writer):
    """Hold what a writer's group has committed against what was acknowledged, and what can be read against that."""
    (where,) = committed(config.kafka, writer.group, writer.topic).values()
    assert writer.done <= where[0] <= writer.done + 1
    key = writer.group.removeprefix("writer-").encode()
    found = [int(record.value) for record in read_all(config.kafka, writer.topic) if record.key == key]
    lost, doubled = set(range(1, where[0] + 1)) - set(found), len(found) - len(set(found))
    return Verdict(len(found), len(lost), doubled, int(found != sorted(found)))
