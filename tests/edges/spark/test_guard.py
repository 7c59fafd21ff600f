"""The guard, over a child that stands for the JVM: what calls it learns of its end as of a connection that breaks."""

import math
import subprocess
from types import SimpleNamespace

import pytest
from py4j.protocol import Py4JNetworkError

from harmonystate.edges.spark import guard
from harmonystate.edges.spark.guard import guarded
from harmonystate.edges.spark.stall import SparkLost, StallClock


@pytest.fixture
def jvm():
    with subprocess.Popen(["sleep", "600"]) as child:
        yield child
        child.kill()


@pytest.fixture
def clock(monkeypatch):
    """A clock on which half a minute goes by between two looks."""
    monkeypatch.setattr(guard, "_LOOK_EVERY_S", 0.001)
    moments = iter(range(0, 10**9, 30))
    return StallClock(math.inf, clock=lambda: float(next(moments)))


def spark(jvm, jobs):
    tracker = SimpleNamespace(getActiveJobsIds=lambda: jobs)
    return SimpleNamespace(
        sparkContext=SimpleNamespace(statusTracker=lambda: tracker, _gateway=SimpleNamespace(proc=jvm))
    )


def call(jvm, seconds=None):
    """Do what a call into the JVM does: wait for it, however long, and fail when it goes."""
    jvm.wait(seconds)
    raise Py4JNetworkError("Answer from Java side is empty")


def test_a_jvm_that_does_nothing_for_a_call_is_ended(jvm, clock):
    with pytest.raises(SparkLost), guarded(spark(jvm, jobs=[]), clock=clock):
        call(jvm, 60)

    assert jvm.poll() is not None


def test_a_jvm_at_work_may_take_its_time(jvm, clock):
    with guarded(spark(jvm, jobs=[7]), clock=clock), pytest.raises(subprocess.TimeoutExpired):
        jvm.wait(0.2)

    assert jvm.poll() is None


def test_a_jvm_that_went_by_itself_is_lost_too(jvm):
    jvm.kill()

    with pytest.raises(SparkLost), guarded(spark(jvm, jobs=[7])):
        call(jvm)


def test_what_fails_in_a_jvm_that_lives_is_no_loss_of_it(jvm, monkeypatch):
    monkeypatch.setattr(guard, "_GOING_S", 0.1)

    with pytest.raises(Py4JNetworkError), guarded(spark(jvm, jobs=[7])):
        raise Py4JNetworkError("no such method")


def test_nobody_watches_when_the_call_is_done(jvm, clock):
    with guarded(spark(jvm, jobs=[]), clock=clock):
        pass

    with pytest.raises(subprocess.TimeoutExpired):
        jvm.wait(0.2)
