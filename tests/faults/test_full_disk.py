"""R23: a disk is full, that of the checkpoint, of Kafka or of Cassandra: it is said; with room again, all is there."""

import threading
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest

from harmonystate.commands.ingest.ledger import Ledger, lag_of
from harmonystate.commands.ingest.progress import Progress
from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.offsets import lag
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.local.process import last_lines
from harmonystate.edges.local.server import running
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.stream import Stream
from harmonystate.errors import Busy
from tests.support.account import printed, truth_of
from tests.support.broker import Broker
from tests.support.dying import end_of
from tests.support.harmony import set_up
from tests.support.kafka import wait_until, write
from tests.support.node import CassandraNode
from tests.support.proofs import counted, verdicts_on
from tests.support.services import Services, local_config
from tests.support.small_disk import MB, small_disk
from tests.support.stored import rows_in, rows_of
from tests.support.watcher import Watcher

EACH, TIMES = 300, 3
# Of a chunk that Spark writes to its checkpoint: a file may be cut anywhere.
MOST_LEFT = 16_384
RATE = 200  # reports a second
STALL_AFTER = timedelta(minutes=4)


@contextmanager
def at_work(node):
    node.start()
    try:
        yield
    finally:
        node.stop()


@pytest.fixture
def disk(tmp_path):
    """A disk for a checkpoint."""
    with small_disk(tmp_path / "disk", 2 * MB) as disk:
        yield disk


@pytest.fixture
def checkpoint(disk):
    return str(disk.folder / "checkpoint")


def into(topic, lines):
    return [Outgoing(topic, value[-9:], value) for value in lines]


def await_rows(config, crew, ingest):
    """Wait until ingest, which has just been started, has stored all that there is."""

    def is_done():
        crew.require_running(ingest)
        return lag(config.kafka, "ingest", config.kafka.topics.global2) == 0

    wait_until(is_done, within_s=300, what="the first rows", every_s=0.5)


@pytest.mark.services
def test_r23_a_full_disk_under_the_checkpoint_is_named_and_costs_no_row(
    everything, spark, disk, checkpoint, chance, report
):
    (config, _), topic = everything, everything[0].kafka.topics.global2
    lines = printed("--seed", chance.randrange(10**6), "--count", 2 * EACH, "--start", "2h")
    forget_cassandra(spark)

    def ingest():
        with open_session(config.cassandra) as session, Ledger(config, session) as ledger:
            watch = Progress("Kafka", config.cassandra, Meter("ingest"), lag=partial(lag_of, config.kafka))
            parts = {"outlet": ledger, "watch": watch, "clock": StallClock(900), "stop": threading.Event()}
            Stream(spark, config, checkpoint=checkpoint, **parts).run(once=True)

    write(config.kafka, into(topic, lines[:EACH]))
    ingest()
    write(config.kafka, into(topic, lines[EACH:]))
    disk.fill()
    with pytest.raises(Busy, match=f"no space is left for the checkpoint {checkpoint}"):
        ingest()
    disk.free()
    ingest()

    report("R23", "checkpoint's disk full", counted(Counter(rows_of(lines)), rows_in(config)))


@pytest.mark.faults
def test_r23_a_disk_that_fills_up_under_ingest_ends_it_with_one_line_and_it_goes_on_once_there_is_room(
    everything, hire, disk, checkpoint, history, chance, report
):
    config = everything[0]
    config = config.model_copy(update={"spark": config.spark.model_copy(update={"checkpoint": checkpoint})})
    crew, topic = hire(config), config.kafka.topics.global2
    lines = printed("--seed", chance.randrange(10**6), "--count", EACH * 2 * TIMES, "--start", "12h")
    ends = Counter()

    for number in range(TIMES):
        write(config.kafka, into(topic, lines[2 * number * EACH :][:EACH]))
        ingest = crew.start("ingest", *(["--repair-checkpoint"] if ends[65] else []))
        await_rows(config, crew, ingest)
        left = chance.choice((0, chance.randrange(MOST_LEFT)))
        history.note(f"filled, {left} bytes left")
        disk.fill(leave=left)
        write(config.kafka, into(topic, lines[(2 * number + 1) * EACH :][:EACH]))
        ends[crew.wait(ingest, 300)] += 1
        told = last_lines(ingest.log)
        history.note(f"ended: {told}")
        disk.free()
    done = end_of(crew.config_file, "ingest", "--once", "--repair-checkpoint")
    assert done.code == 0, done.err

    history.note(f"exit codes: {ends}")
    assert set(ends) <= {75, 65}
    report("R23", f"checkpoint's disk full, {TIMES} x: {dict(ends)}", counted(Counter(rows_of(lines)), rows_in(config)))


@pytest.mark.faults
def test_r23_kafka_s_disk_may_fill_up_under_all_stages(hire, history, discord, chance, begins, tmp_path, report):
    folder = tmp_path / "kafka"
    with small_disk(folder / "data", 200 * MB) as disk, at_work(broker := Broker(folder)):
        config = local_config(Services(broker.address, "127.0.0.1", 9), tmp_path / "home")
        create_topics(config.kafka)
        crew, topics = hire(config), config.kafka.topics
        run = ("--seed", str(chance.randrange(10**6)), "--start", begins, "--rate", f"{RATE * 60 // 100}/min")
        run += ("--count", str(RATE * 120))
        with Watcher(config.kafka, topics.global1, topics.alert, topics.delivery) as watcher:
            stages = [crew.start(stage, "--instance", "a") for stage in ("stream-alerts", "alert-bot")]
            produce = crew.start("produce", *run, "--run", "day")
            wait_until(lambda: watcher.count(topics.delivery) > 10, what="deliveries")
            history.note("filled")
            disk.fill()
            wait_until(lambda: running(folder) is None, what="the end of the broker")
            wait_until(lambda: history.said("waiting for Kafka at", "produce"), what="a word about it")
            crew.require_running(produce, *stages)
            history.note("room again")
            disk.free()
            broker.start()
            assert crew.wait(produce, 300) == 0
            truth = truth_of(*run)
            wait_until(lambda: watcher.count(topics.delivery) >= truth.alerts.count, what="the last delivery")
            crew.stop(*stages)
        verdicts = verdicts_on(config, truth, discord)

    report("R23", "Kafka's disk full", *verdicts)
    assert watcher.faults == []


@pytest.mark.faults
def test_r23_cassandra_s_disk_may_fill_up_under_ingest(broker, hire, history, chance, tmp_path, report):
    folder = tmp_path / "cassandra"
    with small_disk(folder / "data", 200 * MB) as disk, at_work(node := CassandraNode(folder)):
        config, _ = set_up(Services(broker.address, "127.0.0.1", node.port), tmp_path / "home")
        spark = config.spark.model_copy(update={"stall_after": STALL_AFTER})
        crew, topic = hire(config.model_copy(update={"spark": spark})), config.kafka.topics.global2
        lines = printed("--seed", chance.randrange(10**6), "--count", 20_000, "--start", "12h")
        write(config.kafka, into(topic, lines[:1_000]))
        ingest = crew.start("ingest")
        await_rows(config, crew, ingest)
        history.note("filled")
        disk.fill()
        write(config.kafka, into(topic, lines[1_000:]))
        code = crew.wait(ingest, 600)
        disk.free()
        node.stop()
        node.start()
        done = end_of(crew.config_file, "ingest", "--once")
        verdict = counted(Counter(rows_of(lines)), rows_in(config))

    assert (code, done.code) == (75, 0), done.err
    assert history.said("no batch was stored for", "ingest") == 1
    report("R23", "Cassandra's disk full", verdict)
