"""R20: the chain at work for an hour with a fault a minute: memory, open files and lag stay what they were."""

import os
import signal
import time
from collections import defaultdict
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from harmonystate.edges.kafka.offsets import lag
from harmonystate.edges.kafka.reading import read_all
from tests.support.account import compare, truth_of
from tests.support.chart import Panel, draw
from tests.support.fake_discord import Answer
from tests.support.kafka import wait_until
from tests.support.proofs import STAGES, account_of, counted
from tests.support.samples import Sampler, longest_above_s, slopes
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher

MINUTES = float(os.environ.get("FAULTS_MINUTES") or 60)
# Where a copy of the chart goes.
CHART = os.environ.get("FAULTS_CHART")
DRONES, RATE = 100, 100  # a second, of each of the two runs
# What the faults that have a length take.
SHORT_S, LONG_S = 5, 20
MOST_GROWTH_MB = 1.0
# A slope of less than this says nothing.
LEAST_S = 20 * 60
MOST_MORE_FILES = 1
# What comes in some two seconds, the ends of transactions too: with less than that, a stage is up to date.
CALM = {"produce": 4 * RATE, "stream-alerts": 8 * RATE, "alert-bot": RATE}
# As long as three faults in a row, one minute each.
MOST_AWAY_S = 180

LEFT_ALONE = " (left alone)"


class Soak:
    """Two of each stage: one is killed, frozen and asked to leave; the other meets only what befalls the services.

    The second is there to be measured: a process that lives for ten minutes cannot show that it does not grow.
    """

    def __init__(self, hire, proxied, history, begins, chance):
        self.runs = [("--seed", str(chance.randrange(10**6)), "--start", begins, "--rate", f"{RATE * 60 // DRONES}/min",
                      "--drones", str(DRONES), "--alert-ratio", "0.02", "--count", str(int(RATE * 60 * MINUTES)))
                     for _ in range(2)]  # fmt: skip
        self.began_s = datetime.fromisoformat(begins).timestamp()
        self.crew, self.history, self.chance = hire(proxied), history, chance
        self.victims, self.others = (
            Supervisor(self.crew, history, {"produce": (*run, "--run", name),
                                            **dict.fromkeys(STAGES[1:], ("--instance", name))})
            for run, name in zip(self.runs, ("a", "b"), strict=True)
        )  # fmt: skip

    def tend(self):
        """Start again whoever may be; say whether both runs are at their end."""
        ended = [supervisor.tend() for supervisor in (self.victims, self.others)]
        return all(ended)

    def tend_for(self, seconds):
        until = time.monotonic() + seconds
        wait_until(lambda: self.tend() or time.monotonic() > until, within_s=seconds + 60)

    def pids(self):
        sides = (("", self.victims), (LEFT_ALONE, self.others))
        return {stage + side: child.process.pid for side, both in sides for stage, child in both.children.items()}

    def due(self):
        """Return how many reports both runs have made by now, if they are on time."""
        return min(int((time.time() - self.began_s) * RATE), int(RATE * 60 * MINUTES)) * 2


@pytest.fixture
def soak(hire, proxied, proxy, history, begins, chance):
    return Soak(hire, proxied, history, begins, chance)


def freeze(soak, stage):
    soak.tend()
    with soak.crew.frozen(soak.victims.children[stage]):
        soak.tend_for(soak.chance.choice((SHORT_S, LONG_S)))


@contextmanager
def storm(discord, chance):
    discord.weather = lambda: Answer(status=chance.choice((429, 502, None)))
    yield
    discord.weather = None


@contextmanager
def frozen(broker):
    broker.signal(signal.SIGSTOP)
    yield
    broker.signal(signal.SIGCONT)


@contextmanager
def away(broker, end):
    end()
    yield
    broker.start()


def lasting(soak, trouble):
    """Return a fault that takes a while."""

    def inflict():
        with trouble():
            soak.tend_for(soak.chance.choice((SHORT_S, LONG_S)))

    return inflict


def faults(soak, broker, proxy, discord):
    """Return all kinds of faults: whom they befall, and how."""
    kinds = []
    for stage in STAGES:
        kinds += [
            (f"killed {stage}", partial(soak.victims.kill, stage)),
            (f"asked to leave {stage}", partial(soak.victims.stop, stage)),
        ]
        kinds.append((f"froze {stage}", partial(freeze, soak, stage)))
    troubles = {
        "the network is silent": proxy.silent,
        "Discord is away": discord.away,
        "Discord storms": partial(storm, discord, soak.chance),
        "the broker is frozen": partial(frozen, broker),
        "the broker was killed": partial(away, broker, broker.kill),
        "the broker was stopped": partial(away, broker, broker.stop),
    }
    kinds += [(what, lasting(soak, trouble)) for what, trouble in troubles.items()]
    return [*kinds, ("cut every connection", proxy.cut)]


