"""The guard, over a child that stands for the JVM."""

import math
import subprocess

import pytest
from py4j.protocol import Py4JNetworkError

from harmonystate.edges.spark import guard, watchdog
from harmonystate.edges.spark.guard import guarded
from harmonystate.edges.spark.lives import SparkLost
from harmonystate.edges.spark.stall import StallClock
from tests.support.kafka import wait_until
from tests.support.spark_jvm import spark_on, stand_in


@pytest.fixture
def jvm():
    with stand_in() as child:
        yield child


@pytest.fixture
def clock(monkeypatch):
    """A clock on which half a minute goes by between two looks."""
    monkeypatch.setattr(guard, "_LOOK_EVERY_S", 0.001)
    moments = iter(range(0, 10**9, 30))
    return StallClock(math.inf, clock=lambda: float(next(moments)))


@pytest.fixture
def quick(monkeypatch):
    """Looks and questions follow each other at once."""
    monkeypatch.setattr(guard, "_LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(watchdog, "TICK_S", 0.001)


def call(jvm, seconds=None):
    """Do what a call into the JVM does: wait for it, however long, and fail when it goes."""
    jvm.wait(seconds)
    raise Py4JNetworkError("Answer from Java side is empty")


def test_a_jvm_that_does_nothing_for_a_call_is_ended(jvm, clock):
    with pytest.raises(SparkLost), guarded(spark_on(jvm, jobs=[]), clock=clock):
        call(jvm, 60)

    assert jvm.poll() is not None


def test_a_jvm_at_work_may_take_its_time(jvm, clock):
    with guarded(spark_on(jvm, jobs=[7]), clock=clock), pytest.raises(subprocess.TimeoutExpired):
        jvm.wait(0.2)

    assert jvm.poll() is None


@pytest.mark.usefixtures("quick")
def test_a_jvm_that_does_not_even_say_whether_it_works_is_ended(jvm):
    with pytest.raises(SparkLost), guarded(spark_on(jvm, jobs=lambda: call(jvm))):
        call(jvm, 60)

    assert jvm.poll() is not None


@pytest.mark.usefixtures("quick")
def test_a_jvm_that_answers_is_not_ended_however_long_its_work(jvm):
    asked = []

    with guarded(spark_on(jvm, jobs=lambda: asked.append(None) or [7])):
        wait_until(lambda: len(asked) > 10 * watchdog.PATIENT or jvm.poll() is not None)

    assert jvm.poll() is None


def test_a_jvm_that_went_by_itself_is_lost_too(jvm):
    jvm.kill()

    with pytest.raises(SparkLost), guarded(spark_on(jvm, jobs=[7])):
        call(jvm)


def test_what_fails_in_a_jvm_that_lives_is_no_loss_of_it(jvm, monkeypatch):
    monkeypatch.setattr("harmonystate.edges.spark.jvm._GOING_S", 0.1)

    with pytest.raises(Py4JNetworkError), guarded(spark_on(jvm, jobs=[7])):
        raise Py4JNetworkError("no such method")


def test_nobody_watches_when_the_call_is_done(jvm, clock):
    with guarded(spark_on(jvm, jobs=[]), clock=clock):
        pass

    with pytest.raises(subprocess.TimeoutExpired):
        jvm.wait(0.2)
