"""R6: ten minutes without a broker. *Quick* it is half a minute, in test_kill_everything."""

import time

import pytest

from tests.support.kafka import wait_until
from tests.support.memory import MORE_BYTES, resident
from tests.support.proofs import STAGES, recoveries_s, verdicts_on
from tests.support.runs import ended_under
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher

AWAY_S, BACK_WITHIN_S = 600, 60
# 500 reports a second: kept in memory until the broker is back, they would take ten times what produce may.
RATE = ("--rate", "300/min")
INSTANCE = dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))


@pytest.mark.faults
def test_r6_ten_minutes_without_a_broker_cost_time_and_nothing_else(
    chance, crew, config, broker, discord, history, begins, report
):
    topics, run, held = config.kafka.topics, ("--seed", str(chance.randrange(10**6)), "--start", begins, *RATE), []

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        supervisor = Supervisor(crew, history, {"produce": (*run, "--run", "day"), **INSTANCE})
        wait_until(lambda: supervisor.tend() or watcher.count(topics.delivery) > 100, what="work of all")
        lives, before = dict(supervisor.children), resident(supervisor.children["produce"])
        history.fault("killed", "broker")
        broker.kill()
        until = time.monotonic() + AWAY_S
        while time.monotonic() < until:
            supervisor.tend()
            held.append(resident(supervisor.children["produce"]))
            time.sleep(1)  # it is away for so long
        broker.start()
        history.fault("back is the", "broker")
        before_us = watcher.count(topics.delivery)
        wait_until(lambda: supervisor.tend() or watcher.count(topics.delivery) > before_us, what="a delivery")
        survivors = dict(supervisor.children)
        truth = ended_under(supervisor, watcher, config, run)

    grown, recoveries = max(held) - before, recoveries_s(watcher, topics, history.faults)
    what = f"broker away {AWAY_S} s: {grown >> 20:+} MB, {len(supervisor.gave_up)} ended with 75 or 69"
    report("R6", what, *verdicts_on(config, truth, discord), recovery_s=recoveries["broker"])
    # Whoever is in one call for 60 s is bitten by the watchdog, and ends with 75.
    assert (supervisor.gave_up, survivors) == ([], lives)
    assert [stage for stage in STAGES if not history.said("waiting for Kafka", stage)] == []
    assert grown <= MORE_BYTES
    assert recoveries["broker"] <= BACK_WITHIN_S
    assert watcher.faults == []
