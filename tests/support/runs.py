"""Runs of produce without an end, and the end that a test gives them."""

from functools import partial

from harmonystate.config import Config
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.local.children import Child
from tests.support.account import Truth, truth_of
from tests.support.crew import Crew
from tests.support.kafka import wait_until
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher


def bounded(run: tuple[str, ...], produce: Child, crew: Crew, config: Config) -> tuple[str, ...]:
    """End a run at a number of the test's own, and return its options with that number."""
    crew.stop(produce)
    run += ("--count", str(_made(config) + 1_000))
    assert crew.wait(crew.start("produce", *run, "--run", "day"), 120) == 0
    return run


def ended(run: tuple[str, ...], produce: Child, crew: Crew, watcher: Watcher, config: Config) -> Truth:
    """End a run so, wait for its last alert, and return what it must have made."""
    truth, alert = truth_of(*bounded(run, produce, crew, config)), config.kafka.topics.alert
    wait_until(lambda: watcher.count(alert) >= truth.alerts.count, within_s=120, what="the last alert")
    return truth


def ended_under(supervisor: Supervisor, watcher: Watcher, config: Config, run: tuple[str, ...]) -> Truth:
    """End a run of all stages so, wait until all is delivered, ask them to leave, and return the truth."""
    # A Python that has not come to `main` yet would die of being asked to leave.
    at_work = partial(supervisor.is_at_work, "produce", watcher, config.kafka.topics.global1)
    wait_until(at_work, what="reports of produce")
    supervisor.leave("produce")
    run += ("--count", str(_made(config) + 1_000))
    supervisor.start("produce", *run, "--run", "day")
    truth = truth_of(*run)
    delivery = config.kafka.topics.delivery
    wait_until(lambda: supervisor.tend() and watcher.count(delivery) >= truth.alerts.count, what="the last delivery")
    supervisor.stop_all()
    return truth


def _made(config: Config) -> int:
    """Return how many reports a run has committed: a watcher may be behind."""
    (made, _) = committed(config.kafka, "produce-day", config.kafka.topics.global1)[0]
    return made
