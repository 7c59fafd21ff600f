"""R2 for ingest: it dies at each of its points, and what comes after makes it good; R19: it is asked to leave at work.

*Quick* all lives are spent in one Spark session, and a point ends one by an exception, so that nothing of its own is
put right on the way; *full* each is a process that leaves as by kill -9, with a JVM of its own.
"""

import threading
from collections import Counter
from typing import NamedTuple

import pytest

from harmonystate import crash
from harmonystate.commands.ingest.ledger import Ledger
from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.stream import Stream
from tests.support.account import printed
from tests.support.crew import started_by
from tests.support.dying import Died, dying_at, end_of
from tests.support.kafka import wait_until, write
from tests.support.proofs import counted
from tests.support.services import write_config
from tests.support.stored import rows_in, rows_of

POINTS = ("after-rows", "after-hours", "after-send", "before-commit", "after-commit", "after-dead-letters")
BATCH, JUNK = 100, 4


class Scale(NamedTuple):
    """How much of it.

    Attributes:
        times: how often each point is the last.
        passings: how often it is passed before that, at most.
        each: what each life finds to do, in reports.
    """

    times: int
    passings: int
    each: int
    how: str


QUICK = pytest.param(Scale(1, 1, 50, "in_one_spark"), marks=pytest.mark.services, id="quick")
FULL = pytest.param(Scale(20, 3, 3 * BATCH, "as_processes"), marks=pytest.mark.faults, id="full")


@pytest.fixture
def config(everything):
    """Services with a Cassandra, and batches of which a life can finish some."""
    config, _ = everything
    return in_batches_of(config, BATCH)


def in_batches_of(config, reports):
    """Return the config with batches of so many reports at most."""
    return config.model_copy(update={"spark": config.spark.model_copy(update={"max_offsets_per_trigger": reports})})


@pytest.fixture
def in_one_spark(config, request, monkeypatch, tmp_path):
    """Return a function that spends a life of ingest in the tests' own Spark, and says whether it died."""
    spark = request.getfixturevalue("spark")
    settings = config.model_copy(
        update={"spark": config.spark.model_copy(update={"checkpoint": str(tmp_path / "checkpoint")})}
    )

    def live(crash_at):
        forget_cassandra(spark)
        with monkeypatch.context() as patch, open_session(settings.cassandra) as session:
            patch.setattr(crash, "passing", dying_at(crash_at))
            with Ledger(settings, session) as ledger:
                stream = Stream(
                    spark,
                    settings,
                    checkpoint=str(settings.spark.checkpoint),
                    outlet=ledger,
                    watch=Deaf(),
                    clock=StallClock(900),
                    stop=threading.Event(),
                )
                try:
                    stream.run(once=True)
                except Died:
                    return True
        return False

    return live


@pytest.fixture
def as_processes(config, tmp_path):
    """Return a function that spends a life of ingest as a process, and says whether it died."""
    dying = write_config(config, tmp_path / "ingest.yaml")
    # What most lives leave undone adds up; the last one needs no points to pass.
    last = write_config(in_batches_of(config, 30 * BATCH), tmp_path / "last.yaml")
    return lambda crash_at: end_of(dying if crash_at else last, "ingest", "--once", crash_at=crash_at).died


class Deaf:
    """Watches nothing."""

    def stored(self, outcome):
        pass

    def failed(self):
        pass

    def look(self, *, in_hand_s):
        pass


@pytest.mark.parametrize("scale", [QUICK, FULL])
def test_r2_ingest_may_die_at_any_point(scale, request, config, chance, report):
    live, topics = request.getfixturevalue(scale.how), config.kafka.topics
    points = [*POINTS] * scale.times
    chance.shuffle(points)
    lines = printed("--seed", chance.randrange(10**6), "--count", scale.each * (len(points) + 1), "--start", "12h")
    junk = [b"{%d" % number for number in range(JUNK * (len(points) + 1))]

    for number, point in enumerate([*points, ""]):
        some = [*lines[number * scale.each :][: scale.each], *junk[number * JUNK :][:JUNK]]
        chance.shuffle(some)
        write(config.kafka, [Outgoing(topics.global2, value[-9:], value) for value in some])
        assert live(f"{point}:{chance.randint(1, scale.passings)}" if point else "") == bool(point), point

    letters = (record.value for record in read_all(config.kafka, topics.dead_letter))
    verdicts = [counted(Counter(rows_of(lines)), rows_in(config)), counted(Counter(junk), letters)]
    report("R2", f"crash points of ingest, {len(points)} crashes", *verdicts)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(1, marks=[pytest.mark.services, pytest.mark.timeout(1_200)], id="quick"),
        pytest.param(10, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r19_ingest_leaves_in_the_middle_of_its_work_and_takes_its_jvm_along(times, config, hire, chance, report):
    """`Crew.stop` holds it to 0, in time, and to leave no process behind."""
    topic, crew = config.kafka.topics.global2, hire(config)
    lines = printed("--seed", chance.randrange(10**6), "--count", 30 * BATCH * times, "--start", "12h")
    write(config.kafka, [Outgoing(topic, value[-9:], value) for value in lines])

    for _ in range(times):
        ingest, before = crew.start("ingest"), stored(config)
        wait_until(lambda n=before: stored(config) > n, within_s=300, what="its first batch", every_s=0.3)
        assert started_by(ingest) != []
        crew.stop(ingest)
        assert lag(config.kafka, "ingest", topic) > 0, "it had done all its work"
    assert crew.wait(hire(in_batches_of(config, 30 * BATCH)).start("ingest", "--once"), 300) == 0

    report("R19", f"ingest asked to leave, {times} x at work", counted(Counter(rows_of(lines)), rows_in(config)))


def stored(config):
    """Return how many offsets ingest has done."""
    return sum(offset for offset, _ in committed(config.kafka, "ingest", config.kafka.topics.global2).values())
