"""The watchdog, over a child that stands for the JVM."""

import subprocess

import pytest

from harmonystate.edges.spark import watchdog
from harmonystate.edges.spark.watchdog import PATIENT, URGENT, Watchdog
from harmonystate.errors import Misconfigured
from tests.support.kafka import wait_until
from tests.support.spark_jvm import stand_in


@pytest.fixture
def jvm():
    with stand_in() as child:
        yield child


@pytest.fixture
def watch(jvm, monkeypatch):
    """Return a function that begins to watch; looks follow each other at once."""
    monkeypatch.setattr(watchdog, "TICK_S", 0.001)
    begun = []

    def begin(look=lambda: None, *, is_urgent):
        begun.append(Watchdog(jvm, look=look, is_urgent=is_urgent))
        return begun[-1]

    yield begin
    for dog in begun:
        dog.close()


class Looks:
    """Counts them."""

    count = 0

    def __call__(self):
        self.count += 1


def test_a_jvm_that_answers_no_call_is_ended_soon_where_that_is_urgent(jvm, watch):
    looks = Looks()

    with watch(looks, is_urgent=lambda: True).watching():
        before = looks.count
        jvm.wait(60)

    assert looks.count - before <= URGENT


def test_a_jvm_that_answers_no_call_is_ended_late_where_nothing_is_urgent(jvm, watch):
    looks = Looks()

    with watch(looks, is_urgent=lambda: False).watching():
        jvm.wait(60)

    assert looks.count >= PATIENT


def test_a_jvm_that_answers_lives(jvm, watch):
    answers = []

    def an_answer_comes():
        for dog in dogs:
            dog.answered()
            answers.append(dog)

    dogs = []
    dog = watch(an_answer_comes, is_urgent=lambda: True)
    dogs.append(dog)

    with dog.watching():
        wait_until(lambda: len(answers) > 10 * URGENT or jvm.poll() is not None)

    assert jvm.poll() is None


def test_nobody_calls_and_nothing_is_ended(jvm, watch):
    looks = Looks()
    watch(looks, is_urgent=lambda: True)

    wait_until(lambda: looks.count > 10 * URGENT)

    with pytest.raises(subprocess.TimeoutExpired):
        jvm.wait(0.1)


def test_what_a_look_raises_reaches_the_loop(watch):
    def look():
        raise Misconfigured("gives us no right")

    dog = watch(look, is_urgent=lambda: False)

    with pytest.raises(Misconfigured, match="no right"):
        wait_until(dog.answered, within_s=30)
