import pytest

from harmonystate.edges.spark.lives import SparkLost
from harmonystate.edges.spark.stall import StallClock
from harmonystate.errors import Busy


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stall(clock):
    return StallClock(900, clock=clock)


def test_nothing_to_do_is_no_stall(stall, clock):
    clock.now += 100_000

    stall.require_progress()
    assert stall.in_hand_s() == 0


def test_a_batch_that_never_ends_is_one(stall, clock):
    stall.begin()
    clock.now += 900
    stall.require_progress()

    clock.now += 1
    with pytest.raises(Busy, match=r"spark\.stall_after"):
        stall.require_progress()


def test_what_may_be_away_is_named_and_why_the_last_try_failed(stall, clock):
    stall.begin()
    clock.now += 901

    with pytest.raises(Busy, match=r"see that Kafka and Cassandra are up, and start ingest again$"):
        stall.require_progress()
    with pytest.raises(Busy, match=r"see that Kafka and Cassandra are up \(no Kafka at a:1\), and start ingest again$"):
        stall.require_progress(because="no Kafka at a:1")


def test_a_batch_that_fails_again_and_again_is_one(stall, clock):
    for _ in range(10):
        stall.begin()
        clock.now += 100

    with pytest.raises(Busy):
        stall.require_progress()


def test_records_that_wait_and_never_become_a_batch_are_one(stall, clock):
    for _ in range(10):
        stall.note_lag(behind=True)
        clock.now += 100

    with pytest.raises(Busy, match=r"records are waiting \(spark\.stall_after\)"):
        stall.require_progress()


@pytest.mark.parametrize("progress", [lambda stall: stall.finish(), lambda stall: stall.note_lag(behind=False)])
def test_records_that_waited_and_are_stored_are_none(stall, clock, progress):
    stall.note_lag(behind=True)
    clock.now += 900
    progress(stall)
    clock.now += 900

    stall.note_lag(behind=True)
    stall.require_progress()


def test_each_batch_has_all_the_time(stall, clock):
    for _ in range(10):
        stall.begin()
        clock.now += 800
        stall.finish()
        stall.require_progress()

    assert stall.finished == 10


def test_spark_that_does_nothing_with_a_batch_in_hand_is_lost(stall, clock):
    stall.begin()
    for _ in range(121):
        stall.note_jobs(running=False)
        clock.now += 1

    with pytest.raises(SparkLost):
        stall.note_jobs(running=False)


def test_spark_that_works_or_has_nothing_to_do_is_not_lost(stall, clock):
    for running, in_hand in [(True, True), (False, False), (True, False)]:
        if in_hand:
            stall.begin()
        for _ in range(500):
            stall.note_jobs(running=running)
            clock.now += 1
        stall.finish()


def test_a_new_try_has_its_own_time_to_do_nothing(stall, clock):
    for _ in range(5):
        stall.begin()
        stall.note_jobs(running=False)
        clock.now += 100
        stall.note_jobs(running=False)
