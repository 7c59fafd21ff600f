import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from harmonystate.commands import ingest
from harmonystate.commands.ingest import progress as progress_module
from harmonystate.commands.ingest.ledger import Ledger
from harmonystate.commands.ingest.progress import Progress
from harmonystate.config import CassandraSettings
from harmonystate.core.record import Place
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka import connect
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.spark.faults import RecordsGone
from harmonystate.edges.spark.micro_batch import DeadRecord, Outcome
from harmonystate.errors import BadInput, Misconfigured, Unavailable
from tests.support import chain
from tests.support.harmony import alive
from tests.support.kafka import UNHURRIED, await_readable, read, wait_until
from tests.support.services import child_environment, write_config

services = pytest.mark.services

HARMONY = Path(sys.executable).with_name("harmony")


@pytest.fixture(autouse=True)
def _our_signals_only_here():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def place(config):
    """A config with topics and tables."""
    create_topics(config.kafka)
    schema.apply(config.cassandra)
    return config


@pytest.fixture
def command(place, tmp_path):
    """The command line of ingest with this config."""
    return [HARMONY, "ingest", "--config", write_config(place, tmp_path / "harmony.yaml")]


def dead_letters(config):
    """Return the places of the dead letters, each with how often it is there."""
    found = read(config.kafka, config.kafka.topics.dead_letter)
    places = [dict(record.headers) for record in found]
    assert all(headers["harmony.stage"] == b"ingest" for headers in places)
    return Counter(
        (int(headers["__streams.errors.partition"]), int(headers["__streams.errors.offset"])) for headers in places
    )


