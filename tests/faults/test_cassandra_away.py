"""R11: Cassandra goes away under ingest and comes back: no row is lost, the wait is named, and it catches up."""

import signal
import threading
import time
from collections import Counter
from functools import partial

import pytest
from cassandra.concurrent import execute_concurrent_with_args
from structlog.testing import capture_logs

from harmonystate.commands.ingest.ledger import Ledger, lag_of
from harmonystate.commands.ingest.progress import Progress
from harmonystate.config import CassandraSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.edges.spark.stall import SparkLost, StallClock
from harmonystate.edges.spark.stream import Stream
from tests.support.account import Verdict, printed
from tests.support.cassandra import looking_into
from tests.support.harmony import run_harmony, set_up
from tests.support.kafka import wait_until, write
from tests.support.proofs import counted
from tests.support.services import Services, write_config
from tests.support.stored import rows_in, rows_of
from tests.support.watcher import BatchWatcher

AWAY_S = 30
RESTARTS, LONG_S = 10, 600
FROZEN_S = 40
# Where the Java driver has lost an answer, Spark is given up after two minutes and started again (spark/stall.py):
# a minute of a busy machine.
LOST_S = 300
RATE = 100  # reports a second
ROWS = 3_000
PORT = "spark.cassandra.connection.port"


@pytest.fixture
def config(stack, cassandra, tmp_path):
    """A config for a Cassandra that may be killed, set up."""
    return set_up(Services(stack.kafka, "127.0.0.1", cassandra.port), tmp_path / "home")[0]


@pytest.fixture
def led_there(spark, config):
    """The tests' own Spark, with this config's Cassandra instead of everybody's."""
    before = spark.conf.get(PORT)
    spark.conf.set(PORT, str(config.cassandra.port))
    forget_cassandra(spark)
    yield spark
    spark.conf.set(PORT, before)
    forget_cassandra(spark)


@pytest.fixture
def checkpoint(tmp_path):
    return str(tmp_path / "checkpoint")


@pytest.fixture
def ingest(config, led_there, checkpoint):
    """ingest at work, all but its process; it leaves at the end. Yields what is filled when it gives this Spark up."""
    stop, lost = threading.Event(), []
    with open_session(config.cassandra) as session, Ledger(config, session) as ledger:
        look = partial(lag_of, config.kafka)
        watch = Progress(config.kafka.bootstrap_servers, config.cassandra, Meter("ingest"), lag=look)
        stream = Stream(
            led_there, config, checkpoint=checkpoint, outlet=ledger, watch=watch, clock=StallClock(900), stop=stop
        )

        def run():
            try:
                stream.run(once=False)
            except SparkLost as fault:
                lost.append(fault)

        thread = threading.Thread(target=run, name="ingest")
        thread.start()
        yield lost
        stop.set()
        thread.join(60)


def made(config):
    """Return how many reports the run of produce has made."""
    return sum(offset for offset, _ in committed(config.kafka, "produce-day", config.kafka.topics.global1).values())


def events(said):
    return [line["event"] for line in said]


def up_to_date(config):
    return lag(config.kafka, "ingest", config.kafka.topics.global2) == 0


@pytest.mark.services
def test_r11_cassandra_may_go_away_under_ingest(config, cassandra, ingest, checkpoint, chance, report, tmp_path):
    topic, name = config.kafka.topics.global2, f"Cassandra at 127.0.0.1:{config.cassandra.port}"
    lines = printed("--seed", chance.randrange(10**6), "--count", 2_000, "--start", "2h")
    values = [Outgoing(topic, value[-9:], value) for value in lines]
    write(config.kafka, values[:1_000])
    wait_until(lambda: up_to_date(config), within_s=120, what="the first rows", every_s=0.5)

    with capture_logs() as said:
        cassandra.kill()
        write(config.kafka, values[1_000:])
        time.sleep(AWAY_S)  # it is away for so long
        cassandra.start()
        back = time.monotonic()
        wait_until(lambda: ingest or up_to_date(config), within_s=LOST_S, what="the last rows", every_s=0.5)
        if ingest:  # it goes on with another Spark, of which a process has one at a time
            path = write_config(config, tmp_path / "harmony.yaml")
            assert run_harmony(path, "ingest", "--once", HARMONY_SPARK__CHECKPOINT=checkpoint).returncode == 0
        took = time.monotonic() - back
        wait_until(lambda: f"{name} is back" in events(said), what="a word about it")

    report("R11", f"Cassandra away {AWAY_S} s", counted(Counter(rows_of(lines)), rows_in(config)), recovery_s=took)
    words = [event for event in events(said) if name in event]
    # More than once where a busy one that is back does not answer in time, as it may again in this very moment.
    assert words == ([f"waiting for {name}", f"{name} is back"] * len(words))[: len(words)]
    assert up_to_date(config)


