"""R1: kill -9 at random moments over produce, stream-alerts, alert-bot and the broker."""

import random
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from tests.support.account import truth_of
from tests.support.chain import verdicts_on, worst_recovery_s
from tests.support.kafka import wait_until
from tests.support.watcher import Watcher

# No service there yet, or a call that never returned: both say that another try may help.
TRY_AGAIN = (69, 75)


class Scale(NamedTuple):
    """How much of it.

    Attributes:
        rate: reports a second; as fast as kills leave time to meet everybody at work.
    """

    reports: int
    kills: int
    rate: int
    within_s: float


QUICK = pytest.param(Scale(50_000, 8, 1_500, 240), marks=[pytest.mark.services], id="quick")
FULL = pytest.param(
    Scale(1_000_000, 50, 2_500, 3_000), marks=[pytest.mark.faults, pytest.mark.timeout(4_000)], id="full"
)


@dataclass
class Killing:
    """One run of the chain in which everybody is killed, one after the other."""

    scale: Scale
    chance: random.Random
    crew: object
    broker: object
    history: object
    options: tuple[str, ...]

    def __post_init__(self):
        self.children = {stage: self.start(stage) for stage in ("stream-alerts", "alert-bot", "produce")}

    def start(self, stage):
        return self.crew.start(stage, *(self.options if stage == "produce" else ("--instance", "a")))

    def victims(self):
        """Return whom to kill, each about as often, in no order."""
        names = [*self.children, "broker"]
        chosen = [names[turn % len(names)] for turn in range(self.scale.kills)]
        self.chance.shuffle(chosen)
        return chosen

    def kill(self, victim):
        if victim == "broker":
            self.history.fault("killed", victim)
            self.broker.kill()
            self.broker.start()
        elif not (victim == "produce" and self.supervised()):
            self.crew.kill(self.children[victim])
            self.children[victim] = self.start(victim)

    def supervised(self):
        """Start again whoever says that another try will help, as cron or systemd would; True = produce is done."""
        for stage, child in self.children.items():
            if child.exit_code in TRY_AGAIN:
                self.children[stage] = self.start(stage)
            elif not (stage == "produce" and child.exit_code == 0):
                self.crew.require_running(child)
        return self.children["produce"].exit_code == 0


@pytest.mark.parametrize("scale", [QUICK, FULL])
def test_r1_everybody_is_killed_and_nothing_is_lost_doubled_or_out_of_order(
    scale, chance, crew, broker, config, discord, history, begins, report
):
    topics = config.kafka.topics
    run = ("--seed", str(chance.randrange(10**6)), "--start", begins, "--count", str(scale.reports))
    run += ("--rate", f"{scale.rate * 60 // config.produce.drones}/min")

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        killing = Killing(scale, chance, crew, broker, history, (*run, "--run", "everything"))
        for number, victim in enumerate(killing.victims(), start=1):
            moment = scale.reports * (number - chance.random()) / (scale.kills + 1)
            wait_until(
                lambda m=moment: killing.supervised() or watcher.count(topics.global1) > m,
                within_s=scale.within_s, what=f"the time to kill {victim}",
            )  # fmt: skip
            killing.kill(victim)
        truth = truth_of(*run)
        wait_until(
            lambda: killing.supervised() and watcher.count(topics.delivery) >= truth.alerts.count,
            within_s=scale.within_s, what="the last delivery",
        )  # fmt: skip
        crew.stop(killing.children["stream-alerts"], killing.children["alert-bot"])

    worst = worst_recovery_s(watcher, topics, history.faults)
    report("R1", f"kill everything, {scale.kills} kills", *verdicts_on(config, truth, discord), recovery_s=worst)
    assert watcher.faults == []
    assert worst is not None
    assert worst < 60
