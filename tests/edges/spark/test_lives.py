import itertools
import threading
from contextlib import nullcontext

import pytest

from harmonystate.edges.spark.lives import SparkLost, outlive


class Work:
    """What is done with each Spark, of which the first `lost` are lost."""

    def __init__(self, lost, then=lambda: None):
        self._numbers, self._lost, self._then = itertools.count(1), lost, then
        self.done_with = []

    def start(self):
        return nullcontext(next(self._numbers))

    def __call__(self, number):
        self.done_with.append(number)
        if number <= self._lost:
            self._then()
            raise SparkLost("its JVM is gone")
        return "done"


def test_when_spark_is_lost_another_one_goes_on():
    work = Work(lost=3)

    assert outlive(work.start, work, threading.Event(), stage="ingest") == "done"
    assert work.done_with == [1, 2, 3, 4]


def test_what_loses_one_spark_after_another_is_given_up_where_somebody_comes_again():
    work = Work(lost=3)

    with pytest.raises(SparkLost):
        outlive(work.start, work, threading.Event(), stage="analyze", lives=2)
    assert work.done_with == [1, 2]


def test_asked_to_stop_no_other_spark_is_started():
    stop = threading.Event()
    work = Work(lost=1, then=stop.set)  # its JVM went first

    assert outlive(work.start, work, stop, stage="ingest") is None
    assert work.done_with == [1]
