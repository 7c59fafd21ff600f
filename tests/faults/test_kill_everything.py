"""R1: kill -9 at random moments over produce, stream-alerts, alert-bot and the broker; R6: a broker that stays away."""

import time
from typing import NamedTuple

import psutil
import pytest

from tests.support.account import truth_of
from tests.support.kafka import wait_until
from tests.support.proofs import STAGES, verdicts_on, worst_recovery_s
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher


class Scale(NamedTuple):
    """How much of it.

    Attributes:
        rate: reports a second; as fast as kills leave time to meet everybody at work.
        away_s: how long the broker is away after each of its kills.
    """

    reports: int
    kills: int
    broker_kills: int
    away_s: float
    rate: int
    within_s: float


QUICK = pytest.param(Scale(50_000, 7, 1, 30, 1_500, 240), marks=pytest.mark.services, id="quick")
FULL = pytest.param(
    Scale(1_000_000, 40, 10, 0, 2_500, 3_000), marks=[pytest.mark.faults, pytest.mark.timeout(4_000)], id="full"
)
MORE_BYTES = 50 * 1024 * 1024


def victims(scale, chance):
    """Return whom to kill, each stage about as often, in no order; the broker neither first nor last."""
    stages = [STAGES[turn % len(STAGES)] for turn in range(scale.kills)]
    chance.shuffle(stages)
    for _ in range(scale.broker_kills):
        stages.insert(chance.randrange(1, len(stages)), "broker")
    return stages


def kill_broker(broker, history, away_s, supervisor):
    """Kill the broker, and start it again after a while; say by how much produce's memory has grown meanwhile."""
    produce = psutil.Process(supervisor.children["produce"].process.pid)
    history.fault("killed", "broker")
    broker.kill()
    before, until = produce.memory_info().rss, time.monotonic() + away_s
    wait_until(lambda: supervisor.tend() or time.monotonic() > until, within_s=away_s + 60)
    grown = produce.memory_info().rss - before
    history.fault("starting", "broker")
    broker.start()
    return grown


@pytest.mark.parametrize("scale", [QUICK, FULL])
def test_r1_r6_everybody_is_killed_and_nothing_is_lost_doubled_or_out_of_order(
    scale, chance, crew, broker, config, discord, history, begins, report
):
    topics = config.kafka.topics
    run = ("--seed", str(chance.randrange(10**6)), "--start", begins, "--count", str(scale.reports))
    run += ("--rate", f"{scale.rate * 60 // config.produce.drones}/min")
    options = {"produce": (*run, "--run", "day"), **dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))}
    plan, grown = victims(scale, chance), []

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        supervisor = Supervisor(crew, history, options)
        for number, victim in enumerate(plan, start=1):
            moment = scale.reports * (number - chance.random()) / (len(plan) + 1)
            wait_until(
                lambda m=moment: supervisor.tend() or watcher.count(topics.global1) > m,
                within_s=scale.within_s, what=f"the time to kill {victim}",
            )  # fmt: skip
            if victim == "broker":
                grown.append(kill_broker(broker, history, scale.away_s, supervisor))
            else:
                supervisor.kill(victim)
        truth = truth_of(*run)
        wait_until(
            lambda: supervisor.tend() and watcher.count(topics.delivery) >= truth.alerts.count,
            within_s=scale.within_s, what="the last delivery",
        )  # fmt: skip
        supervisor.stop_all()

    verdicts = verdicts_on(config, truth, discord)
    worst = worst_recovery_s(watcher, topics, history.faults)
    report("R1", f"kill everything, {len(plan)} kills", *verdicts, recovery_s=worst)
    report("R6", f"broker away {scale.away_s} s, {scale.broker_kills} x: {max(grown) >> 20:+} MB", *verdicts)
    assert watcher.faults == []
    assert (worst or 0) <= 60
    assert max(grown) <= MORE_BYTES