def plan(kinds, minutes, chance):
    """Return a fault for each minute but the first and the last; each kind about as often."""
    bag = []
    while len(bag) < minutes - 2:
        chance.shuffle(kinds)
        bag += kinds
    return bag[: max(int(minutes) - 2, 1)]


@pytest.mark.faults
@pytest.mark.timeout(int(MINUTES * 60) + 1_200)
def test_r20_an_hour_of_faults_leaves_memory_files_and_lag_as_they_were(
    soak, broker, proxy, proxied, config, discord, history, report
):
    topics, moments = config.kafka.topics, []
    discord.limit = 5
    kinds = faults(soak, broker, proxy, discord)
    with Watcher(config.kafka, topics.global1, topics.alert, topics.delivery) as watcher:
        lags = {
            "produce": lambda: max(soak.due() - watcher.count(topics.global1), 0),
            "stream-alerts": partial(lag, config.kafka, "stream-alerts", topics.global1),
            "alert-bot": partial(lag, config.kafka, "alert-bot", topics.alert),
        }
        with Sampler(soak.pids, lags) as sampler:
            for number, (what, inflict) in enumerate(plan(kinds, MINUTES, soak.chance), start=1):
                wait_until(
                    lambda n=number: soak.tend() or sampler.now_s() > n * 60, within_s=200, what=f"minute {number}"
                )
                history.note(what)
                moments.append(sampler.now_s())
                inflict()
            wait_until(soak.tend, within_s=600, every_s=0.5, what="the end of both runs")
            lives = {who: pid for who, pid in soak.pids().items() if who.endswith(LEFT_ALONE)}
            wait_until(
                lambda: soak.tend() and not any(of_stage() for of_stage in lags.values()), within_s=300, every_s=1
            )
            soak.tend_for(SHORT_S * 2)  # one more sample of everything
        soak.victims.stop_all()
        soak.others.stop_all()

    until_s, grows = sampler.now_s(), slopes(sampler, "memory", lives, after_s=MINUTES * 60 / 6)
    more_files = slopes(sampler, "files", lives, after_s=MINUTES * 60 / 6)
    away_s = {who: longest_above_s(sampler.of("lag")[who, 0], CALM[who]) for who in lags}
    sampler.write(history.folder / "soak.csv")
    for path in filter(None, (history.folder / "soak.svg", CHART)):
        chart(Path(path), sampler, until_s, moments)
    print(f"in ten minutes: {grows} MB, {more_files} files; longest away from calm: {away_s} s")
    what = f"{MINUTES:g} min, {len(moments)} faults, memory {max(grows.values()):+.2f} MB in 10 min"
    report("R20", what, *verdicts_on(soak, config, discord), recovery_s=max(away_s.values()))
    assert watcher.faults == []
    # Who was left alone has lived all along: of one that is started again, only its last life would be measured.
    assert soak.others.gave_up == []
    assert max(away_s.values()) <= MOST_AWAY_S
    if until_s > LEAST_S:
        assert set(grows) == set(lives)
        assert [who for who, grown in grows.items() if grown >= MOST_GROWTH_MB] == []
        assert [who for who, grown in more_files.items() if grown >= MOST_MORE_FILES] == []


def chart(path, sampler, until_s, moments):
    """Draw all that was sampled, and a line for each fault."""
    titles = {"memory": "Memory, MB resident", "files": "Open files", "lag": "Lag, offsets (of produce: reports)"}
    panels = []
    for measure, title in titles.items():
        lines = defaultdict(list)
        for (who, _), points in sampler.of(measure).items():
            lines[who].append(points)
        panels.append(Panel(title, lines))
    draw(path, f"R20: {until_s / 60:.0f} min, {len(moments)} faults (dotted)", panels, until_s=until_s, marks=moments)


def verdicts_on(soak, config, discord):
    """Hold all topics and the channel against both runs."""
    first, second = (truth_of(*run) for run in soak.runs)
    topics, alert_ids = config.kafka.topics, first.alert_ids + second.alert_ids
    verdicts = []
    for topic in (topics.global1, topics.global2, topics.alert):
        of_first, others = told_apart(account_of(config, topic).order, first.reports.order)
        expected = [truth.alerts if topic == topics.alert else truth.reports for truth in (first, second)]
        verdicts += [compare(expected[0].order, of_first), compare(expected[1].order, others)]
    delivered = (record.key.decode() for record in read_all(config.kafka, topics.delivery))
    told = {"delivery": counted(alert_ids, delivered), "Discord": counted(alert_ids, discord.told().elements())}
    print(told)
    return [*verdicts, *told.values()]


def told_apart(order, ours):
    """Return what of an order is ours, and all the rest; both runs have drones of the same numbers."""
    known = {each for ids in ours.values() for each in ids}
    return tuple(
        {drone: [each for each in ids if (each in known) == wanted] for drone, ids in order.items()}
        for wanted in (True, False)
    )