@contextmanager
def running(command, log):
    """Run ingest in the background, its output in `log`; kill it at the end if it is still there."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, env=child_environment(), stdout=output, stderr=output)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(60)


@services
def test_a_second_one_is_refused_and_the_first_leaves_by_the_keyboard_with_130_and_its_jvm_with_it(
    place, command, tmp_path
):
    with running(command, tmp_path / "log") as child:
        wait_until(lambda: psutil.Process(child.pid).children(), what="the JVM")
        (server,) = psutil.Process(child.pid).children()
        wait_until(lambda: list((place.local.home / "checkpoint").rglob("metadata")), what="the query")

        second = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
        child.send_signal(signal.SIGINT)

        assert (second.returncode, second.stdout) == (75, "")
        assert "another ingest is using the checkpoint" in second.stderr
        assert child.wait(60) == 130
    # What did not leave within the grace of a ^C ends by itself a moment after us.
    wait_until(lambda: not alive(server), what="the end of the JVM")


@services
def test_a_jvm_that_is_frozen_ends_ingest_with_75_and_is_ended(place, tmp_path):
    spark = place.spark.model_copy(update={"stall_after": timedelta(seconds=5)})
    file = write_config(place.model_copy(update={"spark": spark}), tmp_path / "harmony.yaml")
    log = tmp_path / "log"
    with running([HARMONY, "ingest", "--config", file], log) as child:
        wait_until(lambda: list((place.local.home / "checkpoint").rglob("metadata")), what="the query")
        (jvm,) = psutil.Process(child.pid).children()
        jvm.suspend()
        chain.produce(place, chain.some_reports(20))

        assert child.wait(180) == 75
    assert log.read_text().count("no batch was stored for 5 s although records are waiting") == 1
    assert "Traceback" not in log.read_text()
    assert not alive(jvm)


@services
def test_whoever_is_to_leave_while_the_jars_are_fetched_leaves_at_once(place, monkeypatch):
    def fetch(_, stop):
        stop.set(130)
        stop.raise_if_set(60)

    monkeypatch.setattr(ingest, "fetch", fetch)
    monkeypatch.setattr(ingest, "open_spark", pytest.fail)

    assert ingest.run(place, once=True) == 130


def test_with_kafka_away_no_jvm_is_started(offline_config, monkeypatch):
    monkeypatch.setattr(ingest, "open_spark", pytest.fail)
    monkeypatch.setattr(connect, "REQUIRE_BOOTSTRAP_MS", 500)

    with pytest.raises(Unavailable, match=offline_config.kafka.bootstrap_servers):
        ingest.run(offline_config, once=True)


@services
def test_with_cassandra_away_no_jvm_is_started(config, offline_config, monkeypatch):
    monkeypatch.setattr(ingest, "open_spark", pytest.fail)
    create_topics(config.kafka)
    half = config.model_copy(update={"cassandra": offline_config.cassandra})

    with pytest.raises(Unavailable, match=rf":{offline_config.cassandra.port} "):
        ingest.run(half, once=True)


@services
def test_without_setup_its_name_is_said_and_no_jvm_is_started(config, monkeypatch):
    monkeypatch.setattr(ingest, "open_spark", pytest.fail)

    with pytest.raises(Misconfigured, match="harmony setup"):
        ingest.run(config, once=True)
    create_topics(config.kafka)
    with pytest.raises(Misconfigured, match="harmony setup"):
        ingest.run(config, once=True)


@services
def test_records_that_are_gone_are_named_up_to_where(place):
    topic = place.kafka.topics.global2

    with pytest.raises(BadInput, match=rf"{topic}: .* offsets -5 to -1 of partition 2, .*--accept-loss.*/checkpoint"):  # noqa: SIM117
        with ingest.naming_what_is_gone(place, "/checkpoint"):
            raise RecordsGone(topic, 2, -5)


class TestLedger:
    """Dead letters and offsets, on a real Kafka."""

    pytestmark = services

    @pytest.fixture
    def open_ledger(self, place):
        """Return a function that opens a ledger, as an ingest that starts does."""
        unhurried = place.model_copy(update={"kafka": place.kafka.model_copy(update={"client": UNHURRIED})})
        with ExitStack() as opened:
            session = opened.enter_context(open_session(place.cassandra))

            def begun():
                ledger = opened.enter_context(Ledger(unhurried, session))
                ledger.begin()
                return ledger

            yield begun

    @pytest.fixture
    def ledger(self, open_ledger):
        return open_ledger()

    @staticmethod
    def letters(place, *offsets):
        topic = place.kafka.topics.global2
        return [DeadRecord(Place(topic, 0, offset), b"7", b"{%d" % offset, "no JSON") for offset in offsets]

    @staticmethod
    def buried(place):
        """Return what a ledger that is still open has buried."""
        await_readable(place.kafka, f"harmony-ingest-{place.kafka.topics.global2}")
        return dead_letters(place)

    @staticmethod
    def ends(place, end):
        return {(place.kafka.topics.global2, 0): end}

    def test_a_letter_is_buried_with_its_place_and_the_offsets_behind_it(self, ledger, place):
        ledger.commit(self.letters(place, 3, 5), self.ends(place, 9))

        assert self.buried(place) == {(0, 3): 1, (0, 5): 1}
        assert committed(place.kafka, "ingest", place.kafka.topics.global2) == {0: (9, "")}

    def test_a_batch_that_comes_again_buries_nothing_twice(self, ledger, place):
        ledger.commit(self.letters(place, 3, 5), self.ends(place, 6))

        ledger.begin()
        ledger.commit(self.letters(place, 3, 5, 7), self.ends(place, 9))

        assert self.buried(place) == {(0, 3): 1, (0, 5): 1, (0, 7): 1}

    def test_read_from_the_beginning_again_what_is_committed_stays_so(self, ledger, place):
        ledger.commit(self.letters(place, 3), self.ends(place, 9))

        ledger.commit(self.letters(place, 3), self.ends(place, 4))

        assert committed(place.kafka, "ingest", place.kafka.topics.global2) == {0: (9, "")}
        assert self.buried(place) == {(0, 3): 1}

    def test_two_ingests_of_a_topic_on_two_hosts_do_not_go_on_side_by_side(self, ledger, open_ledger, place):
        open_ledger()
        with pytest.raises(Unavailable):
            ledger.commit((), self.ends(place, 1))
        ledger.begin()

        open_ledger()
        with pytest.raises(Misconfigured, match="another ingest of"):
            ledger.commit((), self.ends(place, 1))

    def test_with_cassandra_away_spark_is_not_asked_to_go_on(self, place):
        with open_session(place.cassandra) as session:
            pass

        with Ledger(place, session) as ledger, pytest.raises(Unavailable, match="Cassandra at"):
            ledger.begin()


class TestProgress:
    """What is shown."""

    @pytest.fixture
    def meter(self):
        return Meter("ingest")

    def test_counts_add_up_and_the_last_batch_tells_the_age(self, meter):
        progress = Progress("kafka:9092", CassandraSettings(), meter, lag=lambda: 17)

        progress.stored(Outcome(rows=10, dead_letters=1, expired=2, age_s=3.5))
        progress.stored(Outcome(rows=5, dead_letters=0, expired=0, age_s=0.5))
        progress.look(in_hand_s=0)

        assert meter.counts() == {"rows": 15, "dead_letters": 1, "expired": 2}
        assert (meter.snapshot()["age_s"], meter.snapshot()["lag"]) == (0.5, 17)

    def test_while_it_catches_up_there_is_an_end_in_sight(self, meter, monkeypatch):
        monkeypatch.setattr(progress_module, "_LOOK_EVERY_S", 0)
        lags = iter([100_000, 50_000, 3])
        progress = Progress("kafka:9092", CassandraSettings(), meter, lag=lambda: next(lags))
        seen = []
        for rows in (0, 50_000, 49_997):
            progress.stored(Outcome(rows=rows, dead_letters=0, expired=0, age_s=0.5))
            progress.look(in_hand_s=0)
            seen.append(meter.progress())

        assert seen == [(0, 100_000), (50_000, 100_000), None]

    def test_a_batch_that_waits_for_cassandra_is_said(self, meter, offline_config):
        settings = offline_config.cassandra

        Progress("kafka:9092", settings, meter, lag=lambda: 17).look(in_hand_s=11)

        assert meter.snapshot()["state"] == f"waiting for Cassandra at 127.0.0.1:{settings.port}"

    def test_a_kafka_that_does_not_answer_is_said_until_it_does(self, meter, monkeypatch):
        monkeypatch.setattr(progress_module, "_LOOK_EVERY_S", 0)
        lags = iter([None, 5])
        progress = Progress("kafka:9092", CassandraSettings(), meter, lag=lambda: next(lags))

        progress.look(in_hand_s=0)
        assert meter.snapshot()["state"] == "waiting for Kafka at kafka:9092"

        progress.look(in_hand_s=0)
        assert "state" not in meter.snapshot()

    def test_each_service_that_is_missing_is_named_until_it_is_back(self, meter, monkeypatch):
        """A look in which Kafka does not answer says nothing of Cassandra."""
        monkeypatch.setattr(progress_module, "_LOOK_EVERY_S", 0)
        monkeypatch.setattr(progress_module, "reachable", lambda _: next(cassandra))
        kafka, cassandra = iter([5, None, None, 5, 5, None, 5, 5]), iter([False, False, True, False, True])
        progress = Progress("k:9092", CassandraSettings(), meter, lag=lambda: next(kafka))
        states = []

        with capture_logs() as said:
            for _ in range(8):
                progress.look(in_hand_s=11)
                states.append(meter.snapshot().get("state"))

        at = "Cassandra at 127.0.0.1:9042"
        away = [f"waiting for {at}", f"waiting for {at} and Kafka at k:9092", "waiting for Kafka at k:9092"]
        assert states == [away[0], away[1], away[1], away[0], None, away[2], away[0], None]
        assert [line["event"] for line in said] == [
            *(f"waiting for {at}", "waiting for Kafka at k:9092", "Kafka at k:9092 is back", f"{at} is back"),
            *("waiting for Kafka at k:9092", "Kafka at k:9092 is back", f"waiting for {at}", f"{at} is back"),
        ]
