"""Runs of produce without an end, and the end that a test gives them."""

from harmonystate.config import Config, Topics
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.local.children import Child
from tests.support.account import Truth, truth_of
from tests.support.crew import Crew
from tests.support.kafka import wait_until
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher


def ended(run: tuple[str, ...], produce: Child, crew: Crew, watcher: Watcher, topics: Topics) -> Truth:
    """End a run at a number of the test's own, wait for its last alert, and return what it must have made."""
    crew.stop(produce)
    run += ("--count", str(watcher.count(topics.global1) + 1_000))
    assert crew.wait(crew.start("produce", *run, "--run", "day"), 120) == 0
    truth = truth_of(*run)
    wait_until(lambda: watcher.count(topics.alert) >= truth.alerts.count, within_s=120, what="the last alert")
    return truth


def ended_under(supervisor: Supervisor, watcher: Watcher, config: Config, run: tuple[str, ...]) -> Truth:
    """End a run of all stages so, wait until all is delivered, ask them to leave, and return the truth."""
    topics = config.kafka.topics
    supervisor.leave("produce")
    # By what it has committed: a watcher may be behind.
    (made, _) = committed(config.kafka, "produce-day", topics.global1)[0]
    run += ("--count", str(made + 1_000))
    supervisor.start("produce", *run, "--run", "day")
    truth = truth_of(*run)
    wait_until(
        lambda: supervisor.tend() and watcher.count(topics.delivery) >= truth.alerts.count, what="the last delivery"
    )
    supervisor.stop_all()
    return truth
