"""`produce` on a real Kafka: each report once in each topic, whatever comes. The truth is what `--output -` prints."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from harmonystate.commands import produce
from harmonystate.commands.produce import Bounds
from harmonystate.commands.produce.begin import Wish
from harmonystate.commands.produce.progress import Progress
from harmonystate.commands.produce.ticks import clock_ms
from harmonystate.commands.produce.writer import Writer
from harmonystate.config import Config, Topics
from harmonystate.core.population import Population, Sentence
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import decode_report
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.patience import Patience
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from harmonystate.edges.local.instance import claim
from harmonystate.errors import Busy, Misconfigured
from tests.support.kafka import read, wait_until
from tests.support.services import child_environment, write_config

pytestmark = pytest.mark.services

HARMONY = Path(sys.executable).with_name("harmony")
DAY = "2026-11-23"
HAMLET = Population([(f"F{n}", "L") for n in range(9)], [Sentence(5, ("tax",))])


@pytest.fixture
def kafka(config: Config) -> Config:
    create_topics(config.kafka)
    return config


def command(config: Config, *options: str) -> list[str | Path]:
    path = write_config(config, config.local.home.parent / "harmony.yaml")
    return [HARMONY, "produce", "--config", path, "--log-format", "json", *options]


def run(config: Config, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(config, *options), capture_output=True, text=True, timeout=300, env=child_environment(), check=False
    )


def printed(*options: str) -> Counter[bytes]:
    lines = subprocess.run(
        [HARMONY, "produce", "--output", "-", *options], capture_output=True, check=True, env=child_environment()
    ).stdout
    return Counter(lines.splitlines())


def stored(config: Config, topic: str) -> Counter[bytes]:
    return Counter(record.value for record in read(config.kafka, topic))


def test_both_topics_hold_every_report_of_the_run_once(kafka: Config):
    done = run(kafka, "--count", "20000", "--seed", "3", "--start", DAY)

    truth = printed("--count", "20000", "--seed", "3", "--start", DAY)
    assert done.returncode == 0
    assert '"reports": 20000, "alerts": 1000, "event": "acknowledged"' in done.stderr
    assert stored(kafka, kafka.kafka.topics.global1) == truth
    assert stored(kafka, kafka.kafka.topics.global2) == truth


def test_the_key_is_the_drone_so_that_its_reports_stay_in_order(kafka: Config):
    run(kafka, "--count", "2000", "--seed", "3", "--start", DAY)

    records = read(kafka.kafka, kafka.kafka.topics.global1)
    assert all(record.key == b"%d" % decode_report(record.value).drone_id for record in records)
    assert len({record.partition for record in records}) == kafka.kafka.partitions
    for drone in range(100):
        times = [decode_report(record.value).time for record in records if record.key == b"%d" % drone]
        assert times == sorted(times)
        assert len(times) == 20


def test_topics_of_the_same_name_get_each_report_once(kafka: Config):
    topics = kafka.kafka.topics.model_copy(update={"global2": kafka.kafka.topics.global1})
    same = kafka.model_copy(update={"kafka": kafka.kafka.model_copy(update={"topics": Topics(**topics.model_dump())})})

    run(same, "--count", "500", "--seed", "3", "--start", DAY)

    assert set(stored(same, same.kafka.topics.global1).values()) == {1}
    assert stored(same, same.kafka.topics.global1).total() == 500


def made(config: Config, name: str) -> int:
    found = committed(config.kafka, f"produce-{name}", config.kafka.topics.global1)
    return found[0][0] if found else 0


def killed_after_a_transaction(config: Config, name: str, *options: str) -> bool:
    """Start the run and kill -9 it once something is committed; False when it was done before."""
    child = subprocess.Popen(
        command(config, *options, "--run", name), stderr=subprocess.DEVNULL, env=child_environment()
    )
    wait_until(lambda: made(config, name) or child.poll() is not None, what="the first transaction")
    child.kill()
    return child.wait() == -signal.SIGKILL


def test_a_killed_run_goes_on_where_it_was(kafka: Config):
    options = ("--count", "20000", "--seed", "5", "--start", DAY)
    while not killed_after_a_transaction(kafka, "night", *options):
        pass

    done = run(kafka, *options, "--run", "night")

    assert done.returncode == 0
    truth = printed(*options)
    assert stored(kafka, kafka.kafka.topics.global1) == truth
    assert stored(kafka, kafka.kafka.topics.global2) == truth


def test_a_run_without_a_seed_keeps_the_one_it_was_given_by_chance(kafka: Config):
    for count in ("300", "1000"):
        assert run(kafka, "--count", count, "--start", DAY, "--run", "chance").returncode == 0

    seed = str(Progress(kafka.kafka, "produce-chance").read()[1].seed)
    truth = printed("--count", "1000", "--seed", seed, "--start", DAY)
    assert stored(kafka, kafka.kafka.topics.global1) == truth


def test_a_run_that_is_asked_for_otherwise_is_refused(kafka: Config):
    run(kafka, "--count", "300", "--seed", "1", "--start", DAY, "--run", "one")

    other = run(kafka, "--count", "500", "--seed", "1", "--start", DAY, "--run", "one", "--drones", "7")

    assert other.returncode == 78
    assert other.stderr.startswith("harmony: this run began with other drones")
    assert other.stderr.count("\n") == 1
    assert stored(kafka, kafka.kafka.topics.global1).total() == 300


def test_a_run_that_has_no_name_begins_anew_each_time(kafka: Config):
    for _ in range(2):
        run(kafka, "--count", "300", "--seed", "1", "--start", DAY)

    assert set(stored(kafka, kafka.kafka.topics.global1).values()) == {2}


def test_the_same_run_twice_at_a_time_is_busy(kafka: Config):
    bounds = Bounds(count=10)
    with claim(kafka.local.home, "produce", "run.day"), pytest.raises(Busy, match="at run day"):
        produce.run(kafka, bounds, seed=1, run_name="day", instance=None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_says_what_was_acknowledged(kafka: Config, number: signal.Signals):
    child = subprocess.Popen(
        command(kafka, "--rate", "60/min", "--run", "live"), stderr=subprocess.PIPE, text=True, env=child_environment()
    )
    wait_until(lambda: made(kafka, "live") > 100, what="the first reports")
    child.send_signal(number)
    said = child.communicate(timeout=30)[1]

    kept = stored(kafka, kafka.kafka.topics.global1)
    assert child.returncode == (130 if number == signal.SIGINT else 0)
    assert f'"reports": {kept.total()},' in said.splitlines()[-1]
    assert kept == stored(kafka, kafka.kafka.topics.global2)


def test_missing_topics_name_setup(config: Config):
    done = run(config, "--count", "10")

    assert done.returncode == 78
    assert "run `harmony setup`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_kafka_it_says_so_in_one_line(offline_config: Config):
    done = run(offline_config, "--count", "10")

    assert done.returncode == 69
    assert offline_config.kafka.bootstrap_servers in done.stderr
    assert done.stderr.count("\n") == 1


class Lossy(Transactor):
    """A Transactor whose commits fail as told: before they begin, or after they were made, when nobody can know."""

    failures: list[str]

    def commit(self, outgoings, **offsets):
        failure = self.failures.pop(0) if self.failures else None
        if failure == "before":
            raise TransactionFailed("cut before it began")
        super().commit(outgoings, **offsets)
        if failure == "after":
            raise TransactionFailed("the answer was lost")


def writer(config: Config, transactor: type[Transactor], count: int) -> Writer:
    topics = (config.kafka.topics.global1, config.kafka.topics.global2)
    wish = Wish(config.produce, Bounds(count=count, start=datetime(2026, 1, 1, tzinfo=UTC)), HAMLET, seed=1)
    begin = lambda _: wish.begin(clock_ms(), attempt="this one")  # noqa: E731
    open_transactor = partial(transactor, config.kafka, f"test-{config.kafka.topics.global1}")
    return Writer(topics, Progress(config.kafka, f"produce-{config.kafka.topics.global1}"), begin, open_transactor)


@pytest.mark.parametrize("failures", [["after"], [None, "after", "before"]])
def test_whatever_became_of_a_commit_no_report_is_lost_or_doubled(kafka: Config, failures: list[str | None]):
    writes = writer(kafka, type("Cut", (Lossy,), {"failures": failures}), count=12_000)
    stop = threading.Event()

    writes.write(stop, Patience(kafka.kafka, stop, stage="produce"), Meter("produce"))

    ids = Counter(decode_report(record.value).report_id for record in read(kafka.kafka, kafka.kafka.topics.global1))
    assert (len(ids), set(ids.values())) == (12_000, {1})
    assert stored(kafka, kafka.kafka.topics.global1) == stored(kafka, kafka.kafka.topics.global2)
    assert writes.acknowledged() == {"reports": 12_000, "alerts": 600}


def test_somebody_else_s_progress_in_its_place_ends_the_run_instead_of_doubling_it(kafka: Config):
    class Overwritten(Transactor):
        def commit(self, outgoings, *, metadata, **offsets):
            super().commit(outgoings, metadata=metadata.replace("this one", next(writers)), **offsets)
            if next(failures):
                raise TransactionFailed("the answer was lost")

    writers, failures = iter(["this one", "that one"]), iter([False, True])
    stop = threading.Event()

    with pytest.raises(Misconfigured, match="another process writes as produce-"):
        writer(kafka, Overwritten, count=9_000).write(
            stop, Patience(kafka.kafka, stop, stage="produce"), Meter("produce")
        )


def test_a_group_of_somebody_else_is_not_taken_for_a_run(kafka: Config):
    transactor = Transactor(kafka.kafka, f"test-{kafka.kafka.topics.global1}")
    where = {(kafka.kafka.topics.global1, 0): 1}
    transactor.commit([Outgoing(kafka.kafka.topics.global1, b"1", b"{}")], offsets=where, group="produce-theirs")
    transactor.close()

    with pytest.raises(Misconfigured, match="produce-theirs is not a run's"):
        produce.run(kafka, Bounds(count=10), seed=1, run_name="theirs", instance=None)
