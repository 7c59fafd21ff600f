"""R6: a broker that goes away. *Quick* it is half a minute, in test_kill_everything."""

import time

import pytest

from tests.support.kafka import wait_until
from tests.support.memory import MORE_BYTES, resident
from tests.support.proofs import STAGES, recoveries_s, verdicts_on
from tests.support.runs import ended_under
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher

TEN_MINUTES_S, SHORT_S, BACK_WITHIN_S = 600, 8, 60
# 500 reports a second: kept in memory until the broker is back, they would take ten times what produce may.
RATE = ("--rate", "300/min")
INSTANCE = dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))


@pytest.fixture
def run(chance, begins):
    return ("--seed", str(chance.randrange(10**6)), "--start", begins, *RATE)


@pytest.fixture
def watcher(config):
    topics = config.kafka.topics
    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        yield watcher


@pytest.fixture
def supervisor(config, crew, history, run, watcher):
    """All three stages, at work."""
    supervisor = Supervisor(crew, history, {"produce": (*run, "--run", "day"), **INSTANCE})
    wait_until(lambda: supervisor.tend() or watcher.count(config.kafka.topics.delivery) > 100, what="work of all")
    return supervisor


def without_a_broker(away_s, goes, broker, supervisor, history, delivered):
    """Let the broker go and come back; return by how many bytes produce grew, once something was delivered."""
    produce, held = supervisor.children["produce"], []
    before = resident(produce)
    history.fault("ends:", "broker")
    goes()
    until = time.monotonic() + away_s
    while time.monotonic() < until:
        supervisor.tend()
        held.append(resident(produce))
        time.sleep(0.5)  # it is away for so long
    broker.start()
    history.fault("back is the", "broker")
    before_us = delivered()
    wait_until(lambda: supervisor.tend() or delivered() > before_us, within_s=120, what="a delivery")
    return max(held) - before


@pytest.mark.faults
@pytest.mark.parametrize(
    "outages", [pytest.param([TEN_MINUTES_S], id="ten-minutes"), pytest.param([SHORT_S] * 20, id="twenty-restarts")]
)
def test_r6_a_broker_that_goes_away_costs_time_and_nothing_else(
    outages, config, broker, discord, history, run, watcher, supervisor, report
):
    topics, lives = config.kafka.topics, dict(supervisor.children)

    # Killed and asked to leave, by turns.
    grown = [
        without_a_broker(
            away_s, (broker.stop if number % 2 else broker.kill), broker, supervisor, history,
            lambda: watcher.count(topics.delivery),
        )
        for number, away_s in enumerate(outages)
    ]  # fmt: skip
    survivors = dict(supervisor.children)
    truth = ended_under(supervisor, watcher, config, run)

    recoveries = recoveries_s(watcher, topics, history.faults)
    what = f"broker away {len(outages)} x {outages[0]} s: {max(grown) >> 20:+} MB, {len(supervisor.gave_up)} gave up"
    report("R6", what, *verdicts_on(config, truth, discord), recovery_s=recoveries["broker"])
    # Whoever is in one call for 60 s is bitten by the watchdog, and ends with 75.
    assert (supervisor.gave_up, survivors) == ([], lives)
    assert [stage for stage in STAGES if history.said("waiting for Kafka", stage) < 1] == []
    assert max(grown) <= MORE_BYTES
    assert recoveries["broker"] <= BACK_WITHIN_S
    assert watcher.faults == []