@pytest.mark.services
def test_r11_what_cassandra_acknowledged_before_it_was_killed_it_has_afterwards(cassandra, report):
    def rows():
        yield from ((number, "x" * 400) for number in range(ROWS))
        cassandra.kill()  # the last of them are still on their way

    node = CassandraSettings(port=cassandra.port)
    with looking_into(node) as session:
        session.execute("CREATE KEYSPACE kept WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute("CREATE TABLE kept.numbers (number int PRIMARY KEY, text text)")
        insert = session.prepare("INSERT INTO kept.numbers (number, text) VALUES (?, ?)")
        results = execute_concurrent_with_args(session, insert, rows(), concurrency=8, raise_on_first_error=False)
    cassandra.start()
    with looking_into(node) as session:
        kept = {row.number for row in session.execute("SELECT number FROM kept.numbers")}
        session.execute("DROP KEYSPACE kept")

    acknowledged = {number for number, result in enumerate(results) if result.success}
    assert len(acknowledged) > ROWS / 2
    report("R11", "acknowledged, then killed", Verdict(len(acknowledged), lost=len(acknowledged - kept)))


def killed(node, away_s=0):
    node.kill()
    time.sleep(away_s)
    node.start()


def killed_for_long(node):
    killed(node, LONG_S)


def stopped(node):
    node.stop()
    node.start()


def frozen(node):
    node.signal(signal.SIGSTOP)
    time.sleep(FROZEN_S)
    node.signal(signal.SIGCONT)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("what", "troubles"),
    [
        (f"killed {RESTARTS} x, and away {LONG_S} s", [killed] * RESTARTS + [killed_for_long]),
        (f"stopped 3 x, and frozen {FROZEN_S} s 3 x", [stopped, frozen] * 3),
    ],
    ids=["killed", "stopped-frozen"],
)
def test_r11_cassandra_may_be_killed_stopped_and_frozen_under_ingest(
    what, troubles, whole, cassandra, hire, history, chance, begins, report
):
    crew, run = hire(whole), ("--seed", str(chance.randrange(10**6)), "--start", begins)
    run += ("--rate", f"{RATE * 60 // whole.produce.drones}/min")
    stored = []
    with BatchWatcher(whole.local.home / "checkpoint", stored.append):
        ingest, produce = crew.start("ingest"), crew.start("produce", *run, "--run", "day")
        worst = 0.0
        for trouble in troubles:
            before = len(stored)
            wait_until(lambda n=before: len(stored) > n + 3, within_s=180, what="batches")
            time.sleep(chance.uniform(0, 5))  # the moment is what chance is for
            history.fault(trouble.__name__, "Cassandra")
            trouble(cassandra)
            history.note("Cassandra is back")
            back = time.time() * 1000
            wait_until(lambda moment=back: any(at > moment for at in stored), within_s=LOST_S, what="a batch")
            worst = max(worst, (min(at for at in stored if at > back) - back) / 1000)
        crew.stop(produce)
        run += ("--count", str(made(whole) + 500))
        assert crew.wait(crew.start("produce", *run, "--run", "day"), 600) == 0
        wait_until(lambda: up_to_date(whole), within_s=180, what="the last rows", every_s=1)
        crew.stop(ingest)

    lines = printed(*run)
    report("R11", f"Cassandra {what}", counted(Counter(rows_of(lines)), rows_in(whole)), recovery_s=worst)
    assert history.said(f"waiting for Cassandra at 127.0.0.1:{cassandra.port}", "ingest") >= 1
