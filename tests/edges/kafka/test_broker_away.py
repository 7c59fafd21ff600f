"""A broker of the test's own is killed.

Under a writer and the loop, it is started again: both wait, say so, and go on. A reading that is to end does not wait.
"""

import os
import signal
import threading
import uuid
from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest
from structlog.testing import capture_logs

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing, Place
from harmonystate.edges.kafka import exactly_once, reading, session
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.patience import Patience
from harmonystate.edges.kafka.places import records_at
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.survey import Surveyor
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from harmonystate.edges.local import server
from harmonystate.edges.local.kafka_server import kafka_server
from harmonystate.edges.local.ports import free_ports
from harmonystate.edges.local.server import Jvm
from harmonystate.edges.local.servers import supplies_for
from tests.support.kafka import await_readable, read, wait_until, write
from tests.support.services import SHORT_LIVED

pytestmark = pytest.mark.services

COUNT = 10_000
STEP = 100


class Broker:
    """A Kafka of its own, to be killed."""

    def __init__(self, folder):
        (port,) = free_ports(1)
        self.settings = KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}")
        self._server = kafka_server("127.0.0.1", port, folder, Jvm("256m", SHORT_LIVED))
        self._supplies = supplies_for([self._server])

    def start(self):
        server.start(self._server, self._supplies.java_home, self._supplies.jars["kafka"])
        server.await_answer(self._server, threading.Event())

    def kill(self):
        os.kill(server.running(self._server.folder).pid, signal.SIGKILL)

    def stop(self):
        server.stop(self._server.folder)


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "kafka")
    broker.start()
    create_topics(broker.settings)
    yield broker
    broker.stop()


class Writer:
    """Writes numbers, each once, as produce does: its progress is committed with what it wrote."""

    def __init__(self, settings):
        self.settings, self.topic = settings, settings.topics.global1
        self.group = f"produce-{uuid.uuid4()}"
        self.done = 0

    def run(self, stop):
        patience = Patience(self.settings, stop, stage="produce")
        while self.done < COUNT and not stop.is_set():
            try:
                self._write_on(patience, stop)
            except TransactionFailed as fault:
                patience.bear(fault)

    def _write_on(self, patience, stop):
        transactor = Transactor(self.settings, f"harmony-{self.group}")
        try:
            self.done = committed(self.settings, self.group, self.topic).get(0, (0, ""))[0]
            while self.done < COUNT and not stop.is_set():
                numbers = range(self.done, self.done + STEP)
                outgoings = [Outgoing(self.topic, b"%d" % (n % 40), b"%d" % n) for n in numbers]
                transactor.commit(outgoings, offsets={(self.topic, 0): self.done + STEP}, group=self.group)
                self.done += STEP
                patience.relieved()
                stop.wait(0.02)
        finally:
            transactor.discard()


@contextmanager
def in_thread(work):
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(90)
    assert not thread.is_alive()


def copy(stop, settings, stage):
    class Silent:
        def add(self, **counts):
            pass

        show = observe = add

    exactly_once.transform_exactly_once(
        settings,
        source=settings.topics.global1,
        stage=stage,
        instance="a",
        decide=lambda batch: [Outgoing(settings.topics.alert, r.key, r.value) for r in batch if r.value.endswith(b"0")],
        stop=stop,
        once=False,
        meter=Silent(),
    )


def test_a_broker_killed_and_started_again_costs_time_and_nothing_else(broker, monkeypatch):
    monkeypatch.setattr(session, "LOOK_EVERY_S", 1.0)
    settings, stage = broker.settings, "stream-alerts"
    writer = Writer(settings)

    with capture_logs() as said, in_thread(writer.run), in_thread(lambda stop: copy(stop, settings, stage)):
        wait_until(lambda: writer.done >= COUNT // 2, within_s=300)
        broker.kill()
        wait_until(lambda: f"waiting for Kafka at {settings.bootstrap_servers}" in [line["event"] for line in said])
        broker.start()
        wait_until(lambda: writer.done == COUNT, within_s=300)
        await_readable(settings, f"harmony-{writer.group}")  # what cannot be read yet is no lag
        wait_until(lambda: lag(settings, stage, settings.topics.global1) == 0, within_s=300)

    numbers = [int(record.value) for record in read(settings, settings.topics.global1)]
    assert Counter(numbers) == Counter(range(COUNT))
    copied = [(record.key, int(record.value)) for record in read(settings, settings.topics.alert)]
    assert Counter(number for _, number in copied) == Counter(range(0, COUNT, 10))
    for key in {key for key, _ in copied}:
        of_key = [number for k, number in copied if k == key]
        assert of_key == sorted(of_key)


def test_a_reading_whose_broker_goes_away_ends_and_names_the_topic(broker, monkeypatch):
    monkeypatch.setattr(reading, "STANDSTILL_S", 2.0)
    topic = broker.settings.topics.global1
    for _ in range(4):  # eight times what one answer holds of a partition
        write(broker.settings, [Outgoing(topic, b"one key", os.urandom(1024)) for _ in range(2_000)])

    with ExitStack() as opened:
        first, *_ = read_all(broker.settings, topic)
        far = [Place(topic, first.partition, offset) for offset in (first.offset, 7_900)]
        surveyor = opened.enter_context(Surveyor(broker.settings))
        readings = [read_all(broker.settings, topic), surveyor.read(topic), records_at(broker.settings, far)]
        assert [next(records).offset for records in readings] == [first.offset] * 3
        broker.kill()

        for records in readings:
            with pytest.raises(TransactionFailed, match=f"nothing of {topic} has come for 2 s"):
                list(records)
