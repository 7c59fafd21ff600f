"""Each stage is killed once (kill -9) while all run together and 20,000 reports or more go through; all is as printed.

The truth is what `produce --output -` prints for the same seed and start.
"""

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from harmonystate.config import Config
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.local.children import Child, start_child, stop_children
from harmonystate.edges.local.process import last_lines
from tests.support.account import is_sad, printed
from tests.support.cassandra import looking_into
from tests.support.harmony import alive, run_harmony
from tests.support.kafka import read, wait_until
from tests.support.services import child_environment, write_config

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

REPORTS = 20_000
STAGES = {
    "stream-alerts": ("stream-alerts",),
    "alert-bot": ("alert-bot", "--sink", "console"),
    "ingest": ("ingest",),
    "produce": ("produce", "--run", "day"),
}
# 500 reports a second.
RUN = ("--seed", "5", "--rate", "300/min")


@pytest.fixture
def config(config: Config) -> Config:
    """Small batches leave time to meet ingest in the middle."""
    spark = config.spark.model_copy(update={"max_offsets_per_trigger": 2_000})
    return config.model_copy(update={"spark": spark})


@pytest.fixture
def start(config: Config, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Start a stage, with options, as a child; what still runs at the end is stopped."""
    children: list[Child] = []

    def start_stage(name: str, *options: str) -> Child:
        path = str(tmp_path / "harmony.yaml")
        log, cards = (tmp_path / f"{name}-{len(children)}.{kind}" for kind in ("log", "out"))
        arguments = [*STAGES[name], *options, "--config", path]
        children.append(start_child(name, arguments, log=log, output=cards, env=child_environment()))
        return children[-1]

    yield start_stage
    stop_children(children)


def done(config: Config, group: str, topic: str) -> int:
    """Return how many offsets a group has committed; those of a run of produce count its reports."""
    return sum(offset for offset, _ in committed(config.kafka, group, topic).values())


def made(config: Config) -> int:
    return done(config, "produce-day", config.kafka.topics.global1)


def killed_and_started(child: Child, start: Callable[..., Child], *options: str) -> Child:
    assert child.exit_code is None, last_lines(child.log)
    servers = psutil.Process(child.process.pid).children()
    os.kill(child.process.pid, signal.SIGKILL)
    assert child.process.wait() == -signal.SIGKILL
    # A batch that ingest had in hand ends first: it is written again, which does no harm.
    wait_until(lambda: not any(map(alive, servers)), within_s=300, what=f"the end of the JVM of {child.name}")
    return start(child.name, *options)


def stop(children: Iterable[Child]) -> None:
    asked = list(children)
    assert stop_children(asked) == []
    assert {child.name: child.exit_code for child in asked} == dict.fromkeys((child.name for child in asked), 0)


def values(config: Config, topic: str) -> list[bytes]:
    return [record.value for record in read(config.kafka, topic)]


def ids(values: Iterable[bytes], name: str = "reportId") -> Counter[str]:
    return Counter(json.loads(value)[name] for value in values)


def rows(config: Config) -> list[str]:
    settings = config.cassandra
    with looking_into(settings, settings.keyspace) as session:
        return [str(row.reportid) for row in session.execute("SELECT reportid FROM report")]


def in_order(values: Iterable[bytes]) -> bool:
    """Say whether each drone's reports rise in time, read partition by partition."""
    times = defaultdict(list)
    for report in map(json.loads, values):
        times[report["droneId"]].append(report["time"])
    return all(of_drone == sorted(of_drone) for of_drone in times.values())


def test_each_stage_killed_once_loses_nothing_doubles_nothing_and_keeps_the_order(config, start, tmp_path):
    topics = config.kafka.topics
    sources = {"stream-alerts": topics.global1, "alert-bot": topics.alert, "ingest": topics.global2}
    assert run_harmony(write_config(config, tmp_path / "harmony.yaml"), "setup").returncode == 0

    running = {name: start(name) for name in ("ingest", "stream-alerts", "alert-bot")}
    wait_until(lambda: list(config.local.home.rglob("checkpoint/**/metadata")), within_s=300, what="ingest's query")
    run = (*RUN, "--start", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    running["produce"] = start("produce", *run)
    wait_until(lambda: made(config) > REPORTS // 20, what="the first reports")
    running["produce"] = killed_and_started(running["produce"], start, *run)
    # It goes on until all are killed, however long that takes: each has work left.
    for name, topic in sources.items():
        wait_until(
            lambda n=name, t=topic: done(config, n, t) > 0, within_s=300, what=f"a commit of {name}", every_s=0.3
        )
        running[name] = killed_and_started(running[name], start)

    stop([running["produce"]])
    run += ("--count", str(max(made(config) + 1_000, REPORTS)))
    running["produce"] = start("produce", *run)
    assert running["produce"].process.wait(180) == 0, last_lines(running["produce"].log)
    for name, topic in sources.items():
        wait_until(
            lambda n=name, t=topic: lag(config.kafka, n, t) == 0, within_s=300, what=f"the end of {name}", every_s=1
        )
    stop(running.values())

    lines = printed(*run)
    sad = ids(filter(is_sad, lines))
    reports, alerts = values(config, topics.global1), values(config, topics.alert)
    assert abs(sad.total() - len(lines) / 20) <= 1
    assert Counter(reports) == Counter(values(config, topics.global2)) == Counter(lines)
    assert Counter(rows(config)) == ids(lines)
    assert ids(alerts) == sad
    assert ids(values(config, topics.delivery), "alertId") == ids(alerts, "alertId")
    assert values(config, topics.dead_letter) == []
    assert in_order(reports)
    assert in_order(alerts)
