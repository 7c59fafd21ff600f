"""Each stage is killed once (kill -9) while all run together and 20,000 reports go through; then the counts agree."""

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from harmonystate.config import Config
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.local.children import Child, start_child, stop_children
from harmonystate.edges.local.process import last_lines
from tests.support.cassandra import looking_into
from tests.support.harmony import alive, run_harmony
from tests.support.kafka import read, wait_until
from tests.support.services import child_environment, write_config

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

REPORTS, ALERTS = 20_000, 1_000
STAGES = {
    "stream-alerts": ("stream-alerts",),
    "alert-bot": ("alert-bot", "--sink", "console"),
    "ingest": ("ingest",),
    "produce": ("produce", "--run", "day", "--seed", "5", "--count", str(REPORTS)),
}


@pytest.fixture
def config(config: Config) -> Config:
    """300 reports a second leave time to meet each stage in the middle, and so do small batches of ingest."""
    produce = config.produce.model_copy(update={"rate": Fraction(300)})
    spark = config.spark.model_copy(update={"max_offsets_per_trigger": 2_000})
    return config.model_copy(update={"produce": produce, "spark": spark})


@pytest.fixture
def start(config: Config, tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    """Start a stage as a child; what still runs at the end is stopped."""
    children: list[Child] = []

    def start_stage(name: str) -> Child:
        path = str(tmp_path / "harmony.yaml")
        log, cards = (tmp_path / f"{name}-{len(children)}.{kind}" for kind in ("log", "out"))
        arguments = [*STAGES[name], "--config", path]
        children.append(start_child(name, arguments, log=log, output=cards, env=child_environment()))
        return children[-1]

    yield start_stage
    stop_children(children)


def done(config: Config, group: str, topic: str) -> int:
    """Return how many offsets a group has committed; those of a run of produce count its reports."""
    return sum(offset for offset, _ in committed(config.kafka, group, topic).values())


def made(config: Config) -> int:
    return done(config, "produce-day", config.kafka.topics.global1)


def killed_and_started(child: Child, start: Callable[[str], Child]) -> Child:
    assert child.exit_code is None, last_lines(child.log)
    servers = psutil.Process(child.process.pid).children()
    os.kill(child.process.pid, signal.SIGKILL)
    assert child.process.wait() == -signal.SIGKILL
    # A batch that ingest had in hand ends first: it is written again, which does no harm.
    wait_until(lambda: not any(map(alive, servers)), within_s=300, what=f"the end of the JVM of {child.name}")
    return start(child.name)


def values(config: Config, topic: str) -> list[dict]:
    return [json.loads(record.value) for record in read(config.kafka, topic)]


def rows(config: Config) -> list[str]:
    settings = config.cassandra
    with looking_into(settings, settings.keyspace) as session:
        return [str(row.reportid) for row in session.execute("SELECT reportid FROM report")]


def in_order(reports: list[dict]) -> bool:
    """Say whether each drone's reports rise in time, read partition by partition."""
    times = defaultdict(list)
    for report in reports:
        times[report["droneId"]].append(report["time"])
    return all(of_drone == sorted(of_drone) for of_drone in times.values())


def test_each_stage_killed_once_loses_nothing_doubles_nothing_and_keeps_the_order(config, start, tmp_path):
    topics = config.kafka.topics
    sources = {"stream-alerts": topics.global1, "alert-bot": topics.alert, "ingest": topics.global2}
    assert run_harmony(write_config(config, tmp_path / "harmony.yaml"), "setup").returncode == 0

    running = {name: start(name) for name in ("ingest", "stream-alerts", "alert-bot")}
    wait_until(lambda: list(config.local.home.rglob("checkpoint/**/metadata")), within_s=300, what="ingest's query")
    running["produce"] = start("produce")
    wait_until(lambda: made(config) > REPORTS // 20, what="the first reports")
    running["produce"] = killed_and_started(running["produce"], start)
    for name, topic in sources.items():
        wait_until(
            lambda n=name, t=topic: done(config, n, t) > 0, within_s=300, what=f"a commit of {name}", every_s=0.3
        )
        running[name] = killed_and_started(running[name], start)
        # Not an assert: what the killed one had open is waited for by whoever asks what is committed.
        wait_until(
            lambda n=name, t=topic: made(config) < REPORTS or lag(config.kafka, n, t), what=f"work left for {name}"
        )

    assert running["produce"].process.wait(180) == 0, last_lines(running["produce"].log)
    for name, topic in sources.items():
        wait_until(
            lambda n=name, t=topic: lag(config.kafka, n, t) == 0, within_s=300, what=f"the end of {name}", every_s=1
        )
    assert stop_children(running.values()) == []
    assert {name: child.exit_code for name, child in running.items()} == dict.fromkeys(running, 0)

    reports, alerts, deliveries = (values(config, t) for t in (topics.global1, topics.alert, topics.delivery))
    seen = Counter(report["reportId"] for report in reports)
    sad = {r["reportId"] for r in reports if any(person["harmonyscore"] < 2 for person in r["persons"])}
    assert (len(seen), set(seen.values()), len(sad)) == (REPORTS, {1}, ALERTS)
    assert Counter(report["reportId"] for report in values(config, topics.global2)) == seen
    assert Counter(rows(config)) == seen
    assert Counter(alert["reportId"] for alert in alerts) == Counter(sad)
    assert Counter(d["alertId"] for d in deliveries) == Counter({alert["alertId"] for alert in alerts})
    assert values(config, topics.dead_letter) == []
    assert in_order(reports)
    assert in_order(alerts)
