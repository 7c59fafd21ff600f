"""R3: a zombie that wakes up after another has taken over; R4: instances that come, leave and are killed."""

import time

import pytest

from tests.support.account import truth_of
from tests.support.groups import Goal
from tests.support.kafka import wait_until
from tests.support.proofs import verdicts_on
from tests.support.proxy import Api
from tests.support.watcher import Watcher

RATE = ("--rate", "240/min")  # 400 reports a second
GROUP = "stream-alerts"


@pytest.fixture
def run(chance, begins):
    """A run without end; `ended(run, produce)` ends it."""
    return ("--seed", str(chance.randrange(10**6)), "--start", begins, *RATE)


def ended(run, produce, crew, watcher, topics):
    """End a run at a number of the test's own, and return what it must have made."""
    crew.stop(produce)
    run += ("--count", str(watcher.count(topics.global1) + 1_000))
    assert crew.wait(crew.start("produce", *run, "--run", "day"), 120) == 0
    truth = truth_of(*run)
    wait_until(lambda: watcher.count(topics.alert) >= truth.alerts.count, within_s=120, what="the last alert")
    return truth


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([Api.PRODUCE, Api.ADD_OFFSETS], marks=pytest.mark.services, id="quick"),
        pytest.param([*Api] * 8, marks=[pytest.mark.faults, pytest.mark.timeout(3_600)], id="full"),
    ],
)
def test_r3_no_commit_of_a_zombie_is_accepted(moments, run, crew, hire, config, proxy, proxied, report):
    """It is frozen in the middle of a transaction; another does all that stood there; then it wakes up."""
    topics, took_s = config.kafka.topics, []

    with Watcher(config.kafka, topics.global1, topics.alert) as watcher:
        produce = crew.start("produce", *run, "--run", "day")
        other = crew.start(GROUP, "--instance", "b")
        zombie = hire(proxied).start(GROUP, "--instance", "a")
        for moment in moments:
            commits = proxy.passed[Api.END_TXN]
            wait_until(lambda n=commits: proxy.passed[Api.END_TXN] > n, within_s=120, what="its next commit")
            frozen_at(moment, proxy, zombie, crew, config, took_s)
        commits = proxy.passed[Api.END_TXN]
        wait_until(lambda: proxy.passed[Api.END_TXN] > commits, within_s=120, what="a commit after its return")
        truth = ended(run, produce, crew, watcher, topics)
        crew.stop(zombie, other)

    report("R3", f"zombies, {len(moments)} frozen", *verdicts_on(config, truth, None), recovery_s=max(took_s))
    assert watcher.faults == []


def frozen_at(moment, proxy, zombie, crew, config, took_s):
    """Freeze the zombie in a transaction, after the broker has acted on `moment`, until another took over from it."""
    met = proxy.met[moment]
    proxy.hold(moment, 5)
    wait_until(lambda: proxy.met[moment] > met, within_s=120, what=f"a transaction's {moment.name}", every_s=0.005)
    with crew.frozen(zombie):
        began = time.monotonic()
        goal = Goal(config.kafka, config.kafka.topics.global1)
        wait_until(lambda: goal.is_reached(GROUP), within_s=180, every_s=0.5, what="the take-over")
        took_s.append(time.monotonic() - began)
